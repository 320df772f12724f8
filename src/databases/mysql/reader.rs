//! Reads a statement word by word. What stands in a versioned comment counts: here it is better to see too much.

use crate::sql::{Lexis, Token, TokenKind, Tokens};

/// Where one is in a statement.
#[derive(Clone)]
pub(super) struct Reader<'t> {
    text: &'t str,
    tokens: Vec<Token>,
    at: usize,
}

/// A name with the schema before it, if there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    pub schema: Option<String>,
    pub name: String,
}

impl<'t> Reader<'t> {
    pub fn new(text: &'t str, lexis: &'t Lexis) -> Self {
        Self::limited(text, lexis, usize::MAX)
    }

    /// The first words only, so that a long statement is not read to its end.
    pub fn beginning(text: &'t str, lexis: &'t Lexis) -> Self {
        Self::limited(text, lexis, 24)
    }

    fn limited(text: &'t str, lexis: &'t Lexis, most: usize) -> Self {
        let mark = |token: &Token| matches!(token.kind, TokenKind::VersionOpen | TokenKind::VersionClose);
        let tokens = Tokens::new(text, lexis).code().filter(|token| !mark(token)).take(most).collect();
        let mut reader = Reader { text, tokens, at: 0 };
        reader.skip_settings();
        reader
    }

    /// Steps over MariaDB's `SET STATEMENT variables FOR`, which only says how the statement behind it runs.
    fn skip_settings(&mut self) {
        while self.take_all(&["SET", "STATEMENT"]) {
            self.skip_to(&["FOR"]);
        }
    }

    pub fn is_at_end(&self) -> bool {
        self.at >= self.tokens.len()
    }

    fn token(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    /// Whether the next word is one of these; write them in capitals.
    pub fn sees(&self, words: &[&str]) -> bool {
        self.token().is_some_and(|token| words.iter().any(|word| token.is_word(self.text, word)))
    }

    /// Takes the next word if it is this one.
    pub fn take(&mut self, word: &str) -> bool {
        let taken = self.sees(&[word]);
        self.at += usize::from(taken);
        taken
    }

    /// Takes these words if they come next, all of them in this order.
    pub fn take_all(&mut self, words: &[&str]) -> bool {
        let start = self.at;
        let all = words.iter().all(|word| self.take(word));
        if !all {
            self.at = start;
        }
        all
    }

    /// Takes the next symbol if it is this one.
    pub fn take_symbol(&mut self, symbol: &str) -> bool {
        let taken = self.token().is_some_and(|token| token.is_symbol(self.text, symbol));
        self.at += usize::from(taken);
        taken
    }

    /// Takes whatever comes next.
    pub fn skip(&mut self) {
        self.at += 1;
    }

    /// Steps over everything up to one of these words, outside parentheses, and over that; whether there is one.
    pub fn skip_to(&mut self, words: &[&str]) -> bool {
        self.skip_until(|reader, token| words.iter().any(|word| token.is_word(reader.text, word)))
    }

    /// As [`skip_to`](Reader::skip_to), for a symbol.
    pub fn skip_to_symbol(&mut self, symbol: &str) -> bool {
        self.skip_until(|reader, token| token.is_symbol(reader.text, symbol))
    }

    fn skip_until(&mut self, is_it: impl Fn(&Self, &Token) -> bool) -> bool {
        let mut depth = 0_usize;
        while let Some(token) = self.token() {
            if depth == 0 && is_it(self, token) {
                self.at += 1;
                return true;
            }
            depth += usize::from(token.is_symbol(self.text, "("));
            depth = depth.saturating_sub(usize::from(token.is_symbol(self.text, ")")));
            self.at += 1;
        }
        false
    }

    /// The next token's text.
    pub fn peek(&self) -> Option<&'t str> {
        self.token().map(|token| token.of(self.text))
    }

    /// Takes an identifier.
    pub fn identifier(&mut self) -> Option<String> {
        let token = self.token()?;
        let text = token.of(self.text);
        let name = match token.kind {
            TokenKind::Word => text.to_owned(),
            TokenKind::QuotedName => text.strip_prefix('`')?.strip_suffix('`')?.replace("``", "`"),
            _ => return None,
        };
        self.at += 1;
        Some(name)
    }

    /// Takes a name that may have a schema.
    pub fn name(&mut self) -> Option<Name> {
        let first = self.identifier()?;
        if !self.take_symbol(".") {
            return Some(Name { schema: None, name: first });
        }
        Some(Name { schema: Some(first), name: self.identifier()? })
    }

    /// Takes names with commas between them.
    pub fn names(&mut self) -> Option<Vec<Name>> {
        let mut names = vec![self.name()?];
        while self.take_symbol(",") {
            names.push(self.name()?);
        }
        Some(names)
    }

    /// Takes what follows up to a comma outside parentheses, or to the end; without the comma, which is taken, too.
    pub fn item(&mut self) -> Self {
        let start = self.at;
        let mut depth = 0_usize;
        while let Some(token) = self.token() {
            match token.of(self.text) {
                "(" if token.kind == TokenKind::Symbol => depth += 1,
                ")" if token.kind == TokenKind::Symbol => depth = depth.saturating_sub(1),
                "," if token.kind == TokenKind::Symbol && depth == 0 => break,
                _ => {}
            }
            self.at += 1;
        }
        let item = Reader { text: self.text, tokens: self.tokens[start..self.at].to_vec(), at: 0 };
        self.at += 1;
        item
    }

    /// Whether the name stands anywhere in the statement, as whatever.
    pub fn mentions(&self, name: &str) -> bool {
        let is = |token: &Token| {
            let text = token.of(self.text).trim_matches(['`', '"', '\'']);
            text.eq_ignore_ascii_case(name) || text.to_lowercase() == name.to_lowercase()
        };
        self.tokens.iter().any(is)
    }

    /// Whether one of these words is still to come.
    pub fn has_ahead(&self, words: &[&str]) -> bool {
        let is = |token: &Token| words.iter().any(|word| token.is_word(self.text, word));
        self.tokens.get(self.at..).unwrap_or_default().iter().any(is)
    }
}
