//! Tables and views: made, dropped, renamed, emptied.

use std::sync::Arc;

use super::change::ChangeKind;
use super::chosen::number;
use super::name::ObjectName;
use super::reader::Reader;
use super::seldom::Seldom;
use super::shared::Shared;
use super::table::{Column, Constraint, Object, Table};
use super::views::View;
use crate::sql::ddl::{ConstraintKind, Detail, ObjectKind, QualifiedName, TableDefinition};

impl Reader<'_> {
    pub fn create_table(&mut self) {
        let Some(written) = self.reading.names.first() else { return };
        let kind = self.reading.object.unwrap_or(ObjectKind::Table);
        let mut found = self.table_ref(written);
        // A new table never hides behind one of another schema of the path.
        let name = self.catalog.path.for_new(written);
        if found.name != name {
            found.before = self.catalog.table(&name).cloned();
            found.name = name;
        }
        let flags = self.reading.flags;
        let exists = flags.if_not_exists && found.before.is_some();
        let empty = TableDefinition::default();
        let definition = match &self.reading.detail {
            Detail::Table(definition) => definition,
            _ => &empty,
        };
        let table = Arc::new(self.defined(found.name.clone(), kind, definition));
        if !exists {
            self.catalog.insert(table.clone());
        }
        self.push_whole(Some(found), ChangeKind::CreateTable { table, replace: flags.or_replace, exists });
    }

    fn defined(&self, name: ObjectName, kind: ObjectKind, definition: &TableDefinition) -> Table {
        let mut table = Table::unknown(name, kind);
        table.origin = self.origin;
        table.temporary = self.reading.flags.temporary;
        table.complete =
            definition.query.is_none() && definition.of_type.is_none() && !self.reading.flags.virtual_table;
        table.unlogged = self.reading.flags.unlogged;
        table.partitioned = definition.partition_by.is_some();
        if let Some(by) = definition.partition_by {
            table.more.partition_method = Some(partition_method(by.of(self.text)));
        }
        if let Some(parent) = &definition.partition_of {
            table.more.partition_of = Some(self.table_ref(parent).name.into());
            let options = definition.options.iter().map(|span| span.of(self.text));
            table.more.default_partition = options.into_iter().any(|word| word.eq_ignore_ascii_case("default"));
        }
        let parents = definition.like.iter().chain(&definition.inherits).chain(&definition.partition_of);
        for parent in parents {
            self.copy_columns(parent, &mut table);
        }
        for column in &definition.columns {
            table.columns.push(self.column(column).into());
            let mut constraints = self.column_constraints(&table.name.name, column);
            let written = |one: &Constraint| {
                column.constraints.iter().any(|own| own.name.as_ref().map(|name| &name.value) == one.name.as_ref())
            };
            for one in constraints.iter_mut().filter(|one| !written(one)) {
                number(one, &table.constraints, self.grammar());
            }
            let keys = constraints.iter().filter_map(|constraint| self.index_of(constraint));
            table.indexes.extend(keys.map(Shared::from));
            table.constraints.extend(constraints.into_iter().map(Shared::from));
        }
        for written in &definition.constraints {
            let mut constraint = self.constraint(&table.name.name, written);
            if written.name.is_none() {
                number(&mut constraint, &table.constraints, self.grammar());
            }
            for name in &constraint.columns {
                let required = matches!(constraint.kind, ConstraintKind::PrimaryKey | ConstraintKind::NotNull);
                if let Some(column) = table.column_mut(name, self.grammar()).filter(|_| required) {
                    column.not_null = true;
                }
            }
            table.indexes.extend(self.index_of(&constraint).map(Shared::from));
            table.constraints.push(constraint.into());
        }
        for written in &definition.indexes {
            let index = self.index(written);
            // MySQL's unique key is the constraint that was read already.
            if !table.indexes.iter().any(|known| known.kind == index.kind && known.columns == index.columns) {
                table.indexes.push(index.into());
            }
        }
        table
    }

    fn copy_columns(&self, from: &QualifiedName, table: &mut Table) {
        let Some(source) = self.catalog.find(from) else {
            table.complete = false;
            return;
        };
        table.complete &= source.complete;
        let own = |column: &Shared<Column>| Column { origin: self.origin, ..(**column).clone() };
        table.columns.extend(source.columns.iter().map(own).map(Shared::from));
    }

    pub fn create_view(&mut self) {
        let Some(written) = self.reading.names.first() else { return };
        let kind = self.reading.object.unwrap_or(ObjectKind::View);
        let name = self.catalog.path.for_new(written);
        let before = self.object_before(kind, written);
        let flags = self.reading.flags;
        let shown = match &self.reading.detail {
            Detail::View { columns, query: Some(query) } => {
                View::read(self.text, *query, columns, self.catalog, self.lexis)
            }
            _ => View::default(),
        };
        let mut after = Shared::from(Object { view: Some(Arc::new(shown)), ..self.object() });
        if !(flags.if_not_exists && before.is_some()) {
            let mut view = Table::unknown(name.clone(), kind);
            view.columns = self.shown_columns(after.view.as_deref()).into_iter().map(Shared::from).collect();
            view.origin = match &before {
                // What replaces a view that code uses is used by that code.
                Some(before) if flags.or_replace => before.origin,
                _ => self.origin,
            };
            after.origin = view.origin;
            self.catalog.insert(view);
            self.catalog.insert_object(kind, name.clone(), after.clone());
        }
        let (replace, if_not_exists) = (flags.or_replace, flags.if_not_exists);
        self.push_whole(None, ChangeKind::CreateObject { kind, name, replace, if_not_exists, before, after });
    }

    /// The columns of a view, if all their names are known.
    fn shown_columns(&self, view: Option<&View>) -> Vec<Column> {
        let names = view.and_then(|view| view.columns.clone()).unwrap_or_default();
        let column = |name| Column {
            name,
            origin: self.origin,
            data_type: None,
            not_null: false,
            default: None,
            numbering: None,
            invisible: false,
            more: Seldom::default(),
        };
        names.into_iter().map(|name| name.map(column)).collect::<Option<_>>().unwrap_or_default()
    }

    /// With what a view needs goes the view, and all that needs it in turn.
    fn forget_views(&mut self, name: &ObjectName) {
        let views: Vec<ObjectName> = self.catalog.views_of(name).map(|(view, _)| view.clone()).collect();
        for view in views {
            self.catalog.remove(&view);
            let of_kind = |kind| self.catalog.has_object(kind, &view);
            let kinds = [ObjectKind::View, ObjectKind::MaterializedView];
            let kinds: Vec<ObjectKind> = kinds.into_iter().filter(|kind| of_kind(*kind)).collect();
            for kind in kinds {
                self.catalog.remove_object(kind, &view);
            }
            self.forget_views(&view);
        }
    }

    pub fn drop_tables(&mut self) {
        let kind = self.reading.object.unwrap_or(ObjectKind::Table);
        let cascade = self.reading.flags.cascade;
        for written in &self.reading.names {
            let found = self.table_ref(written);
            // `IF EXISTS` of something that is not there does nothing, if the history is known to be whole.
            let before = self.object_before(kind, written);
            self.catalog.remove(&found.name);
            self.catalog.remove_object(kind, &found.name);
            if cascade {
                self.forget_references(&found.name);
                self.forget_views(&found.name);
            }
            let span = self.reading.span;
            match kind {
                ObjectKind::View | ObjectKind::MaterializedView => {
                    self.push(None, span, ChangeKind::DropObject { kind, name: found.name, cascade, before });
                }
                _ => self.push(Some(found), span, ChangeKind::DropTable { cascade }),
            }
        }
    }

    fn forget_references(&mut self, to: &ObjectName) {
        let tables: Vec<ObjectName> = self.catalog.referencing(to).map(|table| table.name.clone()).collect();
        for table in tables {
            self.catalog.edit(&table, |table| {
                table.constraints.retain(|one| one.references.as_ref().is_none_or(|reference| reference.table != *to));
            });
        }
    }

    pub fn rename_tables(&mut self) {
        let Detail::Renames(to) = &self.reading.detail else { return };
        for (from, to) in self.reading.names.iter().zip(to) {
            let found = self.used_table(from, ObjectKind::Table);
            let to = self.catalog.path.for_new(to);
            self.rename_table(&found.name, &to);
            self.push_whole(Some(found), ChangeKind::RenameTable { to });
        }
    }

    /// Gives a table another name, also where others refer to it.
    pub fn rename_table(&mut self, from: &ObjectName, to: &ObjectName) {
        let Some(table) = self.catalog.remove(from) else { return };
        for kind in [ObjectKind::View, ObjectKind::MaterializedView] {
            if let Some(object) = self.catalog.remove_object(kind, from) {
                self.catalog.insert_object(kind, to.clone(), object);
            }
        }
        self.catalog.insert(Table { name: to.clone(), ..table });
        self.catalog.rename_in_views(from, |used| used.table = to.clone());
        let names: Vec<ObjectName> = self.catalog.referencing(from).map(|table| table.name.clone()).collect();
        for name in names {
            self.catalog.edit(&name, |table| {
                let references = table.constraints.make_mut().iter_mut().filter_map(|one| one.references.as_mut());
                for reference in references.filter(|reference| reference.table == *from) {
                    reference.table = to.clone();
                }
            });
        }
    }

    pub fn truncate(&mut self) {
        let cascade = self.reading.flags.cascade;
        for written in &self.reading.names {
            let table = self.used_table(written, ObjectKind::Table);
            self.push_whole(Some(table), ChangeKind::Truncate { cascade });
        }
    }
}

/// What stands behind `PARTITION BY`, in small letters and with single blanks.
pub(super) fn partition_method(written: &str) -> Box<str> {
    let words: Vec<String> = written.split_whitespace().skip(2).map(str::to_ascii_lowercase).collect();
    words.join(" ").into()
}
