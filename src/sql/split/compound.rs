//! MySQL and MariaDB: routines, triggers and events whose bodies are blocks, without `DELIMITER`.
//!
//! A word opens or closes a block only where a statement may start, since most of these words may
//! also name columns.

use super::body::Seen;
use super::{Span, Token, TokenKind};
use crate::sql::lex::Grammar;

#[derive(Debug)]
pub(super) struct Compound {
    part: Part,
    /// Whether a statement may start at the next token.
    fresh: bool,
    label: bool,
    handler: Handler,
    blocks: Vec<Block>,
}

/// Which part of the statement we are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Start { standalone: bool },
    Create,
    Header { of: Object, parentheses: u32 },
    Body,
    Plain,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Object {
    Routine { parameters: bool },
    Trigger,
    Event,
}

#[derive(Clone, Copy, Debug)]
struct Block {
    kind: Kind,
    token: Token,
    /// `DO` or `UNTIL` has been seen, or none is needed.
    entered: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Begin,
    If,
    CaseStatement,
    CaseExpression,
    Loop,
    While,
    Repeat,
    For,
}

/// Where we are in `DECLARE … HANDLER FOR conditions statement`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Handler {
    None,
    Declare,
    Named,
    Condition,
    AfterCondition,
}

impl Compound {
    pub(super) fn new(grammar: Grammar) -> Self {
        let standalone = grammar == Grammar::MariaDb;
        let part = Part::Start { standalone };
        Compound { part, fresh: false, label: false, handler: Handler::None, blocks: Vec::new() }
    }

    pub(super) fn open(&self) -> Option<(Span, &'static str)> {
        let block = self.blocks.last()?;
        let close = match block.kind {
            Kind::Begin | Kind::CaseExpression => "END",
            Kind::If => "END IF",
            Kind::CaseStatement => "END CASE",
            Kind::Loop => "END LOOP",
            Kind::While => "END WHILE",
            Kind::Repeat => "END REPEAT",
            Kind::For => "END FOR",
        };
        Some((block.token.span(), close))
    }

    pub(super) fn feed(&mut self, seen: &Seen<'_>) {
        match self.part {
            Part::Start { .. } if seen.is("CREATE") => self.part = Part::Create,
            Part::Start { standalone: true } if seen.is_any(&["IF", "CASE", "LOOP", "WHILE", "REPEAT", "FOR"]) => {
                self.enter(seen);
            }
            // `BEGIN NOT ATOMIC` is a block, a lone BEGIN a transaction.
            Part::Start { standalone: true } if seen.is("BEGIN") => self.part = Part::Start { standalone: true },
            Part::Start { standalone: true } if seen.is("NOT") && seen.follows("BEGIN") => {
                self.part = Part::Body;
                self.fresh = true;
                let token = seen.previous.unwrap_or(seen.token);
                self.blocks.push(Block { kind: Kind::Begin, token, entered: true });
            }
            Part::Start { .. } => self.part = Part::Plain,
            Part::Create => self.create(seen),
            Part::Header { of, parentheses } => self.header(seen, of, parentheses),
            Part::Body => self.body(seen),
            Part::Plain => {}
        }
    }

    /// Between `CREATE` and the kind of object: `OR REPLACE`, `AGGREGATE`, `DEFINER = user@host`.
    fn create(&mut self, seen: &Seen<'_>) {
        if !seen.is_word() || seen.follows_symbol("=") || seen.is_any(&["OR", "REPLACE", "DEFINER", "AGGREGATE"]) {
            return;
        }
        let of = if seen.is_any(&["PROCEDURE", "FUNCTION"]) {
            Object::Routine { parameters: false }
        } else if seen.is("TRIGGER") {
            Object::Trigger
        } else if seen.is("EVENT") {
            Object::Event
        } else {
            // The host of `DEFINER = u@localhost` may have dots and dashes; its rest is no keyword of ours.
            if !seen.follows_symbol("-") && !seen.follows_symbol("@") {
                self.part = Part::Plain;
            }
            return;
        };
        self.part = Part::Header { of, parentheses: 0 };
    }

    fn header(&mut self, seen: &Seen<'_>, of: Object, parentheses: u32) {
        let depth = match seen.token.of(seen.text) {
            "(" => parentheses + 1,
            ")" => parentheses.saturating_sub(1),
            _ => parentheses,
        };
        self.part = Part::Header { of, parentheses: depth };
        match of {
            Object::Routine { parameters: false } => {
                if depth == 0 && parentheses == 1 {
                    self.part = Part::Header { of: Object::Routine { parameters: true }, parentheses: 0 };
                }
            }
            _ if depth > 0 || parentheses > 0 || !seen.is_word() => {}
            Object::Routine { .. } if seen.follows("RETURNS") || seen.follows("CHARACTER") || is_trait(seen) => {}
            Object::Routine { .. } => self.enter(seen),
            Object::Trigger if seen.is("ROW") && seen.follows("EACH") => {
                self.part = Part::Body;
                self.fresh = true;
            }
            Object::Event if seen.is("DO") => {
                self.part = Part::Body;
                self.fresh = true;
            }
            Object::Trigger | Object::Event => {}
        }
    }

