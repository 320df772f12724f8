//! Text to tokens: total, linear, without copies. Every byte belongs to exactly one token, and what is
//! never closed is a token of its own kind, so that nothing is lost and nothing fails.

mod lexis;
mod scan;

pub use lexis::{Bodies, Client, DoubleQuotes, Grammar, Lexis};

use super::place::Span;

/// A piece of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    start: u32,
    end: u32,
}

impl Token {
    /// The bytes it covers.
    pub fn span(&self) -> Span {
        Span::new(self.start as usize, self.end as usize)
    }

    /// Where it starts.
    pub fn start(&self) -> usize {
        self.start as usize
    }

    /// The byte after its last.
    pub fn end(&self) -> usize {
        self.end as usize
    }

    /// Its text.
    pub fn of<'t>(&self, text: &'t str) -> &'t str {
        self.span().of(text)
    }

    /// Whether it is this word, unquoted, in whatever case; write it in capitals.
    pub fn is_word(&self, text: &str, word: &str) -> bool {
        self.kind == TokenKind::Word && self.of(text).eq_ignore_ascii_case(word)
    }

    /// Whether it is this identifier, in double quotes or not, in whatever case.
    pub fn is_name(&self, text: &str, name: &str) -> bool {
        let written = self.of(text);
        let inner = match self.kind {
            TokenKind::QuotedName => written.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')),
            TokenKind::Word => Some(written),
            _ => None,
        };
        inner.is_some_and(|inner| inner.eq_ignore_ascii_case(name))
    }

    /// Whether it is this symbol.
    pub fn is_symbol(&self, text: &str, symbol: &str) -> bool {
        self.kind == TokenKind::Symbol && self.of(text) == symbol
    }
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// White space.
    Blank,
    /// `-- …` or `# …`, without the end of its line.
    LineComment,
    /// `/* … */`.
    BlockComment,
    /// A keyword or an unquoted identifier.
    Word,
    /// An identifier in quotes of any kind.
    QuotedName,
    /// A string of any kind but dollar-quoted, with its prefix.
    String,
    /// `$$ … $$`.
    DollarString,
    /// A number.
    Number,
    /// `$1`, `?`, `:name`, `@variable`.
    Parameter,
    /// One character of an operator or of punctuation.
    Symbol,
    /// `/*!50110`: what follows is code.
    VersionOpen,
    /// The `*/` that ends it.
    VersionClose,
    /// The terminator that a `DELIMITER` command has chosen.
    Delimiter,
    /// Something that is opened and never closed; it reaches to the end of the text.
    Open(Unclosed),
}

impl TokenKind {
    /// Whether it means nothing to the server.
    pub fn is_trivia(self) -> bool {
        matches!(self, TokenKind::Blank | TokenKind::LineComment | TokenKind::BlockComment)
    }
}

/// What is opened and never closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unclosed {
    /// A string.
    String,
    /// A quoted identifier.
    Name,
    /// A dollar-quoted string.
    DollarString,
    /// A block comment.
    Comment,
}

/// The longest text that has tokens, in bytes.
pub const LONGEST: usize = u32::MAX as usize;

/// The tokens of a text, one after another; they cover it without gaps.
#[derive(Clone, Debug)]
pub struct Tokens<'t> {
    text: &'t str,
    lexis: &'t Lexis,
    at: usize,
    end: usize,
    delimiter: Option<&'t str>,
    versioned: u32,
}

impl<'t> Tokens<'t> {
    /// The tokens of a whole text, or of its first [`LONGEST`] bytes.
    pub fn new(text: &'t str, lexis: &'t Lexis) -> Self {
        let end = text.floor_char_boundary(LONGEST);
        Tokens { text, lexis, at: 0, end, delimiter: None, versioned: 0 }
    }

    /// The tokens of a part of a text that starts and ends between tokens, such as a statement.
    pub fn within(text: &'t str, span: Span, lexis: &'t Lexis) -> Self {
        let end = text.floor_char_boundary(span.end.min(LONGEST));
        Tokens { at: span.start.min(end), end, ..Tokens::new(text, lexis) }
    }

    /// The tokens that mean something: no blanks and no comments.
    pub fn code(self) -> impl Iterator<Item = Token> {
        self.filter(|token| !token.kind.is_trivia())
    }

    /// Where the next token starts.
    pub fn offset(&self) -> usize {
        self.at
    }

    /// Whether the next token stands inside a versioned comment.
    pub fn in_versioned_comment(&self) -> bool {
        self.versioned > 0
    }

    /// Goes on at this offset.
    pub(super) fn seek(&mut self, offset: usize) {
        self.at = offset.min(self.end);
    }

    /// Makes this text the one that ends statements; none is the semicolon.
    pub(super) fn set_delimiter(&mut self, delimiter: Option<&'t str>) {
        self.delimiter = delimiter;
    }

    /// Whether another terminator than the semicolon is in force.
    pub(super) fn has_delimiter(&self) -> bool {
        self.delimiter.is_some()
    }
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        if self.at >= self.end {
            return None;
        }
        let start = self.at;
        let (kind, end) = self.scan();
        debug_assert!(end > start && end <= self.end && self.text.is_char_boundary(end));
        self.at = end;
        Some(Token { kind, start: start as u32, end: end as u32 })
    }
}

#[cfg(test)]
mod tests;
