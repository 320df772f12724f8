//! Statements: where each starts and ends in its script, byte for byte as it will be sent.
//!
//! A cut is only ever made where the database itself or its shell would make one; whatever leaves that
//! open (a quote, a comment, a body that never ends) is an error with its place.

mod body;
mod client;
mod compound;

use body::Body;

use super::lex::{Client, Lexis, Token, TokenKind, Tokens, Unclosed};
use super::place::Span;

/// One statement of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statement {
    /// From its first token to its last: no terminator, no comments before or after.
    pub span: Span,
    /// Whether the server understands it.
    pub kind: StatementKind,
}

/// Whether a statement is one for the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatementKind {
    /// SQL.
    Sql,
    /// A command of the database's own shell, such as `\set` or `.read`, up to the end of its line.
    ClientCommand,
    /// `COPY … FROM stdin`, whose data follows it in the script.
    CopyData {
        /// The lines of data, without the `\.` that ends them.
        data: Span,
    },
}

impl Statement {
    /// Its text.
    pub fn of<'t>(&self, text: &'t str) -> &'t str {
        self.span.of(text)
    }

    /// Its tokens, with places in the whole script.
    pub fn tokens<'t>(&self, text: &'t str, lexis: &'t Lexis) -> Tokens<'t> {
        Tokens::within(text, self.span, lexis)
    }
}

/// A script cannot be cut into statements.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SplitError {
    /// What is wrong: for something never closed, where it is opened.
    pub span: Span,
    /// What is wrong.
    pub message: String,
    /// The next step.
    pub hint: String,
}

impl SplitError {
    fn new(span: Span, message: impl Into<String>, hint: impl Into<String>) -> Self {
        SplitError { span, message: message.into(), hint: hint.into() }
    }

    fn unclosed(span: Span, what: &str, close: &str) -> Self {
        SplitError::new(span, format!("this {what} is never closed"), format!("close it with `{close}`"))
    }
}

/// The statements of a script.
///
/// # Errors
///
/// When the script ends inside something, or holds what no script can hold.
pub fn split(text: &str, lexis: &Lexis) -> Result<Vec<Statement>, SplitError> {
    Statements::new(text, lexis).collect()
}

/// The statements of a script, one after another; ends after the first error.
#[derive(Debug)]
pub struct Statements<'t> {
    text: &'t str,
    lexis: &'t Lexis,
    tokens: Tokens<'t>,
    /// A command that ended the statement before it without a terminator.
    pending: Option<Statement>,
    versioned_from: Option<Span>,
    started: bool,
    failed: bool,
}

/// A statement of which the end has not been seen.
#[derive(Debug)]
struct Draft<'t> {
    span: Option<Span>,
    /// Whether it has more than the marks of a versioned comment.
    code: bool,
    parentheses: Vec<u32>,
    copies: client::CopyFrom,
    body: Body<'t>,
}

impl<'t> Statements<'t> {
    /// The statements of this text by the rules of a database.
    pub fn new(text: &'t str, lexis: &'t Lexis) -> Self {
        let tokens = Tokens::new(text, lexis);
        Statements { text, lexis, tokens, pending: None, versioned_from: None, started: false, failed: false }
    }

    fn checked(&self) -> Result<(), SplitError> {
        if let Some(at) = self.text.find('\0') {
            let hint = "remove it; text that is not UTF-8 must be converted first";
            return Err(SplitError::new(Span::new(at, at + 1), "the script contains a NUL byte", hint));
        }
        if self.text.len() > super::lex::LONGEST {
            let span = Span::new(0, 0);
            return Err(SplitError::new(span, "the script is longer than 4 GiB", "split it into several"));
        }
        Ok(())
    }

    fn advance(&mut self) -> Result<Option<Statement>, SplitError> {
        if !std::mem::replace(&mut self.started, true) {
            self.checked()?;
        }
        if let Some(command) = self.pending.take() {
            return Ok(Some(command));
        }
        let mut draft = self.draft();
        while let Some(token) = self.tokens.next() {
            if token.kind.is_trivia() {
                continue;
            }
            self.refuse_unclosed(&token)?;
            if self.is_terminator(&token, &draft) {
                if let Some(statement) = self.finish(&draft) {
                    return Ok(Some(statement));
                }
                draft = self.draft();
                continue;
            }
            if let Some(command) = self.client_command(&token, &draft)? {
                match command {
                    client::Command::Terminator => {}
                    client::Command::Delimiter(delimiter) => self.tokens.set_delimiter(delimiter),
                    client::Command::Other(span) => {
                        self.tokens.seek(span.end);
                        self.pending = Some(Statement { span, kind: StatementKind::ClientCommand });
                    }
                }
                match self.finish(&draft).or_else(|| self.pending.take()) {
                    Some(statement) => return Ok(Some(statement)),
                    None => continue,
                }
            }
            self.take(token, &mut draft)?;
        }
        self.refuse_open(&draft)?;
        Ok(self.finish(&draft))
    }

