//! Reads a statement's changes and does them to the catalog, each family of changes in a file of its own.

use std::collections::HashMap;
use std::sync::Arc;

use ecow::{EcoString, EcoVec};

use super::catalog::Catalog;
use super::change::{Change, ChangeKind, TableRef};
use super::name::{ObjectName, fold};
use super::seldom::Seldom;
use super::shared::Shared;
use super::table::{Object, Origin, Table};
use crate::sql::cursor::{Cursor, code};
use crate::sql::ddl::{self, Detail, ObjectKind, QualifiedName, Reading, Verb};
use crate::sql::{Grammar, Lexis, Span, Statement, StatementKind};

/// A statement on its way into the catalog.
pub(super) struct Reader<'r> {
    pub text: &'r str,
    pub lexis: &'r Lexis,
    pub reading: &'r Reading,
    pub catalog: &'r mut Catalog,
    pub origin: Origin,
    pub statement: usize,
    pub changes: Vec<Change>,
    /// The bodies of the routines that this script made.
    pub routines: &'r mut HashMap<ObjectName, Span>,
    /// Statements in bodies that cannot be read.
    pub unread: &'r mut Vec<(usize, Span)>,
    /// How deep in blocks and routines the statement stands.
    pub depth: usize,
}

/// Routines that call each other are followed this far.
const DEEPEST: usize = 8;

impl<'r> Reader<'r> {
    pub fn grammar(&self) -> Grammar {
        self.catalog.grammar
    }

    /// Reads the statement.
    pub fn read(&mut self) {
        use ObjectKind::{Database, ForeignTable, Function, Index, MaterializedView, Policy, Procedure, Routine};
        use ObjectKind::{Schema, Trigger, View};
        let reading = self.reading;
        if reading.unknown().is_some() {
            return;
        }
        match (reading.verb, reading.object) {
            (Verb::Create, Some(ObjectKind::Table | ForeignTable)) => self.create_table(),
            (Verb::Create, Some(View | MaterializedView)) => self.create_view(),
            (Verb::Drop, Some(ObjectKind::Table | ForeignTable | View | MaterializedView)) => self.drop_tables(),
            (Verb::Rename, Some(ObjectKind::Table)) => self.rename_tables(),
            (Verb::Truncate, _) => self.truncate(),
            (Verb::Create, Some(Index)) => self.create_index(),
            (Verb::Drop, Some(Index)) => self.drop_indexes(),
            (Verb::Create | Verb::Alter | Verb::Drop, Some(Trigger | Policy)) => self.table_part(),
            (Verb::Alter, Some(ObjectKind::Table | ForeignTable | View | MaterializedView)) => self.alter_table(),
            (Verb::Alter, Some(Index)) => self.alter_index(),
            (Verb::Drop, Some(Schema | Database)) => self.drop_schemas(),
            (Verb::Create, Some(kind @ (Function | Procedure))) => self.create_routine(kind),
            (Verb::Drop, Some(kind @ (Function | Procedure | Routine))) => self.drop_routines(kind),
            (Verb::Create, Some(kind)) => self.create_object(kind),
            (Verb::Drop, Some(kind)) => self.drop_objects(kind),
            (Verb::Alter, Some(kind)) => self.alter_object(kind),
            (Verb::Insert | Verb::Update | Verb::Delete | Verb::Explain, _) => self.rows(),
            (Verb::Set | Verb::Use, _) => self.search_path(),
            (Verb::Maintain, _) => self.maintain(),
            (Verb::Do, _) => self.block(reading.body()),
            (Verb::Call, _) => self.called(),
            (Verb::Query, _) => self.selected(),
            _ => {}
        }
    }

    /// Reads what is written out in the body of a block or a routine that runs now.
    fn block(&mut self, body: Option<Span>) {
        let Some(body) = body.filter(|_| self.depth < DEEPEST) else { return };
        let text = super::blocks::unquoted(self.text, body);
        for span in super::blocks::statements(&text, body, self.lexis) {
            self.inner_of(&text, span);
        }
    }

    /// Reads a statement inside this one.
    pub fn inner(&mut self, span: Span) {
        self.inner_of(self.text, span);
    }

