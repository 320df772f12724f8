//! Everything that is no table: schemas, sequences, types, routines, extensions, triggers and policies.

use std::sync::Arc;

use ecow::EcoString;

use super::change::{ChangeKind, TableRef};
use super::name::ObjectName;
use super::reader::Reader;
use super::shared::Shared;
use super::table::{Column, Object, Origin, Part, Table};
use crate::sql::ddl::{Action, ActionKind, ObjectKind, QualifiedName, Verb, lower};

impl Reader<'_> {
    pub fn create_object(&mut self, kind: ObjectKind) {
        let Some(written) = self.reading.names.first() else {
            return self.push_whole(None, ChangeKind::AlterObject { kind, name: None, before: None });
        };
        let before = self.object_before(kind, written);
        let name = self.catalog.path.for_new(written);
        let (replace, if_not_exists) = (self.reading.flags.or_replace, self.reading.flags.if_not_exists);
        let mut after = Shared::from(self.object());
        if let (true, Some(before)) = (replace, &before) {
            after.origin = before.origin;
        }
        if !(if_not_exists && before.is_some()) {
            self.catalog.insert_object(kind, name.clone(), after.clone());
        }
        let table = self.reading.table().filter(|_| kind == ObjectKind::Rule);
        let table = table.map(|table| self.used_table(table, ObjectKind::Table));
        self.push_whole(table, ChangeKind::CreateObject { kind, name, replace, if_not_exists, before, after });
    }

    pub fn drop_objects(&mut self, kind: ObjectKind) {
        let cascade = self.reading.flags.cascade;
        if self.reading.names.is_empty() {
            let name = ObjectName { schema: None, name: EcoString::new() };
            return self.push_whole(None, ChangeKind::DropObject { kind, name, cascade, before: None });
        }
        for written in &self.reading.names {
            let name = self.resolved(kind, written);
            let before = self.catalog.remove_object(kind, &name);
            self.push_whole(None, ChangeKind::DropObject { kind, name, cascade, before });
        }
    }

    pub fn drop_schemas(&mut self) {
        let kind = self.reading.object.unwrap_or(ObjectKind::Schema);
        let cascade = self.reading.flags.cascade;
        for written in &self.reading.names {
            let name = self.resolved(kind, written);
            let before = self.catalog.remove_object(kind, &name);
            self.catalog.remove_schema(&self.folded(&written.name.value));
            self.push_whole(None, ChangeKind::DropObject { kind, name, cascade, before });
        }
    }

    pub fn alter_object(&mut self, kind: ObjectKind) {
        let Some(written) = self.reading.names.first() else {
            return self.push_whole(None, ChangeKind::AlterObject { kind, name: None, before: None });
        };
        for action in self.reading.actions() {
            self.object_action(kind, written, action);
        }
    }

    fn object_action(&mut self, kind: ObjectKind, written: &QualifiedName, action: &Action) {
        let name = self.resolved(kind, written);
        let before = self.object_before(kind, written);
        let change = match &action.kind {
            ActionKind::RenameTo(to) => {
                let to = to.name.value.clone();
                let renamed = ObjectName { schema: name.schema.clone(), name: self.folded(&to) };
                self.move_object(kind, &name, renamed);
                ChangeKind::RenameObject { kind, name: name.into(), to, before }
            }
            ActionKind::SetSchema(schema) => {
                let moved = self.catalog.path.in_schema(&schema.value, &name.name);
                self.move_object(kind, &name, moved);
                ChangeKind::MoveObject { kind, name: name.into(), to: schema.value.clone(), before }
            }
            ActionKind::AddValue { value, .. } => {
                ChangeKind::AddValue { kind: name, value: self.written(*value).into(), before }
            }
            ActionKind::RenameValue { from, to } => {
                let (from, to) = (self.written(*from).into(), self.written(*to).into());
                ChangeKind::RenameValue { kind: name.into(), from, to, before }
            }
            ActionKind::AddColumn { .. }
            | ActionKind::DropColumn { .. }
            | ActionKind::RenameColumn { .. }
            | ActionKind::SetType { .. } => ChangeKind::ChangeAttribute { kind: name, before },
            _ => ChangeKind::AlterObject { kind, name: Some(written.name.clone()), before },
        };
        self.push(None, action.span, change);
    }

    fn move_object(&mut self, kind: ObjectKind, from: &ObjectName, to: ObjectName) {
        let object = self.catalog.remove_object(kind, from).unwrap_or_else(|| {
            // Nobody here created it, so it was there before.
            Object { origin: Origin::Deployed, ..self.object() }.into()
        });
        if matches!(kind, ObjectKind::Type | ObjectKind::Domain) {
            self.rename_in_columns(from, &to);
        }
        self.catalog.insert_object(kind, to, object);
    }

    /// Columns follow a type that gets another name.
    fn rename_in_columns(&mut self, from: &ObjectName, to: &ObjectName) {
        let (from, to) = (lower(&from.to_string()), lower(&to.to_string()));
        let of_type = |column: &Column| column.data_type.as_ref().is_some_and(|own| own.name == from);
        let has = |table: &&Arc<Table>| table.columns.iter().any(|column| of_type(column));
        let tables: Vec<ObjectName> = self.catalog.tables().filter(has).map(|table| table.name.clone()).collect();
        for table in tables {
            self.catalog.edit(&table, |table| {
                for column in table.columns.make_mut().iter_mut().filter(|column| of_type(column)) {
                    if let Some(own) = &mut column.data_type {
                        own.name.clone_from(&to);
                    }
                }
            });
        }
    }

    /// A trigger or a policy, which belongs to its table.
    pub fn table_part(&mut self) {
        let (verb, reading) = (self.reading.verb, self.reading);
        let Some(written) = reading.names.first() else { return };
        let name = written.name.value.clone();
        let is_trigger = reading.object == Some(ObjectKind::Trigger);
        let table = match reading.table() {
            Some(on) => Some(self.used_table(on, ObjectKind::Table)),
            // SQLite and MySQL name no table when they drop a trigger, and the reader keeps none of ALTER POLICY.
            None => self.table_of_part(&name),
        };
        let kind = match (verb, is_trigger) {
            (Verb::Create, true) => ChangeKind::AddTrigger { name: name.clone() },
            (Verb::Drop, true) => ChangeKind::DropTrigger { name: name.clone() },
            (Verb::Create, false) => {
                let restrictive = reading.span.of(self.text).to_ascii_lowercase().contains("as restrictive");
                ChangeKind::AddPolicy { name: name.clone(), restrictive }
            }
            (Verb::Drop, false) => ChangeKind::DropPolicy { name: name.clone() },
            (_, false) => ChangeKind::AlterPolicy { name: name.clone() },
            _ => return,
        };
        if let Some(table) = &table {
            let (origin, text) = (self.origin, Arc::from(reading.span.of(self.text)));
            self.catalog.edit(&table.name, |table| {
                let parts = if is_trigger { &mut table.more.triggers } else { &mut table.more.policies };
                parts.retain(|part| verb != Verb::Drop || part.name != name);
                if verb == Verb::Create {
                    parts.push(Part { name, origin, text });
                }
            });
        }
        self.push_whole(table, kind);
    }

    fn table_of_part(&self, name: &str) -> Option<TableRef> {
        let has = |table: &Table| {
            table
                .more
                .triggers
                .iter()
                .chain(&table.more.policies)
                .any(|part| self.grammar().same_name(&part.name, name))
        };
        let table = self.catalog.tables().find(|table| has(table))?;
        Some(TableRef { name: table.name.clone(), before: Some(table.clone()) })
    }
}
