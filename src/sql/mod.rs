//! SQL text to statements. Pure: no input, no output, no database.

mod place;

pub use place::{LineIndex, Place, Span};
