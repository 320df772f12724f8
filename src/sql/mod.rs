//! SQL text to statements, and what each statement says. Pure: no input, no output, no database.

mod blocks;
pub(crate) mod cursor;
pub mod ddl;
mod effect;
mod gate;
mod lex;
mod place;
mod split;

pub use blocks::split_around;
pub use effect::{
    Control, Effect, Holds, Leaves, Refusal, effect, holds, leaves, lost_alone, may_change_session, outlasts,
    suspends_foreign_keys, transaction_pairs,
};
pub use gate::read_by;
pub use lex::{Bodies, Client, DoubleQuotes, Grammar, LONGEST, Lexis, Token, TokenKind, Tokens, Unclosed};
pub use place::{LineIndex, Place, Span};
pub use split::{SplitError, Statement, StatementKind, Statements, split};

/// Whether a text has this word, whatever its case.
pub fn mentions(text: &str, word: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    text.split(|c| !is_word(c)).any(|found| found.eq_ignore_ascii_case(word))
}