    /// The body starts with this token.
    fn enter(&mut self, seen: &Seen<'_>) {
        self.part = Part::Body;
        self.fresh = true;
        self.body(seen);
    }

    fn body(&mut self, seen: &Seen<'_>) {
        self.handler(seen);
        let fresh = std::mem::replace(&mut self.fresh, false);
        let label = std::mem::replace(&mut self.label, false);
        if !seen.is_word() {
            let quoted = fresh && seen.token.kind == TokenKind::QuotedName;
            self.label = quoted && !follows_order(seen);
            self.fresh = seen.is_symbol(";") || (seen.is_symbol(":") && label) || (quoted && follows_order(seen));
            return;
        }
        if fresh { self.statement(seen) } else { self.inside(seen) }
    }

    fn push(&mut self, kind: Kind, seen: &Seen<'_>) {
        self.blocks.push(Block { kind, token: seen.token, entered: false });
    }

    /// A word where a statement may start.
    fn statement(&mut self, seen: &Seen<'_>) {
        let top = self.blocks.last().map(|block| block.kind);
        if seen.is("BEGIN") {
            self.push(Kind::Begin, seen);
            self.fresh = true;
        } else if seen.is("IF") {
            self.push(Kind::If, seen);
        } else if seen.is("CASE") {
            self.push(Kind::CaseStatement, seen);
        } else if seen.is("LOOP") {
            self.push(Kind::Loop, seen);
            self.fresh = true;
        } else if seen.is("REPEAT") {
            self.push(Kind::Repeat, seen);
            self.fresh = true;
        } else if seen.is("WHILE") {
            self.push(Kind::While, seen);
        } else if seen.is("FOR") {
            self.push(Kind::For, seen);
        } else if seen.is("END") {
            self.blocks.pop();
        } else if seen.is("ELSE") || (seen.follows("BEGIN") && seen.is("NOT")) || seen.is("ATOMIC") {
            self.fresh = true;
        } else if seen.is("UNTIL") && top == Some(Kind::Repeat) {
            self.mark_entered();
        } else if seen.is("DECLARE") {
            self.handler = Handler::Declare;
        } else if self.blocks.is_empty() && (seen.is_any(&["FOLLOWS", "PRECEDES"]) || follows_order(seen)) {
            self.fresh = true;
        } else {
            self.label = true;
        }
    }

    /// A word inside a statement.
    fn inside(&mut self, seen: &Seen<'_>) {
        let top = self.blocks.last().copied();
        match top.map(|block| (block.kind, block.entered)) {
            Some((Kind::If | Kind::CaseStatement, _)) if seen.is("THEN") => self.fresh = true,
            Some((Kind::While | Kind::For, false)) if seen.is("DO") => {
                self.mark_entered();
                self.fresh = true;
            }
            Some((Kind::CaseExpression, _) | (Kind::Repeat, true)) if seen.is("END") => drop(self.blocks.pop()),
            _ if seen.is("CASE") && !seen.follows("END") => self.push(Kind::CaseExpression, seen),
            _ => {}
        }
    }

    fn mark_entered(&mut self) {
        if let Some(block) = self.blocks.last_mut() {
            block.entered = true;
        }
    }

    fn handler(&mut self, seen: &Seen<'_>) {
        let condition_goes_on = seen.is_any(&["SQLSTATE", "VALUE", "NOT"]);
        self.handler = match self.handler {
            _ if seen.is_symbol(";") => Handler::None,
            Handler::Declare if seen.is("HANDLER") => Handler::Named,
            Handler::Named if seen.is("FOR") => Handler::Condition,
            Handler::Condition if condition_goes_on => Handler::Condition,
            Handler::Condition => Handler::AfterCondition,
            Handler::AfterCondition if seen.is_symbol(",") => Handler::Condition,
            Handler::AfterCondition => {
                self.fresh = true;
                Handler::None
            }
            state => state,
        };
    }
}

/// Whether the word describes a routine before its body: `NOT DETERMINISTIC`, `READS SQL DATA` and so on.
fn is_trait(seen: &Seen<'_>) -> bool {
    const TRAITS: &[&str] = &[
        "RETURNS",
        "COMMENT",
        "LANGUAGE",
        "SQL",
        "NOT",
        "DETERMINISTIC",
        "CONTAINS",
        "NO",
        "READS",
        "MODIFIES",
        "DATA",
        "SECURITY",
        "DEFINER",
        "INVOKER",
        "CHARSET",
        "CHARACTER",
        "COLLATE",
        "UNSIGNED",
        "SIGNED",
        "ZEROFILL",
        "BINARY",
        "PRECISION",
        "VARYING",
        "VARCHAR",
        "CHAR",
        "AGGREGATE",
        "NONE",
        "UNICODE",
        "ASCII",
    ];
    seen.is_any(TRAITS) || seen.follows("CHARSET") || seen.follows("COLLATE") || seen.follows("SET")
}

/// Whether the word is the name after `FOLLOWS` or `PRECEDES`.
fn follows_order(seen: &Seen<'_>) -> bool {
    seen.follows("FOLLOWS") || seen.follows("PRECEDES")
}
