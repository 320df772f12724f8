//! Scripts that bring transactions of their own.

use super::{Control, Effect, Statement, effect};
use crate::sql::cursor::{Cursor, code};
use crate::sql::lex::Lexis;

/// The pairs of a plain `BEGIN` and the `COMMIT` that ends it, by the numbers of their statements; none if the script has
/// anything else that opens or ends transactions.
pub fn transaction_pairs(statements: &[Statement], text: &str, lexis: &Lexis) -> Option<Vec<(usize, usize)>> {
    let mut pairs = Vec::new();
    let mut open = None;
    for (number, statement) in statements.iter().enumerate() {
        let Effect::Control(control) = effect(statement, text, lexis) else { continue };
        if !is_plain(statement, text, lexis) {
            return None;
        }
        open = match (control, open) {
            (Control::Begin, None) => Some(number),
            (Control::Commit, Some(begin)) => {
                pairs.push((begin, number));
                None
            }
            _ => return None,
        };
    }
    open.is_none().then_some(pairs)
}

/// Whether leaving the statement out loses nothing: no isolation level, no chain.
fn is_plain(statement: &Statement, text: &str, lexis: &Lexis) -> bool {
    const PLAIN: &[&str] = &["BEGIN", "START", "COMMIT", "END", "WORK", "TRANSACTION", "DEFERRED", "IMMEDIATE"];
    let tokens = code(text, statement.span, lexis);
    let cursor = Cursor::new(text, &tokens);
    (0..tokens.len()).all(|ahead| PLAIN.contains(&&*cursor.keyword(ahead)))
}