    /// Reads a statement inside this one from a text that has everything in the same place.
    fn inner_of(&mut self, text: &str, span: Span) {
        let statement = Statement { span, kind: StatementKind::Sql };
        let reading = ddl::read(&statement, text, self.lexis);
        if let Some(unknown) = reading.unknown() {
            self.unread.push((self.statement, unknown));
        }
        let mut reader = Reader {
            text,
            lexis: self.lexis,
            reading: &reading,
            catalog: self.catalog,
            origin: self.origin,
            statement: self.statement,
            changes: Vec::new(),
            routines: self.routines,
            unread: self.unread,
            depth: self.depth + 1,
        };
        reader.read();
        self.changes.append(&mut reader.changes);
    }

    /// `CALL` of a procedure of this script.
    fn called(&mut self) {
        let Some(written) = self.reading.names.first() else { return };
        let name = self.catalog.path.for_new(written);
        let body = self.routines.get(&name).copied();
        self.block(body);
    }

    /// `SELECT f()` of functions of this script.
    fn selected(&mut self) {
        if self.routines.is_empty() {
            return;
        }
        let tokens = code(self.text, self.reading.span, self.lexis);
        let mut bodies = Vec::new();
        for at in 0..tokens.len() {
            let mut cursor = Cursor { at, ..Cursor::new(self.text, &tokens) };
            let Some(name) = ddl::qualified(&mut cursor, self.grammar()) else { continue };
            let body = self.routines.get(&self.catalog.path.for_new(&name)).filter(|_| cursor.sees("("));
            bodies.extend(body.copied());
        }
        bodies.into_iter().for_each(|body| self.block(Some(body)));
    }

    pub fn push(&mut self, table: Option<TableRef>, span: Span, kind: ChangeKind) {
        let views = match (&kind, &table) {
            (ChangeKind::DropColumn { name: column, .. } | ChangeKind::ChangeType { column, .. }, Some(table)) => {
                self.views_with(&table.name, column)
            }
            _ => Seldom::default(),
        };
        self.changes.push(Change { kind, statement: self.statement, span, table, views });
    }

    /// The views that need a column.
    pub fn views_with(&self, table: &ObjectName, column: &str) -> Seldom<Vec<ObjectName>> {
        let needs = |view: &super::views::View| view.uses(table, column, self.grammar());
        let views = self.catalog.views_of(table).filter(|(_, view)| needs(view));
        let mut names: Seldom<Vec<ObjectName>> = Seldom::default();
        views.for_each(|(name, _)| names.push(name.clone()));
        names
    }

    /// A change that is the whole statement.
    pub fn push_whole(&mut self, table: Option<TableRef>, kind: ChangeKind) {
        self.push(table, self.reading.span, kind);
    }

    /// The table that a name means, if the catalog has it.
    pub fn table_ref(&self, written: &QualifiedName) -> TableRef {
        match self.catalog.find(written) {
            Some(table) => TableRef { name: table.name.clone(), before: Some(table.clone()) },
            None => TableRef { name: self.catalog.path.for_new(written), before: None },
        }
    }

    /// The table that a statement uses. One that no migration created is taken for one that was there before them.
    pub fn used_table(&mut self, written: &QualifiedName, kind: ObjectKind) -> TableRef {
        let found = self.table_ref(written);
        if found.before.is_some() {
            return found;
        }
        self.catalog.insert(Table::unknown(found.name.clone(), kind));
        self.refreshed(&found)
    }

    /// The same table as it is now.
    pub fn refreshed(&self, table: &TableRef) -> TableRef {
        TableRef { name: table.name.clone(), before: self.catalog.table(&table.name).cloned() }
    }

    pub fn folded(&self, name: &str) -> EcoString {
        fold(name, self.grammar())
    }

    pub fn written(&self, span: Span) -> &'r str {
        span.of(self.text)
    }

    pub fn object_before(&self, kind: ObjectKind, name: &QualifiedName) -> Option<Shared<Object>> {
        self.catalog.object(kind, name).cloned()
    }

    /// The object itself as it is kept from now on: the statement's text.
    pub fn object(&self) -> Object {
        let text = match &self.reading.detail {
            Detail::View { query: Some(query), .. } => *query,
            _ => self.reading.body().unwrap_or(self.reading.span),
        };
        Object { origin: self.origin, text: Arc::from(text.of(self.text)), view: None, overloads: EcoVec::new() }
    }

    /// The name of the statement's object as the catalog has it.
    pub fn resolved(&self, kind: ObjectKind, written: &QualifiedName) -> ObjectName {
        let mut candidates = self.catalog.path.candidates(written);
        let known = candidates.find(|name| self.catalog.has_object(kind, name));
        known.unwrap_or_else(|| self.catalog.path.for_new(written))
    }
}
