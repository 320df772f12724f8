//! The difference of a file, as patches have it. It is styled; whoever writes to a pipe strips that.

use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use similar::{Algorithm, ChangeTag, TextDiff};

use super::sanitize::{redact_sql, sanitize, sanitize_line};
use crate::migrator::Difference;
use crate::plan::Direction;

const OLD: Style = AnsiColor::Red.on_default();
const NEW: Style = AnsiColor::Green.on_default();
const HEAD: Style = Style::new().bold();
const FAINT: Style = Style::new().dimmed();
/// How long it may take to find a small difference; after that it is a large one.
const PATIENCE: Duration = Duration::from_millis(500);

/// How an edited script differs from what was stored.
///
/// # Errors
///
/// When the output cannot be written.
pub fn write_difference(difference: &Difference, out: &mut dyn Write) -> io::Result<()> {
    let Some(stored) = &difference.stored else {
        return writeln!(out, "  the history did not store its text, so that the difference cannot be shown");
    };
    let was = match difference.direction {
        Direction::Up => "applied",
        Direction::Down => "stored",
    };
    writeln!(out, "  --- {was}\n  +++ {}", sanitize(&difference.path.display().to_string()))?;
    let difference = TextDiff::configure().timeout(PATIENCE).diff_lines(stored, &difference.file);
    for hunk in difference.unified_diff().context_radius(2).iter_hunks() {
        writeln!(out, "  {FAINT}{}{FAINT:#}", hunk.header())?;
        for change in hunk.iter_changes() {
            let (sign, style) = match change.tag() {
                ChangeTag::Delete => ("-", OLD),
                ChangeTag::Insert => ("+", NEW),
                ChangeTag::Equal => (" ", Style::new()),
            };
            let line = change.value().trim_end_matches('\n');
            writeln!(out, "  {style}{sign}{}{style:#}", sanitize(&redact_sql(line)))?;
        }
    }
    Ok(())
}

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