    fn draft(&self) -> Draft<'t> {
        Draft {
            span: None,
            code: false,
            parentheses: Vec::new(),
            copies: client::CopyFrom::default(),
            body: Body::new(self.text, self.lexis),
        }
    }

    /// Adds a token to the statement.
    fn take(&mut self, token: Token, draft: &mut Draft<'t>) -> Result<(), SplitError> {
        let span = token.span();
        draft.span = Some(Span::new(draft.span.map_or(span.start, |whole| whole.start), span.end));
        match token.kind {
            TokenKind::VersionOpen => self.versioned_from = self.versioned_from.or(Some(span)),
            TokenKind::VersionClose if !self.tokens.in_versioned_comment() => self.versioned_from = None,
            TokenKind::VersionClose => {}
            _ => {
                draft.code = true;
                match span.of(self.text) {
                    "(" if self.lexis.parentheses_hold => draft.parentheses.push(token.start() as u32),
                    ")" => drop(draft.parentheses.pop()),
                    _ => {}
                }
                if self.lexis.client == Client::Psql {
                    draft.copies.feed(&token, self.text, draft.parentheses.is_empty());
                }
                draft.body.feed(&token);
            }
        }
        Ok(())
    }

    fn is_terminator(&self, token: &Token, draft: &Draft<'t>) -> bool {
        let held = !draft.parentheses.is_empty() || self.tokens.in_versioned_comment();
        match token.kind {
            TokenKind::Delimiter => true,
            _ if held || !token.is_symbol(self.text, ";") => false,
            _ => !self.tokens.has_delimiter() && !draft.body.holds(),
        }
    }

    /// The statement that ends before the present token, unless it is empty.
    fn finish(&mut self, draft: &Draft<'t>) -> Option<Statement> {
        let span = draft.span.filter(|_| draft.code)?;
        let kind = match draft.copies.is_from_stdin() && self.pending.is_none() {
            true => StatementKind::CopyData { data: self.copy_data() },
            false => StatementKind::Sql,
        };
        Some(Statement { span, kind })
    }

    fn refuse_unclosed(&self, token: &Token) -> Result<(), SplitError> {
        let TokenKind::Open(unclosed) = token.kind else { return Ok(()) };
        let (text, span) = (self.text, token.span());
        let opening = span.of(text);
        let (what, close) = match unclosed {
            Unclosed::Comment => ("comment", "*/"),
            Unclosed::String => ("string", if opening.starts_with('"') { "\"" } else { "'" }),
            Unclosed::Name if opening.starts_with('`') => ("quoted name", "``"),
            Unclosed::Name if opening.starts_with('[') => ("quoted name", "]"),
            Unclosed::Name => ("quoted name", "\""),
            Unclosed::DollarString => {
                let tag = opening[1..].find('$').map_or("$$", |end| &opening[..end + 2]);
                ("dollar-quoted string", tag)
            }
        };
        // Only the first line is worth underlining; the rest of the script is inside.
        let line = opening.lines().next().unwrap_or_default();
        Err(SplitError::unclosed(Span::new(span.start, span.start + line.len()), what, close))
    }

    fn refuse_open(&self, draft: &Draft<'t>) -> Result<(), SplitError> {
        let text = self.text;
        if let Some(span) = self.versioned_from.filter(|_| self.tokens.in_versioned_comment()) {
            return Err(SplitError::unclosed(span, "versioned comment", "*/"));
        }
        if let Some((span, close)) = draft.body.open() {
            let what = format!("`{}` block", span.of(text).to_uppercase());
            return Err(SplitError::unclosed(span, &what, close));
        }
        match draft.parentheses.last() {
            Some(at) => Err(SplitError::unclosed(Span::new(*at as usize, *at as usize + 1), "parenthesis", ")")),
            None => Ok(()),
        }
    }
}

impl Iterator for Statements<'_> {
    type Item = Result<Statement, SplitError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let next = self.advance();
        self.failed = next.is_err();
        next.transpose()
    }
}

#[cfg(test)]
mod tests;
