//! Scripts that bring a transaction of their own.

use super::{Control, Effect, Statement, effect};
use crate::sql::cursor::{Cursor, code};
use crate::sql::lex::Lexis;

/// Whether the first and the last of these statements are a plain `BEGIN` and `COMMIT` around all others.
pub fn outer_transaction(statements: &[Statement], text: &str, lexis: &Lexis) -> bool {
    let [first, inner @ .., last] = statements else { return false };
    let is_control = |statement: &Statement| matches!(effect(statement, text, lexis), Effect::Control(_));
    is_plain(first, Control::Begin, text, lexis)
        && is_plain(last, Control::Commit, text, lexis)
        && !inner.iter().any(is_control)
}

/// Whether leaving the statement out loses nothing: no isolation level, no chain.
fn is_plain(statement: &Statement, control: Control, text: &str, lexis: &Lexis) -> bool {
    const PLAIN: &[&str] = &["BEGIN", "START", "COMMIT", "END", "WORK", "TRANSACTION", "DEFERRED", "IMMEDIATE"];
    if effect(statement, text, lexis) != Effect::Control(control) {
        return false;
    }
    let tokens = code(text, statement.span, lexis);
    let cursor = Cursor::new(text, &tokens);
    (0..tokens.len()).all(|ahead| PLAIN.contains(&&*cursor.keyword(ahead)))
}
