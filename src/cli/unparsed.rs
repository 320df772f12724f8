//! What is said of a command line that cannot be understood.

use std::ffi::OsString;

use coexist::databases::Secret;
use coexist::report;

use super::exit::Failure;
use super::terminal::Terminal;

/// Tells why these words are no command, in the format that they ask for.
pub fn tell(words: &[OsString], error: &clap::Error) {
    let words: Vec<&str> = words.iter().skip(1).filter_map(|word| word.to_str()).collect();
    let json = wants_json(&words);
    let mut terminal = Terminal::unparsed(json);
    // An address may stand where none is expected, and what is not expected is repeated.
    let secrets: Vec<Secret> = words.iter().flat_map(|word| passwords(word)).collect();
    terminal.keep_secret(secrets.iter());
    match json {
        true => terminal.failure(&failure(error)),
        false => terminal.styled(&error.render()),
    }
}

/// Whether results and errors are for programs. What is no format is for people, who mistyped it.
fn wants_json(words: &[&str]) -> bool {
    let mut format = None;
    let mut words = words.iter().take_while(|word| **word != "--");
    while let Some(word) = words.next() {
        match word.strip_prefix("--format") {
            Some("") => format = words.next().copied().or(format),
            Some(rest) => format = rest.strip_prefix('=').or(format),
            None => {}
        }
    }
    let Some(format) = format else { return false };
    let of_findings = || report::findings::ALL.iter().any(|known| known.name() == format);
    report::find(format).map_or_else(|| format != "human" && of_findings(), |known| !known.is_for_people())
}

/// Clap's words, sorted into ours.
fn failure(error: &clap::Error) -> Failure {
    let text = error.render().to_string();
    let (first, rest) = text.split_once("\n\n").unwrap_or((&text, ""));
    let message: Vec<&str> = first.lines().map(str::trim).collect();
    let message = message.join(" ");
    let lines = || rest.lines().map(str::trim).filter(|line| !line.is_empty());
    let tips: Vec<&str> = lines().filter_map(|line| line.strip_prefix("tip: ")).collect();
    let more: Vec<&str> = lines().filter(|line| !line.starts_with("tip: ")).collect();
    let (last, details) = more.split_last().unwrap_or((&"", &[]));
    let hint = if tips.is_empty() { (*last).to_owned() } else { tips.join("; ") };
    Failure {
        details: details.iter().map(|line| (*line).to_owned()).collect(),
        ..Failure::usage(message.strip_prefix("error: ").unwrap_or(&message), (!hint.is_empty()).then_some(hint))
    }
}

/// The passwords in a word that is, or holds, an address.
fn passwords(word: &str) -> Vec<Secret> {
    let address = word.split_once("://").map(|(_, address)| address);
    let login = address.and_then(|address| address.rsplit_once('@')?.0.split_once(':'));
    let parameters = word.split(['?', '&', ' ']).filter_map(|parameter| parameter.split_once("password="));
    login.into_iter().chain(parameters).map(|(_, password)| Secret::new(password)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_is_found_as_it_was_typed() {
        for json in [
            &["up", "--format", "json"][..],
            &["--format=json", "up"],
            &["--format=text", "--format=json"],
            &["lint", "--format=sarif"],
        ] {
            assert!(wants_json(json), "{json:?}");
        }
        for text in [
            &["up"][..],
            &["--format=text"],
            &["--format"],
            &["--format=xml"],
            &["new", "--", "--format=json"],
            &["--format=human"],
            &["--formatter=json"],
        ] {
            assert!(!wants_json(text), "{text:?}");
        }
    }

    #[test]
    fn passwords_are_found_wherever_an_address_stands() {
        let found = |word: &str| passwords(word).iter().map(|secret| secret.expose().to_owned()).collect::<Vec<_>>();
        assert_eq!(found("--port=postgres://ann:s@cret/x@host/d"), ["s@cret/x"]);
        assert_eq!(found("mysql://host/d?user=ann&password=secret&x=1"), ["secret"]);
        assert_eq!(found("host=db password=secret user=ann"), ["secret"]);
        assert_eq!(found("ann:secret@host"), [""; 0]);
    }
}
