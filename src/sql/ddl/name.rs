//! Names as statements write them and as the database understands them.

use std::fmt;

use ecow::EcoString;

use crate::sql::cursor::Cursor;
use crate::sql::lex::{Grammar, Token, TokenKind};
use crate::sql::place::Span;

/// An identifier.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Name {
    /// What it means: without quotes, in the case in which the database keeps it.
    pub value: EcoString,
    /// Where it stands.
    pub span: Span,
}

/// A name that may say which schema or database it is in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct QualifiedName {
    /// Everything before the last dot, outermost first.
    pub qualifiers: Vec<Name>,
    /// The object's own name.
    pub name: Name,
}

impl QualifiedName {
    /// The schema, or on MySQL and SQLite the database, if it is written.
    pub fn schema(&self) -> Option<&Name> {
        self.qualifiers.last()
    }

    /// Where the whole name stands.
    pub fn span(&self) -> Span {
        let first = self.qualifiers.first().unwrap_or(&self.name);
        Span::new(first.span.start, self.name.span.end)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.value)
    }
}

impl fmt::Display for QualifiedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for qualifier in &self.qualifiers {
            write!(f, "{qualifier}.")?;
        }
        self.name.fmt(f)
    }
}

impl Grammar {
    /// Whether two column names, as [`Name::value`] has them, mean the same.
    pub fn same_name(self, one: &str, other: &str) -> bool {
        if self == Grammar::Postgres { one == other } else { one.eq_ignore_ascii_case(other) }
    }
}

/// PostgreSQL silently cuts longer identifiers.
const LONGEST_POSTGRES: usize = 63;

impl Name {
    /// The name that a token is, if it can be one.
    pub(super) fn of(token: &Token, text: &str, grammar: Grammar) -> Option<Self> {
        let written = token.of(text);
        let mut value = match token.kind {
            TokenKind::Word if grammar == Grammar::Postgres => lower(written),
            TokenKind::Word => written.into(),
            TokenKind::QuotedName => unquoted(written),
            // SQLite and MySQL take strings for names in some places.
            TokenKind::String if grammar != Grammar::Postgres => unquoted(written),
            _ => return None,
        };
        if grammar == Grammar::Postgres {
            value.truncate(value.floor_char_boundary(LONGEST_POSTGRES));
        }
        Some(Name { value, span: token.span() })
    }
}

/// A text in small letters, as far as it is ASCII.
pub(crate) fn lower(text: &str) -> EcoString {
    let mut lower = EcoString::from(text);
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        lower.make_mut().make_ascii_lowercase();
    }
    lower
}

/// What quotes enclose, with doubled quotes taken as one.
fn unquoted(written: &str) -> EcoString {
    let start = written.find(['"', '`', '[', '\'']).unwrap_or(0);
    let quote = &written[start..start + 1];
    let inner = written.get(start + 1..written.len() - 1).unwrap_or_default();
    if quote == "[" { inner.into() } else { EcoString::from(inner).replace(&quote.repeat(2), quote) }
}

/// Reads names where a statement has them.
pub(super) trait Names {
    /// Steps over an identifier.
    fn name(&mut self, grammar: Grammar) -> Option<Name>;
    /// Steps over a name with its qualifiers.
    fn qualified(&mut self, grammar: Grammar) -> Option<QualifiedName>;
    /// All names in a list such as `(a, b)`.
    fn names_in_group(&mut self, grammar: Grammar) -> Vec<Name>;
}

impl Names for Cursor<'_> {
    fn name(&mut self, grammar: Grammar) -> Option<Name> {
        let name = Name::of(self.token(0)?, self.text, grammar)?;
        self.step();
        Some(name)
    }

    fn qualified(&mut self, grammar: Grammar) -> Option<QualifiedName> {
        let mut name = self.name(grammar)?;
        let mut qualifiers = Vec::new();
        while self.sees(".") {
            let mut next = *self;
            next.step();
            let Some(after) = next.name(grammar) else { break };
            qualifiers.push(std::mem::replace(&mut name, after));
            *self = next;
        }
        Some(QualifiedName { qualifiers, name })
    }

    fn names_in_group(&mut self, grammar: Grammar) -> Vec<Name> {
        let parts = self.group().map(|group| group.parts()).unwrap_or_default();
        parts.into_iter().filter_map(|mut part| part.name(grammar)).collect()
    }
}

/// Steps over a name with its qualifiers, if one comes next.
pub(crate) fn qualified(cursor: &mut Cursor<'_>, grammar: Grammar) -> Option<QualifiedName> {
    cursor.qualified(grammar)
}
