//! Scripts that bring transactions of their own.

use super::{Control, Effect, Grammar, Statement, effect};
use crate::sql::cursor::{Cursor, code};
use crate::sql::lex::Lexis;

/// The pairs of a plain `BEGIN` and the `COMMIT` that ends it, by the numbers of their statements; none if the script has
/// anything else that opens or ends transactions, or if a pair sets what must end with it before more follows.
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
    let ends_here = |statement: &Statement| ends_with_transaction(statement, text, lexis);
    let needed = |(begin, commit): &(usize, usize)| {
        commit + 1 < statements.len() && statements[begin + 1..*commit].iter().any(ends_here)
    };
    (open.is_none() && !pairs.iter().any(needed)).then_some(pairs)
}

/// Whether a statement sets something that holds up to the end of its transaction: `SET LOCAL`, a temporary table that is
/// dropped then.
fn ends_with_transaction(statement: &Statement, text: &str, lexis: &Lexis) -> bool {
    if lexis.grammar != Grammar::Postgres {
        return false;
    }
    let tokens = code(text, statement.span, lexis);
    let cursor = Cursor::new(text, &tokens);
    let is = |ahead: usize, words: &[&str]| words.contains(&&*cursor.keyword(ahead));
    (is(0, &["SET"]) && is(1, &["LOCAL", "CONSTRAINTS", "TRANSACTION"]))
        || (0..tokens.len()).any(|at| is(at, &["SET_CONFIG"]) || (is(at, &["ON"]) && is(at + 1, &["COMMIT"])))
}

/// Whether leaving the statement out loses nothing: no isolation level, no chain.
fn is_plain(statement: &Statement, text: &str, lexis: &Lexis) -> bool {
    const PLAIN: &[&str] = &["BEGIN", "START", "COMMIT", "END", "WORK", "TRANSACTION", "DEFERRED", "IMMEDIATE"];
    let tokens = code(text, statement.span, lexis);
    let cursor = Cursor::new(text, &tokens);
    (0..tokens.len()).all(|ahead| PLAIN.contains(&&*cursor.keyword(ahead)))
}
