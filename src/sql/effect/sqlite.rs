//! SQLite: nearly everything is transactional; some pragmas are not.

use super::{Control, Cursor, Effect, Refusal, Statement, StatementKind};
use crate::sql::cursor::code;
use crate::sql::lex::{Lexis, TokenKind};

pub(super) fn effect(mut cursor: Cursor<'_>) -> Effect {
    let first = cursor.keyword(0);
    cursor.step();
    match &*first {
        "BEGIN" => Effect::Control(Control::Begin),
        "COMMIT" | "END" => Effect::Control(Control::Commit),
        "ROLLBACK" if !cursor.has("TO") => Effect::Control(Control::Rollback),
        "VACUUM" => Effect::OutsideOnly { what: "VACUUM" },
        "PRAGMA" => pragma(cursor),
        _ => Effect::Transactional,
    }
}

/// Whether this is `PRAGMA foreign_keys = …`, and then whether it suspends them.
pub fn suspends_foreign_keys(statement: &Statement, text: &str, lexis: &Lexis) -> Option<bool> {
    if statement.kind != StatementKind::Sql {
        return None;
    }
    let tokens = code(text, statement.span, lexis);
    let mut cursor = Cursor::new(text, &tokens);
    if !cursor.eat("PRAGMA") || name(&mut cursor) != "foreign_keys" {
        return None;
    }
    is_on(value(&cursor)?).map(|on| !on)
}

/// <https://www.sqlite.org/pragma.html>; a pragma without a value only asks.
fn pragma(mut cursor: Cursor<'_>) -> Effect {
    let name = name(&mut cursor);
    let value = value(&cursor);
    match (name.as_str(), value) {
        // SQLite takes every word that it does not know for off.
        ("foreign_keys", Some(value)) if is_on(value).is_none() => {
            let reason = format!("`{}` says neither on nor off", value.rest().of(value.text));
            Refusal::effect(value.rest(), reason, "write `PRAGMA foreign_keys = OFF` or `PRAGMA foreign_keys = ON`")
        }
        ("foreign_keys", Some(_)) => Effect::IdleInside { what: "PRAGMA foreign_keys" },
        ("journal_mode", Some(_)) => Effect::OutsideOnly { what: "PRAGMA journal_mode" },
        ("synchronous", Some(_)) => Effect::OutsideOnly { what: "PRAGMA synchronous" },
        ("temp_store", Some(_)) => Effect::OutsideOnly { what: "PRAGMA temp_store" },
        ("wal_checkpoint", _) => Effect::OutsideOnly { what: "PRAGMA wal_checkpoint" },
        _ => Effect::Transactional,
    }
}

/// Steps over the name of a pragma, and the schema before it; gives the name without quotes, in small letters.
pub(super) fn name(cursor: &mut Cursor<'_>) -> String {
    if cursor.keyword(1).starts_with('.') {
        cursor.at += 2;
    }
    let name = unquoted(cursor);
    cursor.step();
    name
}

/// What a pragma is given, behind its name: none where it only asks.
fn value<'c>(cursor: &Cursor<'c>) -> Option<Cursor<'c>> {
    let mut cursor = *cursor;
    if cursor.eat("=") {
        return Some(cursor);
    }
    cursor.group()
}

/// Whether a value is certainly on, or certainly off.
fn is_on(value: Cursor<'_>) -> Option<bool> {
    let alone = value.token(0).is_some() && value.token(1).is_none();
    match unquoted(&value).as_str() {
        "on" | "yes" | "true" | "1" if alone => Some(true),
        "off" | "no" | "false" | "0" if alone => Some(false),
        _ => None,
    }
}

/// The next token in small letters, without the quotes that SQLite takes around names and values alike.
fn unquoted(cursor: &Cursor<'_>) -> String {
    let word = cursor.here().of(cursor.text);
    let quoted = matches!(cursor.kind(), Some(TokenKind::QuotedName | TokenKind::String));
    let word = if quoted { word.get(1..word.len().saturating_sub(1)).unwrap_or_default() } else { word };
    word.to_ascii_lowercase()
}
