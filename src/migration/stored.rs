//! Scripts as the history stores them: with what their layout knew of them, so that they can be run without it.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::path::PathBuf;

use super::{Checksum, Directive, OuterTransaction, Script};
use crate::sql::Span;

/// What the first line of a stored script begins with when the text alone does not say how it runs.
const HEAD: &str = "-- stored by migrate:";

/// What the word begins with that says what the text is that runs, where the checksum is of the text as written.
const FILLED: &str = "filled-";

/// The conventions without which a script would run otherwise than it did.
const WORDS: &[(&str, Directive)] =
    &[("no-transaction", Directive::NoTransaction), ("no-transaction-if-none-can", Directive::NoTransactionIfNoneCan)];

impl Script {
    /// The text to be stored. The marks of other tools mean nothing without their layout, so that a first line says
    /// what they meant.
    pub fn stored(&self) -> Cow<'_, str> {
        let asks = |wanted: &Directive| self.conventions.iter().any(|(_, directive)| directive == wanted);
        let words: Vec<&str> = WORDS.iter().filter(|(_, wanted)| asks(wanted)).map(|(word, _)| *word).collect();
        let filled = Checksum::of_bytes(self.text.as_bytes());
        let is_as_written = filled == self.checksum;
        if words.is_empty() && self.blocks.is_empty() && is_as_written && !self.text.starts_with(HEAD) {
            return Cow::Borrowed(&self.text);
        }
        let mut stored = HEAD.to_owned();
        for word in words {
            let _ = write!(stored, " {word}");
        }
        for block in &self.blocks {
            let _ = write!(stored, " {}-{}", block.start, block.end);
        }
        if !is_as_written {
            let _ = write!(stored, " {FILLED}{filled}");
        }
        stored.push('\n');
        stored.push_str(&self.text);
        Cow::Owned(stored)
    }

    /// Whether a stored text is the one that was stored, given the checksum recorded with it.
    pub fn is_as_stored(stored: &str, checksum: Option<&str>) -> bool {
        let Some(recorded) = checksum else { return false };
        let (words, text) = head(stored).unwrap_or(("", stored));
        let found = Checksum::of(text);
        let filled = words.split_whitespace().find_map(|word| word.strip_prefix(FILLED));
        found.is_written(filled.unwrap_or(recorded))
    }

    /// The script that was stored. A pair of `BEGIN` and `COMMIT` around it is its transaction: no author is asked to
    /// mend what was accepted once.
    pub fn restored(path: impl Into<PathBuf>, stored: &str) -> Self {
        let (words, text) = head(stored).unwrap_or(("", stored));
        let mut script = Script::new(path, text);
        script.outer_transaction = OuterTransaction::Merged;
        for word in words.split_whitespace() {
            match word.split_once('-').map(|(start, end)| (start.parse(), end.parse())) {
                Some((Ok(start), Ok(end))) if start <= end && script.text.get(start..end).is_some() => {
                    script.blocks.push(Span::new(start, end));
                }
                _ => {
                    let known = WORDS.iter().find(|(known, _)| *known == word);
                    script.conventions.extend(known.map(|(_, directive)| (Span::default(), directive.clone())));
                }
            }
        }
        script
    }
}

/// The words of the first line, and the text behind it.
fn head(stored: &str) -> Option<(&str, &str)> {
    stored.strip_prefix(HEAD)?.split_once('\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_stored_comes_back_as_it_was() {
        let plain = Script::new("a.sql", "select 1;");
        assert_eq!(plain.stored(), "select 1;");
        let mut marked = Script::new("a.sql", "select 1; select é;\n");
        marked.conventions.push((Span::default(), Directive::NoTransaction));
        marked.blocks = vec![Span::new(0, 9), Span::new(10, 20)];
        assert_eq!(marked.stored(), "-- stored by migrate: no-transaction 0-9 10-20\nselect 1; select é;\n");
        for script in [plain, marked, Script::new("a.sql", "-- stored by migrate: no-transaction\nselect 1")] {
            let back = Script::restored("history:1", &script.stored());
            assert_eq!((&back.text, &back.blocks), (&script.text, &script.blocks));
            assert_eq!((back.checksum, &back.conventions), (script.checksum, &script.conventions));
        }
    }

    #[test]
    fn what_was_changed_since_is_told_from_what_was_stored() {
        let plain = Script::new("a.sql", "drop table a;");
        let mut marked = Script::new("a.sql", "-- stored by migrate: no-transaction\ndrop table a;");
        marked.blocks = vec![Span::new(0, 9)];
        let mut filled = Script::new("a.sql", "drop table a;");
        filled.checksum = Checksum::of("drop table ${name};");
        for script in [plain, marked, filled] {
            let (stored, checksum) = (script.stored(), script.checksum.to_string());
            assert!(Script::is_as_stored(&stored, Some(&checksum)), "{stored}");
            assert!(!Script::is_as_stored(&stored.replace("table a", "table b"), Some(&checksum)), "{stored}");
            assert!(!Script::is_as_stored(&stored, None));
            assert_eq!(Script::restored("history:1", &stored).text, script.text);
        }
    }
}
