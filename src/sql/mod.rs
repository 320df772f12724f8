//! SQL text to statements, and what each statement says. Pure: no input, no output, no database.

mod lex;
mod place;
mod split;

pub use lex::{Bodies, Client, DoubleQuotes, Grammar, LONGEST, Lexis, Token, TokenKind, Tokens, Unclosed};
pub use place::{LineIndex, Place, Span};
pub use split::{SplitError, Statement, StatementKind, Statements, split};
