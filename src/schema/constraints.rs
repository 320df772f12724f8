//! What constraints and indexes do to their table in the catalog.

use ecow::EcoString;

use super::change::ChangeKind;
use super::name::{ObjectName, fold};
use super::reader::Reader;
use super::shared::Shared;
use super::table::{Constraint, Index};
use crate::sql::ddl::{ActionKind, ConstraintKind, Detail, ObjectKind, QualifiedName};

impl Reader<'_> {
    pub fn add_constraint(&mut self, table: &ObjectName, constraint: Shared<Constraint>, using_index: Option<&str>) {
        let grammar = self.grammar();
        let index = self.index_of(&constraint).filter(|_| using_index.is_none());
        self.catalog.edit(table, |table| {
            if matches!(constraint.kind, ConstraintKind::PrimaryKey | ConstraintKind::NotNull) {
                for name in &constraint.columns {
                    if let Some(column) = table.column_mut(name, grammar) {
                        column.not_null = true;
                    }
                }
            }
            if using_index.is_some() {
                let used = |index: &&mut Shared<Index>| index.name.as_deref() == using_index;
                let mut columns = Vec::new();
                for index in table.indexes.make_mut().iter_mut().filter(used) {
                    index.of_constraint = true;
                    index.name.clone_from(&constraint.name);
                    columns.extend(index.columns.iter().flatten().cloned());
                }
                for name in columns.iter().filter(|_| constraint.kind == ConstraintKind::PrimaryKey) {
                    if let Some(column) = table.column_mut(name, grammar) {
                        column.not_null = true;
                    }
                }
            }
            table.indexes.extend(index.map(Shared::from));
            table.constraints.push(constraint);
        });
    }

    pub fn drop_constraint(&mut self, table: &ObjectName, name: Option<&str>, constraint: Option<&Constraint>) {
        let grammar = self.grammar();
        let same = |own: &Option<EcoString>| match (own, name) {
            (Some(own), Some(name)) => grammar.same_name(own, name),
            _ => false,
        };
        self.catalog.edit(table, |table| {
            if let (Some(gone), None) = (constraint, name) {
                table.constraints.retain(|one| **one != *gone);
            }
            table.constraints.retain(|one| !same(&one.name));
            table.indexes.retain(|index| !(index.of_constraint && same(&index.name)));
        });
    }

    pub fn rename_constraint(&mut self, table: &ObjectName, from: &str, to: &str) {
        let grammar = self.grammar();
        self.catalog.edit(table, |table| {
            let same = |own: &Option<EcoString>| own.as_ref().is_some_and(|own| grammar.same_name(own, from));
            for constraint in table.constraints.make_mut().iter_mut().filter(|one| same(&one.name)) {
                constraint.name = Some(to.into());
            }
            for index in table.indexes.make_mut().iter_mut().filter(|one| one.of_constraint && same(&one.name)) {
                index.name = Some(to.into());
            }
        });
    }

    pub fn create_index(&mut self) {
        let Detail::Index(written) = &self.reading.detail else { return };
        let Some(on) = &written.table else { return };
        let table = self.used_table(on, ObjectKind::Table);
        let flags = self.reading.flags;
        let index = Shared::from(self.index(written));
        let exists = flags.if_not_exists
            && index.name.as_ref().is_some_and(|name| {
                table.before.as_ref().is_some_and(|table| table.index(name, self.grammar()).is_some())
            });
        if exists {
            return;
        }
        self.catalog.edit(&table.name, |table| table.indexes.push(index.clone()));
        let (concurrently, if_not_exists) = (flags.concurrently, flags.if_not_exists);
        self.push_whole(Some(table), ChangeKind::CreateIndex { index, concurrently, if_not_exists });
    }

    pub fn drop_indexes(&mut self) {
        let concurrently = self.reading.flags.concurrently;
        let on = self.reading.table();
        for written in &self.reading.names {
            let name = written.name.value.clone();
            let table = match on {
                Some(on) => Some(self.used_table(on, ObjectKind::Table)),
                None => self.table_of_index(written),
            };
            let before = table.as_ref().and_then(|table| table.before.clone());
            let index = before.and_then(|table| table.index(&name, self.grammar()).cloned());
            if let Some(table) = &table {
                self.forget_table_index(&table.name, &name);
            }
            self.push_whole(table, ChangeKind::DropIndex { name, index, concurrently });
        }
    }

    pub fn alter_index(&mut self) {
        let Some(written) = self.reading.names.first() else { return };
        let table = self.table_of_index(written);
        for action in self.reading.actions() {
            match &action.kind {
                ActionKind::RenameTo(to) => {
                    let (from, to) = (written.name.value.clone(), to.name.value.clone());
                    if let Some(table) = &table {
                        self.rename_table_index(&table.name, &from, &to);
                    }
                    self.push(table.clone(), action.span, ChangeKind::RenameIndex { from, to });
                }
                ActionKind::SetTablespace => self.push(table.clone(), action.span, ChangeKind::Storage),
                _ => {}
            }
        }
    }

    fn table_of_index(&self, index: &QualifiedName) -> Option<super::change::TableRef> {
        let table = self.catalog.table_of_index(index)?;
        Some(super::change::TableRef { name: table.name.clone(), before: Some(table.clone()) })
    }

    pub fn forget_table_index(&mut self, table: &ObjectName, index: &str) {
        let grammar = self.grammar();
        let same = |one: &Index| one.name.as_ref().is_some_and(|name| grammar.same_name(name, index));
        self.catalog.edit(table, |table| {
            table.indexes.retain(|one| !same(one));
            // On MySQL a unique key is the constraint.
            if grammar.is_mysql() {
                let is_key = |one: &Constraint| matches!(one.kind, ConstraintKind::Unique | ConstraintKind::PrimaryKey);
                let same = |name: &Option<EcoString>| name.as_ref().is_some_and(|name| grammar.same_name(name, index));
                table.constraints.retain(|one| !(is_key(one) && same(&one.name)));
            }
        });
        self.catalog.forget_index(&ObjectName { schema: table.schema.clone(), name: fold(index, grammar) });
    }

    pub fn rename_table_index(&mut self, table: &ObjectName, from: &str, to: &str) {
        let grammar = self.grammar();
        self.catalog.edit(table, |table| {
            let same = |own: &Option<EcoString>| own.as_ref().is_some_and(|own| grammar.same_name(own, from));
            for constraint in table.constraints.make_mut().iter_mut().filter(|one| same(&one.name)) {
                constraint.name = Some(to.into());
            }
            for index in table.indexes.make_mut().iter_mut().filter(|one| same(&one.name)) {
                index.name = Some(to.into());
            }
        });
        let named = |name: &str| ObjectName { schema: table.schema.clone(), name: fold(name, grammar) };
        self.catalog.rename_index(&named(from), named(to));
    }
}
