//! The statements in the body of a block or a routine: what is written out there and not put together at run time.

use std::borrow::Cow;

use crate::sql::cursor::{Cursor, code};
use crate::sql::{Lexis, Span, TokenKind};

/// The statements in a body, each up to its semicolon. Which branch runs is not asked.
pub(super) fn statements(text: &str, body: Span, lexis: &Lexis) -> Vec<Span> {
    let Some(inside) = without_quotes(text, body) else { return Vec::new() };
    let tokens = code(text, inside, lexis);
    let mut cursor = Cursor::new(text, &tokens);
    let mut found = Vec::new();
    while !cursor.is_end() {
        match &*cursor.keyword(0) {
            ";" | "BEGIN" | "ELSE" | "LOOP" | "ATOMIC" | "THEN" | "REPEAT" => cursor.step(),
            // What decides is stepped over, up to where the statements start that it decides about.
            "IF" | "ELSIF" | "ELSEIF" | "WHEN" => header(&mut cursor, &["THEN"]),
            "CASE" => {
                cursor.step();
                cursor = cursor.find("WHEN").unwrap_or_else(|| at_end(cursor));
            }
            "EXCEPTION" => header(&mut cursor, &["THEN"]),
            "FOR" | "FOREACH" => header(&mut cursor, &["LOOP", "DO"]),
            "WHILE" => header(&mut cursor, &["LOOP", "DO"]),
            "<" => {
                while !cursor.is_end() && !cursor.eat("> >") {
                    cursor.step();
                }
            }
            _ if cursor.token(1).is_some_and(|next| next.is_symbol(text, ":")) && !assigns(&cursor) => cursor.at += 2,
            "CREATE" | "ALTER" | "DROP" | "TRUNCATE" | "RENAME" | "INSERT" | "REPLACE" | "UPDATE" | "DELETE"
            | "WITH" => {
                let start = cursor.at;
                to_semicolon(&mut cursor);
                let (first, last) = (&tokens[start], &tokens[cursor.at - 1]);
                found.push(Span::new(first.start(), last.end()));
            }
            _ => to_semicolon(&mut cursor),
        }
    }
    found
}

/// The text with the quotes in a quoted body as the server sees them, and everything in its place: of two quotes one is
/// left, and a blank.
pub(super) fn unquoted(text: &str, body: Span) -> Cow<'_, str> {
    let written = body.of(text);
    if !written.starts_with('\'') || written.len() < 4 || !written.contains("''") {
        return Cow::Borrowed(text);
    }
    let mut rest = &written[1..written.len() - 1];
    let mut inside = String::with_capacity(rest.len());
    let mut quoted = false;
    while let Some(at) = rest.find("''") {
        inside.push_str(&rest[..at]);
        rest = &rest[at + 2..];
        match (quoted, rest.strip_prefix("''")) {
            (true, Some(after)) => {
                inside.push_str("''  ");
                rest = after;
                continue;
            }
            (true, None) => inside.push_str("' "),
            (false, _) => inside.push_str(" '"),
        }
        quoted = !quoted;
    }
    inside.push_str(rest);
    Cow::Owned(format!("{}'{inside}'{}", &text[..body.start], &text[body.end..]))
}

/// What is between the quotes of a body, or the body itself when it has none.
fn without_quotes(text: &str, body: Span) -> Option<Span> {
    let written = body.of(text);
    if let Some(rest) = written.strip_prefix('$') {
        let tag = rest.find('$')? + 2;
        return (written.len() >= 2 * tag).then(|| Span::new(body.start + tag, body.end - tag));
    }
    if written.starts_with('\'') {
        return Some(Span::new(body.start + 1, body.end.saturating_sub(1).max(body.start + 1)));
    }
    Some(body)
}

/// `x := 1`, and not a label.
fn assigns(cursor: &Cursor<'_>) -> bool {
    cursor.token(2).is_some_and(|next| next.is_symbol(cursor.text, "=")) || cursor.kind() != Some(TokenKind::Word)
}

