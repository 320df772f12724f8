//! Statements that hold statements: whether a semicolon ends the outer one.

use super::compound::Compound;
use super::{Lexis, Span, Token, TokenKind};
use crate::sql::lex::Bodies;

/// Follows one statement from its first token.
#[derive(Debug)]
pub(super) struct Body<'t> {
    text: &'t str,
    rules: Rules,
    previous: Option<Token>,
}

#[derive(Debug)]
enum Rules {
    Atomic(Atomic),
    Compound(Compound),
    Trigger(Trigger),
}

impl<'t> Body<'t> {
    pub(super) fn new(text: &'t str, lexis: &Lexis) -> Self {
        let rules = match lexis.bodies {
            Bodies::Atomic => Rules::Atomic(Atomic::default()),
            Bodies::Compound => Rules::Compound(Compound::new(lexis.grammar)),
            Bodies::Trigger => Rules::Trigger(Trigger::default()),
        };
        Body { text, rules, previous: None }
    }

    pub(super) fn feed(&mut self, token: &Token) {
        let word = Seen { text: self.text, token: *token, previous: self.previous };
        match &mut self.rules {
            Rules::Atomic(atomic) => atomic.feed(&word),
            Rules::Compound(compound) => compound.feed(&word),
            Rules::Trigger(trigger) => trigger.feed(&word),
        }
        self.previous = Some(*token);
    }

    /// Whether a semicolon here belongs to the body.
    pub(super) fn holds(&self) -> bool {
        self.open().is_some()
    }

    /// The innermost block that is open, and what closes it.
    pub(super) fn open(&self) -> Option<(Span, &'static str)> {
        match &self.rules {
            Rules::Atomic(atomic) => atomic.open.last().map(|token| (token.span(), "END")),
            Rules::Compound(compound) => compound.open(),
            Rules::Trigger(trigger) => trigger.begin.filter(|_| !trigger.ended).map(|token| (token.span(), "; END")),
        }
    }
}

/// A token together with the one before it.
pub(super) struct Seen<'t> {
    pub(super) text: &'t str,
    pub(super) token: Token,
    pub(super) previous: Option<Token>,
}

impl Seen<'_> {
    /// Whether it is this keyword and not a part of a qualified name.
    pub(super) fn is(&self, word: &str) -> bool {
        self.token.is_word(self.text, word) && !self.follows_symbol(".")
    }

    pub(super) fn is_any(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.is(word))
    }

    pub(super) fn is_symbol(&self, symbol: &str) -> bool {
        self.token.is_symbol(self.text, symbol)
    }

    pub(super) fn is_word(&self) -> bool {
        self.token.kind == TokenKind::Word
    }

    pub(super) fn follows(&self, word: &str) -> bool {
        self.previous.is_some_and(|previous| previous.is_word(self.text, word))
    }

    pub(super) fn follows_symbol(&self, symbol: &str) -> bool {
        self.previous.is_some_and(|previous| previous.is_symbol(self.text, symbol))
    }
}

/// How much of `CREATE … <kind>` has been seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Head {
    #[default]
    Start,
    Create,
    Matched,
    Other,
}

impl Head {
    fn next(self, seen: &Seen<'_>, between: &[&str], kinds: &[&str]) -> Head {
        match self {
            Head::Start if seen.is("CREATE") => Head::Create,
            Head::Create if seen.is_any(between) => Head::Create,
            Head::Create if seen.is_any(kinds) => Head::Matched,
            Head::Matched => Head::Matched,
            _ => Head::Other,
        }
    }
}

/// PostgreSQL: `CREATE FUNCTION … BEGIN ATOMIC … END`, counted as `psql` does.
#[derive(Debug, Default)]
struct Atomic {
    head: Head,
    open: Vec<Token>,
}

impl Atomic {
    fn feed(&mut self, seen: &Seen<'_>) {
        self.head = self.head.next(seen, &["OR", "REPLACE"], &["FUNCTION", "PROCEDURE"]);
        // After AS any word is a name, a keyword too.
        if self.head != Head::Matched || !seen.is_word() || seen.follows("AS") {
            return;
        }
        if self.open.is_empty() {
            if seen.is("ATOMIC") && seen.follows("BEGIN") {
                self.open.extend(seen.previous);
            }
        } else if seen.is("CASE") {
            self.open.push(seen.token);
        } else if seen.is("END") {
            self.open.pop();
        }
    }
}

/// SQLite: `CREATE TRIGGER … BEGIN …; END`, which ends where `sqlite3_complete` says so, at `; END ;`.
#[derive(Debug, Default)]
struct Trigger {
    head: Head,
    begin: Option<Token>,
    ended: bool,
}

impl Trigger {
    fn feed(&mut self, seen: &Seen<'_>) {
        self.head = self.head.next(seen, &["TEMP", "TEMPORARY"], &["TRIGGER"]);
        if self.head != Head::Matched {
            return;
        }
        if self.begin.is_none() && seen.is("BEGIN") {
            self.begin = Some(seen.token);
        }
        self.ended = seen.is("END") && seen.follows_symbol(";");
    }
}
