//! The few lines of a script that are worth showing, harmless and never long.

use std::ops::Range;

use crate::report::sanitize::{is_harmful, secret_literals};
use crate::sql::Span;

/// How much of a line is shown before the place that matters.
const BEFORE: usize = 80;
/// How much of a line is shown from there on.
const AFTER: usize = 160;
/// How many lines are shown.
const LINES: usize = 30;

/// A part of a script as it may be shown.
#[derive(Debug)]
pub(super) struct Excerpt {
    pub text: String,
    /// The spans that were asked for, as far as they are shown.
    pub marks: Vec<Range<usize>>,
    /// Whether they are shown whole.
    pub whole: bool,
}

impl Excerpt {
    /// The lines of these spans, which are ordered, without more of the text than can be read at a glance. Only that much
    /// of the text is looked at, however long it is.
    pub fn of(text: &str, spans: &[Span]) -> Self {
        let first = spans.first().map_or(0, |span| span.start);
        let last = spans.iter().map(|span| span.end).max().unwrap_or(first);
        let earliest = text.floor_char_boundary(first.saturating_sub(BEFORE));
        let line = text[earliest..first].rfind('\n').map(|at| earliest + at + 1);
        let from = line.unwrap_or(earliest);
        let (to, ends) = end(text, from, first, last);
        let mut excerpt = Excerpt { text: String::new(), marks: Vec::new(), whole: last <= to };
        let secrets = secret_literals(&text[from..to]);
        let mut borders: Vec<usize> = Vec::with_capacity(2 * spans.len());
        borders.extend(spans.iter().flat_map(|span| [span.start.min(to), span.end.min(to)]));
        let mut shown = vec![0; borders.len()];
        if line.is_none() && from > 0 {
            excerpt.text.push('…');
        }
        for (at, c) in text[from..to].char_indices() {
            note(&borders, from + at, excerpt.text.len(), &mut shown);
            match c {
                _ if secrets.iter().any(|literal| literal.start == at && at < literal.end) => {
                    excerpt.text.push_str("***")
                }
                _ if secrets.iter().any(|literal| literal.contains(&at)) => {}
                _ if is_harmful(c) => excerpt.text.extend(c.escape_unicode()),
                _ => excerpt.text.push(c),
            }
        }
        note(&borders, to, excerpt.text.len(), &mut shown);
        if !ends {
            excerpt.text.push('…');
        }
        excerpt.marks = shown.chunks(2).map(|pair| pair[0]..pair[1]).collect();
        excerpt
    }
}

/// Where showing stops, and whether a line ends there.
fn end(text: &str, from: usize, first: usize, last: usize) -> (usize, bool) {
    let mut line = from;
    for _ in 0..LINES {
        let latest = text.floor_char_boundary((line.max(first) + AFTER).min(text.len()));
        let end = match text[line..latest].find('\n') {
            Some(at) => line + at,
            None if latest == text.len() => return (latest, true),
            None => return (latest, false),
        };
        if last <= end {
            return (end, true);
        }
        line = end + 1;
    }
    (line - 1, true)
}

/// Notes where the borders that are at this place of the script are in the excerpt.
fn note(borders: &[usize], place: usize, shown_at: usize, shown: &mut [usize]) {
    for (border, shown) in borders.iter().zip(shown) {
        if *border == place {
            *shown = shown_at;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, span: Range<usize>) -> (String, String, bool) {
        let excerpt = Excerpt::of(text, &[Span::new(span.start, span.end)]);
        (excerpt.text.clone(), excerpt.text[excerpt.marks[0].clone()].to_owned(), excerpt.whole)
    }

    #[test]
    fn lines_are_shown_whole() {
        assert_eq!(shown("a\nbcd\ne", 3..4), ("bcd".to_owned(), "c".to_owned(), true));
        assert_eq!(shown("a\nbcd\ne", 3..7), ("bcd\ne".to_owned(), "cd\ne".to_owned(), true));
        assert_eq!(shown("a\n", 2..2), (String::new(), String::new(), true));
    }

    #[test]
    fn long_lines_and_long_spans_are_cut() {
        let text = format!("{}here{}", "é".repeat(1000), "x".repeat(1000));
        let (shown_text, mark, whole) = shown(&text, 2000..2004);
        assert_eq!(mark, "here");
        assert!(whole && shown_text.starts_with("…é") && shown_text.ends_with("x…") && shown_text.len() < 300);
        let (_, mark, whole) = shown(&text, 2000..3000);
        assert!(!whole && mark.len() <= AFTER);
        let (lines, _, whole) = shown(&"a\n".repeat(1000), 0..2000);
        assert!(!whole && lines.lines().count() == LINES);
    }

    #[test]
    fn marks_move_with_what_is_written_out_and_secrets_are_hidden() {
        let (text, mark, _) = shown("\u{1b}[2Jtable\u{202e}", 4..9);
        assert_eq!((text.as_str(), mark.as_str()), ("\\u{1b}[2Jtable\\u{202e}", "table"));
        let (text, mark, _) = shown("create role a password 'pässword' login", 35..40);
        assert_eq!((text.as_str(), mark.as_str()), ("create role a password '***' login", "login"));
    }
}
