//! golang-migrate's way of writing the command line, which has the same name: `-path DIR -database URL up 2`.

use std::ffi::OsString;

/// The arguments with golang-migrate's single-dash words written as ours.
pub fn modern(words: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut made: Vec<OsString> = Vec::new();
    let mut words = words.peekable();
    while let Some(word) = words.next() {
        let folder = made.last().is_some_and(|last| last == "--dir");
        let ours = match word.to_str() {
            // It reads ahead, which has no meaning here.
            Some("-prefetch" | "--prefetch") => {
                words.next_if(|next| next.to_str().is_some_and(|next| next.parse::<u64>().is_ok()));
                continue;
            }
            Some(word) if word.starts_with("-prefetch=") || word.starts_with("--prefetch=") => continue,
            Some(url) if folder && url.starts_with(FILE) => Some(url[FILE.len()..].to_owned()),
            Some(word) => translate(word),
            None => None,
        };
        made.push(ours.map_or(word, OsString::from));
    }
    made
}

/// How golang-migrate's sources begin.
const FILE: &str = "file://";

fn translate(word: &str) -> Option<String> {
    let rest = word.strip_prefix('-').filter(|rest| !rest.starts_with('-'))?;
    let (name, value) = match rest.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (rest, None),
    };
    let ours = match name {
        "path" | "source" | "dir" => "--dir",
        "database" => "--database-url",
        "verbose" => "--verbose",
        "version" => "--version",
        "help" => "--help",
        "all" => "--all",
        "ext" => "--ext",
        "seq" => "--seq",
        "digits" => "--digits",
        // A number of seconds, as a time without a unit is here.
        "lock-timeout" => "--lock-wait",
        _ => return None,
    };
    Some(match value {
        Some(value) => format!("{ours}={}", value.strip_prefix(FILE).unwrap_or(value)),
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
        let given = ["migrate", "-source", "file://m", "down", "-all"];
        assert_eq!(modern(given.into_iter().map(OsString::from)), ["migrate", "--dir", "m", "down", "--all"]);
        let given = ["migrate", "-prefetch", "5", "-prefetch=6", "-lock-timeout", "5", "up", "-prefetch", "up"];
        assert_eq!(modern(given.into_iter().map(OsString::from)), ["migrate", "--lock-wait", "5", "up", "up"]);
        let given = ["migrate", "create", "-seq", "-digits", "6"];
        assert_eq!(modern(given.into_iter().map(OsString::from)), ["migrate", "create", "--seq", "--digits", "6"]);
    }
}
