//! Edits of scripts, carried over into the bytes of their files: what is not edited stays as it is, line ends and byte
//! order mark included.

use std::fs;
use std::path::Path;

use super::Error;
use crate::migration::{Script, normalise};
use crate::sql::Span;

/// A file before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewritten {
    /// What it said.
    pub before: String,
    /// What it is to say.
    pub after: String,
}

/// A file with edits of the scripts that were read from it.
///
/// # Errors
///
/// When it cannot be read, or does not say literally what was read from it.
pub fn rewrite(path: &Path, scripts: &[(&Script, &[(Span, String)])]) -> Result<Rewritten, Error> {
    let bytes = fs::read(path).map_err(|source| Error::Unreadable { path: path.to_owned(), source })?;
    let before = String::from_utf8(bytes).map_err(|_| Error::NotAsRead { path: path.to_owned() })?;
    let after = edited(&before, scripts).ok_or_else(|| Error::NotAsRead { path: path.to_owned() })?;
    Ok(Rewritten { before, after })
}

/// The file's text with the edits in it; none if a script is not in it.
fn edited(raw: &str, scripts: &[(&Script, &[(Span, String)])]) -> Option<String> {
    let text = normalise(raw);
    let lines = Lines::of(raw);
    let mut edits: Vec<(usize, usize, String)> = Vec::new();
    for (script, of_script) in scripts {
        let start = place(&text, script)?;
        for (span, replacement) in *of_script {
            let (from, to) = (lines.raw(start + span.start), lines.raw(start + span.end));
            let replacement = if lines.windows { replacement.replace('\n', "\r\n") } else { replacement.clone() };
            edits.push((from, to, replacement));
        }
    }
    edits.sort();
    let mut edited = String::with_capacity(raw.len());
    let mut copied = 0;
    for (from, to, replacement) in edits {
        edited.push_str(raw.get(copied..from)?);
        edited.push_str(&replacement);
        copied = to;
    }
    edited.push_str(raw.get(copied..)?);
    Some(edited)
}

/// Where a script begins in its file's normalised text.
fn place(text: &str, script: &Script) -> Option<usize> {
    let mut line = 0;
    for _ in 1..script.first_line {
        line += text[line..].find('\n')? + 1;
    }
    // A section may begin behind its mark, on the same line.
    let end = text[line..].find('\n').map_or(text.len(), |end| line + end);
    (line..=end).find(|at| text.get(*at..).is_some_and(|rest| rest.starts_with(&*script.text)))
}

/// How places in a normalised text lead to those in the text as it is.
struct Lines {
    /// The length of the byte order mark.
    mark: usize,
    /// The places, in the normalised text, of line feeds that stand for two characters.
    pairs: Vec<usize>,
    /// Whether most line ends are such.
    windows: bool,
}

impl Lines {
    fn of(raw: &str) -> Self {
        let text = raw.strip_prefix('\u{feff}').unwrap_or(raw);
        let pairs: Vec<usize> = text.match_indices("\r\n").enumerate().map(|(before, (at, _))| at - before).collect();
        let all = text.matches('\n').count();
        Lines { mark: raw.len() - text.len(), windows: pairs.len() * 2 > all, pairs }
    }

    fn raw(&self, place: usize) -> usize {
        self.mark + place + self.pairs.partition_point(|pair| *pair < place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(raw: &str, script: &Script, edits: &[(usize, usize, &str)]) -> Option<String> {
        let edits: Vec<(Span, String)> =
            edits.iter().map(|(from, to, text)| (Span::new(*from, *to), (*text).to_owned())).collect();
        edited(raw, &[(script, &edits)])
    }

    #[test]
    fn what_is_not_edited_stays_byte_for_byte() {
        let raw = "\u{feff}select 1;\r\nselect 2;\r\n\r\nselect 3;\n";
        let script = Script::new("a.sql", raw);
        assert_eq!(rewritten(raw, &script, &[]).unwrap(), raw);
        assert_eq!(
            rewritten(raw, &script, &[(0, 0, "-- a\n"), (10, 20, ""), (28, 29, "4")]).unwrap(),
            "\u{feff}-- a\r\nselect 1;\r\n\r\nselect 4;\n"
        );
        // A carriage return alone ends a line, too.
        let old = "select 1;\rselect 2;\r";
        assert_eq!(rewritten(old, &Script::new("a.sql", old), &[(17, 18, "3")]).unwrap(), "select 1;\rselect 3;\r");
    }

    #[test]
    fn sections_are_found_where_they_begin() {
        let raw = "-- +goose Up\r\nselect 1;\r\n-- +goose Down\r\nselect 1;\r\n";
        let down = Script::section("a.sql", "select 1;\n", 4);
        assert_eq!(
            rewritten(raw, &down, &[(7, 8, "2")]).unwrap(),
            "-- +goose Up\r\nselect 1;\r\n-- +goose Down\r\nselect 2;\r\n"
        );
        let other = Script::section("a.sql", "select ${x};\n", 2);
        assert_eq!(rewritten(raw, &other, &[(0, 0, "x")]), None);
    }
}
