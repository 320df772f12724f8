//! Text from files and servers, made harmless for terminals and logs.

use std::borrow::Cow;

/// The text with every control character written out, except line feeds and tabs, so that it cannot move the cursor,
/// change colours or hide what it says.
pub fn sanitize(text: &str) -> Cow<'_, str> {
    let harmful = |c: char| {
        (c.is_control() && c != '\n' && c != '\t')
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
    };
    if !text.contains(harmful) {
        return Cow::Borrowed(text);
    }
    text.chars()
        .map(|c| if harmful(c) { c.escape_unicode().to_string() } else { c.to_string() })
        .collect::<String>()
        .into()
}

/// SQL as it may be shown: the literals after `PASSWORD` and `IDENTIFIED BY` are left out.
pub fn redact_sql(sql: &str) -> Cow<'_, str> {
    let upper = sql.to_ascii_uppercase();
    let mut shown: Option<String> = None;
    let mut copied = 0;
    let mut from = 0;
    while let Some(found) = ["PASSWORD", "IDENTIFIED BY"]
        .iter()
        .filter_map(|word| upper[from..].find(word).map(|at| from + at + word.len()))
        .min()
    {
        from = found;
        let rest = sql[found..].trim_start_matches([' ', '\t', '\n', '=', '(']);
        let start = sql.len() - rest.strip_prefix(['E', 'e', 'N', 'n']).unwrap_or(rest).len();
        // Without a blank between, the quote ends a string that merely contains the word.
        if start == found || !sql[start..].starts_with('\'') {
            continue;
        }
        let end = closing_quote(sql, start + 1);
        let text = shown.get_or_insert_with(String::new);
        text.push_str(&sql[copied..=start]);
        text.push_str("***");
        copied = end;
        from = end;
    }
    match shown {
        Some(mut text) => {
            text.push_str(&sql[copied..]);
            text.into()
        }
        None => sql.into(),
    }
}

/// Where the quote is that ends the string whose text begins here; the end where none does.
fn closing_quote(sql: &str, mut at: usize) -> usize {
    while let Some(quote) = sql[at..].find('\'') {
        at += quote;
        if !sql[at + 1..].starts_with('\'') {
            return at;
        }
        at += 2;
    }
    sql.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_written_out() {
        assert_eq!(sanitize("a\tb\n"), "a\tb\n");
        assert_eq!(sanitize("\u{1b}[2Jx\r\u{202e}"), "\\u{1b}[2Jx\\u{d}\\u{202e}");
    }

    #[test]
    fn passwords_in_sql_are_left_out() {
        assert_eq!(redact_sql("create role a password 'x y' login"), "create role a password '***' login");
        assert_eq!(redact_sql("create user b identified by 'x'"), "create user b identified by '***'");
        assert_eq!(redact_sql("alter role a password 'x''y' login"), "alter role a password '***' login");
        assert_eq!(redact_sql("alter role a password E'x"), "alter role a password E'***");
        assert_eq!(redact_sql("select 'password'"), "select 'password'");
    }
}
