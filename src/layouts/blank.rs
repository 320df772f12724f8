//! Whether a script says nothing at all, whatever its database.

/// Whether a text consists of blanks, comments and semicolons.
pub(super) fn is_blank(text: &str) -> bool {
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ';');
        if rest.is_empty() {
            return true;
        }
        // Hints and MySQL's versioned comments say something.
        let comment =
            rest.starts_with("/*") && !rest.starts_with("/*!") && !rest.starts_with("/*+") && !rest.starts_with("/*M!");
        rest = if rest.starts_with("--") || rest.starts_with('#') {
            rest.split_once('\n').map_or("", |(_, after)| after)
        } else if comment {
            match after_comment(rest) {
                Some(after) => after,
                None => return false,
            }
        } else {
            return false;
        };
    }
}

/// What follows a block comment, in which others may be nested; none if it never ends.
fn after_comment(text: &str) -> Option<&str> {
    let bytes = text.as_bytes();
    let (mut depth, mut at) = (0, 0);
    while at + 1 < bytes.len() {
        match &bytes[at..at + 2] {
            b"/*" => depth += 1,
            b"*/" => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            return Some(&text[at..]);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::is_blank;

    #[test]
    fn comments_and_semicolons_say_nothing() {
        for text in ["", " \n", "-- a\n--b", "/* a /* b */ c */ ;\n-- d", "# a\n;;"] {
            assert!(is_blank(text), "{text}");
        }
        for text in ["select 1", "-- a\nselect 1", "/*!40101 set a = 1 */;", "/* never ends", "é"] {
            assert!(!is_blank(text), "{text}");
        }
    }
}
