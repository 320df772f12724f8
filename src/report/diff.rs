//! The difference of a file, as patches have it. It is styled; whoever writes to a pipe strips that.

use std::path::Path;

use anstyle::{AnsiColor, Style};
use similar::{Algorithm, ChangeTag, TextDiff};

use super::sanitize::{sanitize, sanitize_line};

const OLD: Style = AnsiColor::Red.on_default();
const NEW: Style = AnsiColor::Green.on_default();
const HEAD: Style = Style::new().bold();

/// The unified difference of a file that is changed, or of one that is new.
pub fn unified(path: &Path, before: Option<&str>, after: &str) -> String {
    let name = sanitize_line(&path.display().to_string()).into_owned();
    let name = name.strip_prefix("./").unwrap_or(&name);
    let old = if before.is_some() { format!("a/{name}") } else { "/dev/null".to_owned() };
    let mut text = format!("{HEAD}--- {old}{HEAD:#}\n{HEAD}+++ b/{name}{HEAD:#}\n");
    let diff = TextDiff::configure().algorithm(Algorithm::Patience).diff_lines(before.unwrap_or_default(), after);
    for hunk in diff.unified_diff().context_radius(3).iter_hunks() {
        text += &format!("{}\n", hunk.header());
        for change in hunk.iter_changes() {
            let (sign, style) = match change.tag() {
                ChangeTag::Delete => ('-', OLD),
                ChangeTag::Insert => ('+', NEW),
                ChangeTag::Equal => (' ', Style::new()),
            };
            let line = change.value().trim_end_matches('\n');
            // The carriage return of a line end is part of the line.
            let line = sanitize(line.strip_suffix('\r').unwrap_or(line));
            text += &format!("{style}{sign}{line}{style:#}\n");
            if change.missing_newline() {
                text += "\\ No newline at end of file\n";
            }
        }
    }
    text
}
