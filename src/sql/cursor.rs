//! Walks over the tokens of one statement that mean something.

use std::ops::{Deref, Range};

use super::lex::{Lexis, Token, TokenKind, Tokens};
use super::place::Span;

/// The tokens of a statement without blanks, comments and the marks of versioned comments.
pub(crate) fn code(text: &str, span: Span, lexis: &Lexis) -> Vec<Token> {
    let marks = |token: &Token| matches!(token.kind, TokenKind::VersionOpen | TokenKind::VersionClose);
    Tokens::within(text, span, lexis).code().filter(|token| !marks(token)).collect()
}

/// A place among tokens. Reading past the end finds nothing and does no harm.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'c> {
    pub(crate) text: &'c str,
    pub(crate) tokens: &'c [Token],
    pub(crate) at: usize,
    /// Where it stands if it has no tokens: behind the one before them.
    pub(crate) after: usize,
}

/// A keyword in capitals, or a symbol; empty for anything else.
#[derive(Clone, Copy)]
pub(crate) struct Keyword {
    bytes: [u8; Keyword::LONGEST],
    length: u8,
}

impl Keyword {
    /// No keyword is longer; a longer word is none.
    const LONGEST: usize = 28;
}

impl Deref for Keyword {
    type Target = str;

    fn deref(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.length as usize]).unwrap_or_default()
    }
}

impl<'c> Cursor<'c> {
    pub(crate) fn new(text: &'c str, tokens: &'c [Token]) -> Self {
        Cursor { text, tokens, at: 0, after: 0 }
    }

    /// These of its tokens, from the first of them on.
    fn part(&self, tokens: Range<usize>) -> Self {
        let after = tokens.start.checked_sub(1).and_then(|before| self.tokens.get(before));
        let after = after.map_or(self.after, Token::end);
        Cursor { tokens: self.tokens.get(tokens).unwrap_or_default(), at: 0, after, ..*self }
    }

    pub(crate) fn token(&self, ahead: usize) -> Option<&'c Token> {
        self.tokens.get(self.at + ahead)
    }

    pub(crate) fn kind(&self) -> Option<TokenKind> {
        self.token(0).map(|token| token.kind)
    }

    pub(crate) fn is_end(&self) -> bool {
        self.at >= self.tokens.len()
    }

    /// The keyword or symbol so many tokens ahead.
    pub(crate) fn keyword(&self, ahead: usize) -> Keyword {
        let mut keyword = Keyword { bytes: [0; Keyword::LONGEST], length: 0 };
        if let Some(token) = self.token(ahead)
            && matches!(token.kind, TokenKind::Word | TokenKind::Symbol)
        {
            let word = token.of(self.text).as_bytes();
            if word.len() <= Keyword::LONGEST && word.is_ascii() {
                keyword.bytes[..word.len()].copy_from_slice(word);
                keyword.bytes.make_ascii_uppercase();
                keyword.length = word.len() as u8;
            }
        }
        keyword
    }

    /// The word or symbol so many tokens ahead, as it is written; empty for anything else.
    fn word(&self, ahead: usize) -> &'c str {
        let token = self.token(ahead).filter(|token| matches!(token.kind, TokenKind::Word | TokenKind::Symbol));
        token.map_or("", |token| token.of(self.text))
    }

    /// Whether these keywords or symbols come next; write them in capitals, separated by blanks.
    pub(crate) fn sees(&self, phrase: &str) -> bool {
        phrase.split(' ').enumerate().all(|(ahead, word)| self.word(ahead).eq_ignore_ascii_case(word))
    }

    /// Whether one of these keywords or symbols comes next.
    pub(crate) fn sees_any(&self, words: &[&str]) -> bool {
        let next = self.word(0);
        words.iter().any(|word| word.eq_ignore_ascii_case(next))
    }

    /// Steps over these keywords if they come next.
    pub(crate) fn eat(&mut self, phrase: &str) -> bool {
        let sees = self.sees(phrase);
        if sees {
            self.at += phrase.split(' ').count();
        }
        sees
    }

    /// Steps over one token.
    pub(crate) fn step(&mut self) {
        self.at += 1;
    }

    /// Steps over a group in parentheses or brackets if one comes next, and gives what is inside.
    pub(crate) fn group(&mut self) -> Option<Cursor<'c>> {
        if !self.sees_any(&["(", "["]) {
            return None;
        }
        let start = self.at;
        let mut depth = 0_usize;
        while !self.is_end() {
            match self.word(0) {
                "(" | "[" => depth += 1,
                ")" | "]" => depth -= 1,
                _ => {}
            }
            self.step();
            if depth == 0 {
                return Some(self.part(start + 1..self.at - 1));
            }
        }
        Some(self.part(start + 1..self.tokens.len()))
    }

    /// Steps to the first place from here, outside parentheses, where this phrase comes next.
    pub(crate) fn find(&self, phrase: &str) -> Option<Cursor<'c>> {
        let mut cursor = *self;
        while !cursor.is_end() {
            if cursor.sees(phrase) {
                return Some(cursor);
            }
            if cursor.group().is_none() {
                cursor.step();
            }
        }
        None
    }

    /// Whether this phrase comes somewhere from here, outside parentheses.
    pub(crate) fn has(&self, phrase: &str) -> bool {
        self.find(phrase).is_some()
    }

    /// The rest, cut at commas outside parentheses; nothing has no parts.
    pub(crate) fn parts(&self) -> Vec<Cursor<'c>> {
        let mut parts = Vec::new();
        let mut cursor = *self;
        let mut start = cursor.at.min(cursor.tokens.len());
        while !cursor.is_end() {
            if cursor.sees(",") {
                parts.push(self.part(start..cursor.at));
                cursor.step();
                start = cursor.at;
            } else if cursor.group().is_none() {
                cursor.step();
            }
        }
        if start < self.tokens.len() {
            parts.push(self.part(start..self.tokens.len()));
        }
        parts
    }

    /// Where the rest stands in the text.
    pub(crate) fn rest(&self) -> Span {
        match (self.token(0), self.tokens.last()) {
            (Some(first), Some(last)) => Span::new(first.start(), last.end()),
            _ => self.here(),
        }
    }

    /// Where the next token stands; at the end, the empty place after the last.
    pub(crate) fn here(&self) -> Span {
        let end = self.tokens.last().map_or(self.after, Token::end);
        self.token(0).map_or(Span::new(end, end), Token::span)
    }
}
