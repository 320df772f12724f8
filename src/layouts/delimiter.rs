//! Terminators other than the semicolon, as some tools let a file choose: the text with semicolons in their place.
//!
//! What is left is plain SQL that needs no memory of the tool's option, in the folder as in the history. Semicolons inside
//! statements stay as they are; bodies of routines are the splitter's business.

/// The text with semicolons in the place of this terminator, on the same lines. In strings, quoted names, dollar quotes
/// and comments it does not count; a slash or a word counts only where it has a line to itself.
pub(super) fn with_semicolons(text: &str, delimiter: &str) -> String {
    if delimiter == ";" || delimiter.is_empty() {
        return text.to_owned();
    }
    let own_line = delimiter == "/" || delimiter.chars().all(|c| c.is_ascii_alphabetic());
    let mut out = String::with_capacity(text.len() + 16);
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        if own_line && has_line_to_itself(text, at, delimiter) || !own_line && rest.starts_with(delimiter) {
            out.extend(delimiter.chars().filter(|c| *c == '\n'));
            out.push(';');
            at += delimiter.len();
            continue;
        }
        let length = skipped(rest).unwrap_or_else(|| rest.chars().next().map_or(1, char::len_utf8));
        out.push_str(&rest[..length]);
        at += length;
    }
    out
}

fn has_line_to_itself(text: &str, at: usize, word: &str) -> bool {
    let Some(found) = text.get(at..at + word.len()) else { return false };
    // No further than to the next word: a line may be as long as the file.
    let blank = |c: char| c.is_whitespace() && c != '\n';
    let before = || text[..at].trim_end_matches(blank);
    let after = || text[at + word.len()..].trim_start_matches(blank);
    let starts = |rest: &str| rest.is_empty() || rest.starts_with('\n');
    found.eq_ignore_ascii_case(word) && (before().is_empty() || before().ends_with('\n')) && starts(after())
}

/// How many bytes a string, a quoted name, a dollar quote or a comment takes that begins here.
fn skipped(rest: &str) -> Option<usize> {
    let to = |end: &str, from: usize| rest[from..].find(end).map_or(rest.len(), |found| from + found + end.len());
    match rest.as_bytes() {
        [b'\'' | b'"' | b'`', ..] => Some(quoted(rest)),
        [b'-', b'-', ..] => Some(rest.find('\n').unwrap_or(rest.len())),
        [b'/', b'*', ..] => Some(to("*/", 2)),
        [b'$', ..] => {
            let tag = &rest[..rest[1..].find('$')? + 2];
            let is_tag = tag[1..tag.len() - 1].chars().all(|c| c.is_alphanumeric() || c == '_');
            // Two dollars are a terminator as often as a quote; a quote has its end.
            let closes = || rest[tag.len()..].contains(tag);
            (is_tag && closes()).then(|| to(tag, tag.len()))
        }
        _ => None,
    }
}

/// A quote doubled is a quote in the text; a backslash before one is, too, where the text ends otherwise.
fn quoted(rest: &str) -> usize {
    let quote = rest.as_bytes()[0];
    let mut at = 1;
    while at < rest.len() {
        match rest.as_bytes()[at] {
            b'\\' if rest.as_bytes().get(at + 1) == Some(&quote) => at += 2,
            byte if byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::with_semicolons;

    #[test]
    fn terminators_become_semicolons_on_the_same_lines() {
        assert_eq!(with_semicolons("select 1//\nselect '//' //", "//"), "select 1;\nselect '//' ;");
        assert_eq!(with_semicolons("select 4 / 2\n/\nselect 1\n/", "/"), "select 4 / 2\n;\nselect 1\n;");
        assert_eq!(with_semicolons("select go\nGO\nselect 1\n", "go"), "select go\n;\nselect 1\n");
        assert_eq!(with_semicolons("a -- one\n\n\nb", "\n\n\n"), "a -- one\n\n\n;b");
        assert_eq!(with_semicolons("-- a // b\n/* // */ x //", "//"), "-- a // b\n/* // */ x ;");
        assert_eq!(with_semicolons("select 'it\\'s //' //", "//"), "select 'it\\'s //' ;");
    }

    /// A line as long as a file may be is looked at once.
    #[test]
    fn lines_may_be_long() {
        let text = format!("select {}1\ngo\nselect 2", "1 / ".repeat(1 << 20));
        for word in ["/", "go", "select"] {
            let semicolons = with_semicolons(&text, word).matches(';').count();
            assert_eq!(semicolons, usize::from(word == "go"), "{word}");
        }
    }

    #[test]
    fn dollars_are_quotes_where_they_close() {
        assert_eq!(with_semicolons("as $f$ a // b $f$ //", "//"), "as $f$ a // b $f$ ;");
        assert_eq!(with_semicolons("begin end $$", "$$"), "begin end ;");
    }
}
