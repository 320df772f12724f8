//! The reader of schema statements: from tokens alone, for every statement of every database, exact in
//! what it says and honest about what it does not know.

mod action;
mod alter;
mod alter_mysql;
mod column;
mod constraint;
mod create;
mod definition;
mod name;
mod object;
mod other;
mod reading;
mod routine;

pub use action::{Action, ActionKind, PartitionAction, RowSecurity, Switch};
pub use definition::{
    ColumnConstraint, ColumnDefinition, ColumnRule, ConstraintKind, DataType, IndexDefinition, IndexKind, KeyPart,
    References, ReferentialAction, TableConstraint, TableDefinition,
};
pub use name::{Name, QualifiedName};
pub(crate) use name::{lower, qualified};
pub use reading::{Detail, Flags, Heading, ObjectKind, Reading, Verb};
pub(crate) use routine::parameters;
pub use routine::{Parameter, RoutineDefinition};

use super::cursor::{Cursor, code};
use super::lex::{Grammar, Lexis};
use super::place::Span;
use super::split::{Statement, StatementKind};

/// Reads a statement of this script. Never fails: what it cannot read, it says.
pub fn read(statement: &Statement, text: &str, lexis: &Lexis) -> Reading {
    read_span(statement.span, statement.kind, text, lexis)
}

fn read_span(span: Span, kind: StatementKind, text: &str, lexis: &Lexis) -> Reading {
    let mut reading = Reading {
        verb: Verb::Unknown,
        object: None,
        names: Vec::new(),
        flags: Flags::default(),
        detail: Detail::None,
        span,
    };
    if kind == StatementKind::ClientCommand {
        return reading;
    }
    let tokens = code(text, span, lexis);
    if tokens.is_empty() {
        // A comment to this server.
        reading.verb = Verb::Administer;
        return reading;
    }
    let mut reader = Reader { cursor: Cursor::new(text, &tokens), grammar: lexis.grammar, reading: &mut reading };
    reader.statement();
    reading
}

/// Fills a reading from a statement's tokens.
struct Reader<'c, 'r> {
    cursor: Cursor<'c>,
    grammar: Grammar,
    reading: &'r mut Reading,
}

impl Reader<'_, '_> {
    fn statement(&mut self) {
        let verb = self.cursor.keyword(0);
        let start = self.cursor;
        self.cursor.step();
        match &*verb {
            "CREATE" => self.create(),
            "ALTER" => self.alter(),
            "DROP" => self.drop_objects(),
            _ => {
                self.cursor = start;
                self.other();
            }
        }
        if self.lacks_name() {
            self.reading.verb = Verb::Unknown;
        }
    }

    /// Whether a statement that must name something does not.
    fn lacks_name(&self) -> bool {
        use ObjectKind::*;
        let reading = &self.reading;
        let named = match reading.object {
            Some(Index) => reading.verb != Verb::Create,
            Some(Table | View | MaterializedView | Sequence | Type | Domain | Schema | Trigger | Function) => true,
            _ => false,
        };
        // ALTER TABLE ALL IN TABLESPACE names none.
        let all = reading.actions().first().is_some_and(|action| action.kind == ActionKind::Settings);
        named && matches!(reading.verb, Verb::Create | Verb::Alter | Verb::Drop) && reading.names.is_empty() && !all
    }

    fn set(&mut self, verb: Verb, object: Option<ObjectKind>) {
        self.reading.verb = verb;
        self.reading.object = object;
    }

    /// Reads the names of a list, each with what may stand behind it: arguments, `*`.
    fn names(&mut self) {
        use name::Names as _;
        loop {
            self.cursor.eat("ONLY");
            let Some(name) = self.cursor.qualified(self.grammar) else { break };
            self.reading.names.push(name);
            self.cursor.group();
            self.cursor.eat("*");
            if !self.cursor.eat(",") {
                break;
            }
        }
    }

    fn name(&mut self) {
        use name::Names as _;
        self.reading.names.extend(self.cursor.qualified(self.grammar));
    }

    /// The table that follows `ON`.
    fn on_table(&mut self) {
        use name::Names as _;
        if let Some(on) = self.cursor.find("ON") {
            self.cursor = on;
            self.cursor.step();
            if let Some(table) = self.cursor.qualified(self.grammar) {
                self.reading.detail = Detail::On(table);
            }
        }
    }
}

#[cfg(test)]
mod tests;
