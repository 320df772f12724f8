//! Where a configuration file says what it says.

use std::path::Path;

use toml::de::{DeTable, DeValue};

/// The text of a configuration, and what its file is called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    file: String,
    text: String,
}

impl Source {
    pub(super) fn new(file: &Path, text: &str) -> Self {
        Source { file: file.display().to_string(), text: text.to_owned() }
    }

    /// The file and the line of a place in the text.
    pub(super) fn line(&self, at: usize) -> String {
        format!("{}:{}", self.file, self.text[..at].matches('\n').count() + 1)
    }

    /// The file and the line of the last of these keys, each inside the one before it; of the nearest outer one that the
    /// file has, if it does not have that.
    pub(super) fn place_of<'k>(&self, keys: impl IntoIterator<Item = &'k str>) -> Option<String> {
        let document = DeTable::parse(&self.text).ok()?;
        let mut table = Some(document.get_ref());
        let mut place = None;
        for key in keys {
            let found = table.and_then(|table| table.iter().find(|(name, _)| name.get_ref() == key));
            let Some((name, value)) = found else { break };
            place = Some(self.line(name.span().start));
            table = match value.get_ref() {
                DeValue::Table(inner) => Some(inner),
                _ => None,
            };
        }
        place
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_however_they_are_written() {
        let source = |text| Source::new(Path::new("m.toml"), text);
        let place = |text, keys: &[&str]| source(text).place_of(keys.iter().copied());
        let table = "dir = \"a\"\n\n[lint.rules]\nb = \"on\"\na = \"off\"\n";
        assert_eq!(place(table, &["lint", "rules", "a"]).as_deref(), Some("m.toml:5"));
        assert_eq!(place(table, &["lint", "rules", "c"]).as_deref(), Some("m.toml:3"));
        assert_eq!(place(table, &["run"]), None);
        let inline = "[lint]\nrules = {\n  \"a\" = \"off\" }\nrules2.a = 1";
        assert_eq!(place(inline, &["lint", "rules", "a"]).as_deref(), Some("m.toml:3"));
        assert_eq!(place("lint.rules.a = \"x\"", &["lint", "rules", "a"]).as_deref(), Some("m.toml:1"));
        assert_eq!(place("not toml", &["a"]), None);
    }
}
