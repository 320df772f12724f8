//! golang-migrate's way of writing the command line, which has the same name: `-path DIR -database URL up 2`.

use std::ffi::OsString;

/// The arguments with golang-migrate's single-dash words written as ours.
pub fn modern(words: impl Iterator<Item = OsString>) -> Vec<OsString> {
    words.map(|word| word.to_str().and_then(translate).map_or_else(|| word.clone(), OsString::from)).collect()
}

fn translate(word: &str) -> Option<String> {
    let rest = word.strip_prefix('-').filter(|rest| !rest.starts_with('-'))?;
    let (name, value) = match rest.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (rest, None),
    };
    let ours = match name {
        "path" | "source" => "--dir",
        "database" => "--database-url",
        "verbose" => "--verbose",
        "version" => "--version",
        "help" => "--help",
        "lock-timeout" => "--lock-wait",
        _ => return None,
    };
    Some(match value {
        Some(value) => format!("{ours}={}", value.strip_prefix("file://").unwrap_or(value)),
        None => ours.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_dash_words_are_ours() {
        let given = ["migrate", "-path", "m", "-database=postgres://x", "up", "2", "-v", "--dir", "-source=file://m"];
        let made = modern(given.into_iter().map(OsString::from));
        assert_eq!(made, ["migrate", "--dir", "m", "--database-url=postgres://x", "up", "2", "-v", "--dir", "--dir=m"]);
    }
}
