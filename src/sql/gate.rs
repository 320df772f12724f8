//! Versioned comments that a server leaves unread.

use std::borrow::Cow;

use super::lex::{Grammar, Lexis, TokenKind, Tokens};

/// A text as a server of this version reads it: versioned comments that are for newer servers, or for others, become
/// blanks of the same length, so that places stay what they are. The version is written as in such a comment, `80036`.
pub fn read_by<'t>(text: &'t str, lexis: &Lexis, version: u32) -> Cow<'t, str> {
    if !lexis.versioned_comments.iter().any(|opening| text.contains(opening)) {
        return Cow::Borrowed(text);
    }
    let mut unread = Vec::new();
    let mut open = Vec::new();
    for token in Tokens::new(text, lexis) {
        match token.kind {
            TokenKind::VersionOpen => open.push((token.start(), reads(token.of(text), lexis.grammar, version))),
            TokenKind::VersionClose => {
                if let Some((start, false)) = open.pop() {
                    unread.push(start..token.end());
                }
            }
            _ => {}
        }
    }
    if unread.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut bytes = text.as_bytes().to_vec();
    for range in unread {
        bytes[range].iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
    }
    // Comments start and end between characters.
    String::from_utf8(bytes).map_or(Cow::Borrowed(text), Cow::Owned)
}

/// Whether a server of this version reads a comment with this opening: `/*!80016`.
fn reads(opening: &str, grammar: Grammar, version: u32) -> bool {
    let digits = opening.trim_start_matches(|c: char| !c.is_ascii_digit());
    let Ok(gate) = digits.parse::<u32>() else { return true };
    // MariaDB has no use for what came into MySQL after their ways parted.
    let foreign = grammar == Grammar::MariaDb && opening.starts_with("/*!") && (50700..=99999).contains(&gate);
    gate <= version && !foreign
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_for_newer_servers_is_blank() {
        let text = "create table t (a int /*!80023 invisible */) /*!99999 é\n x */;";
        let read = read_by(text, &Lexis::MYSQL, 80036);
        assert_eq!(read, "create table t (a int /*!80023 invisible */)            \n     ;");
        assert_eq!(read.len(), text.len());
        assert!(matches!(read_by("select 1 /*! + 1 */", &Lexis::MYSQL, 80036), Cow::Borrowed(_)));
    }

    #[test]
    fn mariadb_leaves_out_what_is_for_mysql() {
        let text = "select 1 /*!80000 + 1 */ /*M!100100 + 2 */ /*!50500 + 3 */";
        assert_eq!(
            read_by(text, &Lexis::MARIADB, 101100),
            "select 1                 /*M!100100 + 2 */ /*!50500 + 3 */"
        );
    }
}
