//! Text from files and servers, made harmless for terminals and logs.

use std::borrow::Cow;
use std::ops::Range;

/// The text with every control character written out, except line feeds and tabs, so that it cannot move the cursor,
/// change colours or hide what it says.
pub fn sanitize(text: &str) -> Cow<'_, str> {
    if !text.contains(is_harmful) {
        return Cow::Borrowed(text);
    }
    text.chars()
        .map(|c| if is_harmful(c) { c.escape_unicode().to_string() } else { c.to_string() })
        .collect::<String>()
        .into()
}

/// Whether a character does something to a terminal, or to the order in which text is shown, instead of being shown.
pub(super) fn is_harmful(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}')
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{200b}' | '\u{e0000}'..='\u{e007f}')
}

/// The text as [`sanitize`] leaves it, in one line.
pub fn sanitize_line(text: &str) -> Cow<'_, str> {
    let text = sanitize(text);
    if text.contains(['\n', '\t']) { text.replace('\n', "\\n").replace('\t', " ").into() } else { text }
}

/// The text without what build servers take for an order even in the middle of a line.
pub fn sanitize_log(text: &str) -> Cow<'_, str> {
    let orders = ["##[", "##vso["];
    if orders.iter().any(|order| text.contains(order)) {
        orders.iter().fold(text.to_owned(), |text, order| text.replace(order, &order.replacen('#', "# ", 1))).into()
    } else {
        text.into()
    }
}

/// SQL as it may be shown: the literals after `PASSWORD` and `IDENTIFIED BY` are left out.
pub fn redact_sql(sql: &str) -> Cow<'_, str> {
    let mut shown = String::new();
    let mut copied = 0;
    for literal in secret_literals(sql) {
        shown.push_str(&sql[copied..literal.start]);
        shown.push_str("***");
        copied = literal.end;
    }
    if copied == 0 {
        return sql.into();
    }
    shown.push_str(&sql[copied..]);
    shown.into()
}

/// What stands between the quotes after `PASSWORD` and `IDENTIFIED BY`.
pub(super) fn secret_literals(sql: &str) -> Vec<Range<usize>> {
    let upper = sql.to_ascii_uppercase();
    let mut literals = Vec::new();
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
        literals.push(start + 1..end);
        from = end;
    }
    literals
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