fn at_end(cursor: Cursor<'_>) -> Cursor<'_> {
    Cursor { at: cursor.tokens.len(), ..cursor }
}

fn to_semicolon(cursor: &mut Cursor<'_>) {
    while !cursor.is_end() && !cursor.sees(";") {
        if cursor.group().is_none() {
            cursor.step();
        }
    }
}

/// Steps behind the word that ends a header; the words of a `CASE` expression in it end nothing.
fn header(cursor: &mut Cursor<'_>, ends: &[&str]) {
    let mut cases = 0_usize;
    cursor.step();
    while !cursor.is_end() && !cursor.sees(";") {
        if cases == 0 && cursor.sees_any(ends) {
            return cursor.step();
        }
        match &*cursor.keyword(0) {
            "CASE" => cases += 1,
            "END" => cases = cases.saturating_sub(1),
            _ => {}
        }
        if cursor.group().is_none() {
            cursor.step();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &'static str, lexis: &Lexis) -> Vec<&'static str> {
        statements(text, Span::new(0, text.len()), lexis).into_iter().map(|span| span.of(text)).collect()
    }

    #[test]
    fn statements_of_a_block() {
        let block = "$$ DECLARE n int := 1; c CURSOR FOR SELECT 1; BEGIN
            <<outer>>
            IF NOT EXISTS (SELECT 1 FROM pg_type WHERE typname = 'mood') AND CASE WHEN n = 1 THEN true ELSE false END THEN
                CREATE TYPE mood AS ENUM ('ok');
            ELSIF n > 1 THEN ALTER TABLE a ADD b int; ELSE PERFORM drop_it(); END IF;
            FOR r IN SELECT * FROM a LOOP UPDATE a SET b = CASE WHEN b > 1 THEN 2 ELSE 3 END; END LOOP;
            n := 2; EXECUTE 'drop table a';
            EXCEPTION WHEN duplicate_object THEN NULL; WHEN others THEN DROP TABLE z; END $$";
        let expected = [
            "CREATE TYPE mood AS ENUM ('ok')",
            "ALTER TABLE a ADD b int",
            "UPDATE a SET b = CASE WHEN b > 1 THEN 2 ELSE 3 END",
            "DROP TABLE z",
        ];
        assert_eq!(found(block, &Lexis::POSTGRES), expected);
    }

    #[test]
    fn statements_of_a_quoted_body() {
        let text = "do 'begin update a set b = ''it''''s; '' where c = ''x'' or d; drop table d; end'; select 1";
        let body = Span::new(3, text.len() - "; select 1".len());
        let unquoted = super::unquoted(text, body);
        assert_eq!(unquoted.len(), text.len());
        let found = statements(&unquoted, body, &Lexis::POSTGRES);
        let found: Vec<&str> = found.into_iter().map(|span| span.of(text)).collect();
        assert_eq!(found, ["update a set b = ''it''''s; '' where c = ''x'' or d", "drop table d"]);
        for odd in ["''", "'''", "''''", "'''''", "'a''"] {
            assert_eq!(super::unquoted(odd, Span::new(0, odd.len())).len(), odd.len(), "{odd}");
        }
    }

    #[test]
    fn statements_of_a_routine() {
        let body = "BEGIN DECLARE CONTINUE HANDLER FOR SQLEXCEPTION BEGIN END;
            l: LOOP ALTER TABLE a DROP b; LEAVE l; END LOOP;
            IF EXISTS (SELECT 1) THEN DROP TABLE c; END IF;
            WHILE x > 0 DO DELETE FROM d LIMIT 1; END WHILE; END";
        assert_eq!(found(body, &Lexis::MYSQL), ["ALTER TABLE a DROP b", "DROP TABLE c", "DELETE FROM d LIMIT 1"]);
    }

    #[test]
    fn whatever_stands_there_it_ends() {
        for body in ["$$ CASE $$", "$$ IF x $$", "$a$", "'", "''", "BEGIN << ", "x :", "BEGIN IF a THEN"] {
            found(body, &Lexis::POSTGRES);
        }
    }
}
