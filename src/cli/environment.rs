//! The environment, and the `.env` file under it.

use std::collections::{BTreeMap, HashMap};
use std::io::ErrorKind;

/// Variables: the process's own first, then those of `.env` in the working directory.
#[derive(Debug, Default)]
pub struct Environment {
    file: HashMap<String, String>,
    /// Why the file could not be read, if that is so.
    pub unreadable: Option<String>,
}

impl Environment {
    /// The environment of this process.
    pub fn read() -> Self {
        let (text, unreadable) = match std::fs::read_to_string(".env") {
            Ok(text) => (text, None),
            // A folder of that name is Python's.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::IsADirectory) => Default::default(),
            Err(error) => (String::new(), Some(error.to_string())),
        };
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        Environment { file: text.lines().filter_map(assignment).collect(), unreadable }
    }

    /// The variable's value, unless it is not set or empty.
    #[allow(clippy::disallowed_methods)]
    pub fn get(&self, name: &str) -> Option<String> {
        let own = std::env::var(name).ok();
        own.or_else(|| self.file.get(name).cloned()).filter(|value| !value.is_empty())
    }

    /// Every variable whose name and value are text.
    #[allow(clippy::disallowed_methods)]
    pub fn all(&self) -> BTreeMap<String, String> {
        let own =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        self.file.clone().into_iter().chain(own).collect()
    }
}

/// `NAME=value`, with `export` before it and quotes around the value or not.
fn assignment(line: &str) -> Option<(String, String)> {
    let line = line.trim();
    let line = line.strip_prefix("export ").unwrap_or(line).trim_start();
    let (name, value) = line.split_once('=')?;
    let name = name.trim();
    if name.is_empty() || name.starts_with('#') {
        return None;
    }
    let value = value.trim();
    let quoted =
        |quote: char| value.strip_prefix(quote).and_then(|rest| rest.split_once(quote)).map(|(inner, _)| inner);
    let value =
        quoted('"').or_else(|| quoted('\'')).unwrap_or_else(|| value.split(" #").next().unwrap_or(value).trim_end());
    Some((name.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_file() {
        let read = |line| assignment(line).map(|(name, value)| format!("{name}:{value}"));
        assert_eq!(read("A=b"), Some("A:b".to_owned()));
        assert_eq!(read("export A=\"b c\" # note"), Some("A:b c".to_owned()));
        assert_eq!(read("A=b # note"), Some("A:b".to_owned()));
        assert_eq!(read("A='x=y'"), Some("A:x=y".to_owned()));
        assert_eq!(read("# A=b"), None);
        assert_eq!(read("nothing"), None);
    }
}
