//! Reads a statement's changes and does them to the catalog, each family of changes in a file of its own.

use std::sync::Arc;

use super::catalog::{Catalog, Object, Origin, Table};
use super::change::{Change, ChangeKind, TableRef};
use super::name::{ObjectName, fold};
use crate::sql::ddl::{Detail, ObjectKind, QualifiedName, Reading, Verb};
use crate::sql::{Grammar, Lexis, Span};

/// A statement on its way into the catalog.
pub(super) struct Reader<'r> {
    pub text: &'r str,
    pub lexis: &'r Lexis,
    pub reading: &'r Reading,
    pub catalog: &'r mut Catalog,
    pub origin: Origin,
    pub statement: usize,
    pub changes: Vec<Change>,
}

impl Reader<'_> {
    pub fn grammar(&self) -> Grammar {
        self.catalog.grammar
    }

    /// Reads the statement.
    pub fn read(&mut self) {
        use ObjectKind::{Database, ForeignTable, Index, MaterializedView, Policy, Schema, Trigger, View};
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
            (Verb::Create, Some(kind)) => self.create_object(kind),
            (Verb::Drop, Some(kind)) => self.drop_objects(kind),
            (Verb::Alter, Some(kind)) => self.alter_object(kind),
            (Verb::Insert | Verb::Update | Verb::Delete | Verb::Explain, _) => self.rows(),
            (Verb::Set | Verb::Use, _) => self.search_path(),
            _ => {}
        }
    }

    pub fn push(&mut self, table: Option<TableRef>, span: Span, kind: ChangeKind) {
        self.changes.push(Change { kind, statement: self.statement, span, table });
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

    pub fn folded(&self, name: &str) -> String {
        fold(name, self.grammar())
    }

    pub fn written(&self, span: Span) -> String {
        span.of(self.text).to_owned()
    }

    pub fn object_before(&self, kind: ObjectKind, name: &QualifiedName) -> Option<Object> {
        self.catalog.object(kind, name).cloned()
    }

    /// The object itself as it is kept from now on: the statement's text.
    pub fn object(&self) -> Object {
        let text = match &self.reading.detail {
            Detail::Body(body) | Detail::View { query: Some(body), .. } => *body,
            _ => self.reading.span,
        };
        Object { origin: self.origin, text: Arc::from(text.of(self.text)) }
    }

    /// The name of the statement's object as the catalog has it.
    pub fn resolved(&self, kind: ObjectKind, written: &QualifiedName) -> ObjectName {
        let mut candidates = self.catalog.path.candidates(written);
        let known = candidates.find(|name| self.catalog.has_object(kind, name));
        known.unwrap_or_else(|| self.catalog.path.for_new(written))
    }
}
