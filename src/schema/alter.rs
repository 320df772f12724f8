//! `ALTER TABLE`, action by action: each sees the table as the one before it left it.

use super::catalog::Constraint;
use super::change::{ChangeKind, TableRef};
use super::name::ObjectName;
use super::reader::Reader;
use crate::sql::ddl::{Action, ActionKind, ObjectKind};

impl Reader<'_> {
    pub fn alter_table(&mut self) {
        let Some(written) = self.reading.names.first() else { return };
        let kind = self.reading.object.unwrap_or(ObjectKind::Table);
        let mut table = self.used_table(written, kind);
        let is_view = |table: &TableRef| {
            let kind = table.before.as_ref().map_or(kind, |table| table.kind);
            matches!(kind, ObjectKind::View | ObjectKind::MaterializedView).then_some(kind)
        };
        for action in self.reading.actions() {
            table = self.refreshed(&table);
            if let Some(view) = is_view(&table) {
                self.alter_view(view, &table, action);
            } else {
                self.table_action(&table, action);
            }
            if let ActionKind::RenameTo(to) = &action.kind {
                // `RENAME TO` keeps the schema, unless another is written.
                let schema =
                    if to.schema().is_some() { self.catalog.path.for_new(to).schema } else { table.name.schema };
                table.name = ObjectName { schema, name: self.folded(&to.name.value) };
            }
        }
    }

    fn alter_view(&mut self, kind: ObjectKind, view: &TableRef, action: &Action) {
        let name = view.name.clone();
        let before = self.catalog.remove_object(kind, &name);
        match &action.kind {
            ActionKind::RenameTo(to) => {
                let to = ObjectName { schema: name.schema.clone(), name: self.folded(&to.name.value) };
                self.rename_table(&name, &to);
                if let Some(object) = &before {
                    self.catalog.insert_object(kind, to.clone(), object.clone());
                }
                self.push(None, action.span, ChangeKind::RenameObject { kind, name, to: to.name, before });
            }
            ActionKind::SetSchema(schema) => {
                let to = ObjectName { schema: Some(self.folded(&schema.value)), name: name.name.clone() };
                self.rename_table(&name, &to);
                if let Some(object) = &before {
                    self.catalog.insert_object(kind, to, object.clone());
                }
                self.push(None, action.span, ChangeKind::MoveObject { kind, name, to: schema.value.clone(), before });
            }
            other => {
                if let Some(object) = &before {
                    self.catalog.insert_object(kind, name.clone(), object.clone());
                }
                if let ActionKind::RenameColumn { from, to } = other {
                    let kind = ChangeKind::RenameColumn { from: from.value.clone(), to: to.value.clone() };
                    return self.push(Some(view.clone()), action.span, kind);
                }
                let written = self.reading.names.first().map(|written| written.name.clone());
                self.push(None, action.span, ChangeKind::AlterObject { kind, name: written, before });
            }
        }
    }

    fn table_action(&mut self, table: &TableRef, action: &Action) {
        if self.column_action(table, action) || self.constraint_action(table, action) {
            return;
        }
        let name = &table.name;
        let kind = match &action.kind {
            ActionKind::RenameTo(written) => {
                let schema = match written.schema() {
                    Some(_) => self.catalog.path.for_new(written).schema,
                    None => name.schema.clone(),
                };
                let to = ObjectName { schema, name: self.folded(&written.name.value) };
                self.rename_table(name, &to);
                ChangeKind::RenameTable { to }
            }
            ActionKind::SetSchema(schema) => {
                let moved = self.catalog.path.in_schema(&schema.value, &name.name);
                self.rename_table(name, &moved);
                ChangeKind::SetSchema { to: schema.value.clone() }
            }
            ActionKind::RowSecurity(what) => ChangeKind::RowSecurity(*what),
            ActionKind::Trigger(switch) => ChangeKind::SwitchTrigger(*switch),
            ActionKind::AttachPartition(written) => {
                let partition = self.used_table(written, ObjectKind::Table);
                self.catalog.edit(&partition.name, |table| table.partition_of = Some(name.clone()));
                ChangeKind::AttachPartition { partition }
            }
            ActionKind::DetachPartition { partition, concurrently, .. } => {
                let partition = self.used_table(partition, ObjectKind::Table);
                self.catalog.edit(&partition.name, |table| table.partition_of = None);
                ChangeKind::DetachPartition { partition, concurrently: *concurrently }
            }
            ActionKind::Partition(what) => ChangeKind::Partition(*what),
            ActionKind::ConvertTo { charset, .. } => {
                ChangeKind::ConvertCharset { charset: charset.as_ref().map(|name| name.value.clone()) }
            }
            ActionKind::SetTablespace | ActionKind::SetAccessMethod | ActionKind::SetLogged(_) => ChangeKind::Storage,
            _ => return,
        };
        self.push(Some(table.clone()), action.span, kind);
    }

    fn constraint_action(&mut self, table: &TableRef, action: &Action) -> bool {
        let grammar = self.grammar();
        let known = |name: &str| table.before.as_ref().and_then(|table| table.constraint(name, grammar)).cloned();
        let kind = match &action.kind {
            ActionKind::AddConstraint { constraint, .. } => {
                let using_index = constraint.using_index.as_ref().map(|name| name.value.clone());
                let constraint = self.constraint(&table.name.name, constraint);
                self.add_constraint(&table.name, constraint.clone(), using_index.as_deref());
                ChangeKind::AddConstraint { constraint, using_index }
            }
            ActionKind::DropConstraint { name, kind, if_exists, cascade } => {
                let of_kind = || {
                    let table = table.before.as_ref()?;
                    table.constraints.iter().find(|constraint| Some(constraint.kind) == *kind).cloned()
                };
                let constraint = match name {
                    Some(name) => known(&name.value),
                    None => of_kind(),
                };
                let name = name.as_ref().map(|name| name.value.clone());
                let name = name.or_else(|| constraint.as_ref()?.name.clone());
                self.drop_constraint(&table.name, name.as_deref(), constraint.as_ref());
                ChangeKind::DropConstraint { name, constraint, if_exists: *if_exists, cascade: *cascade }
            }
            ActionKind::ValidateConstraint { name } => {
                self.catalog.edit(&table.name, |table| {
                    let same = |one: &&mut Constraint| one.name.as_deref() == Some(&*name.value);
                    table.constraints.iter_mut().filter(same).for_each(|one| one.valid = true);
                });
                ChangeKind::ValidateConstraint { name: name.value.clone(), constraint: known(&name.value) }
            }
            ActionKind::RenameConstraint { from, to } => {
                self.rename_constraint(&table.name, &from.value, &to.value);
                ChangeKind::RenameConstraint { from: from.value.clone(), to: to.value.clone() }
            }
            ActionKind::AddIndex { index, if_not_exists } => {
                let index = self.index(index);
                self.catalog.edit(&table.name, |table| table.indexes.push(index.clone()));
                ChangeKind::CreateIndex { index, concurrently: false, if_not_exists: *if_not_exists }
            }
            ActionKind::DropIndex { name, .. } => {
                let index = table.before.as_ref().and_then(|table| table.index(&name.value, grammar)).cloned();
                self.forget_table_index(&table.name, &name.value);
                ChangeKind::DropIndex { name: name.value.clone(), index, concurrently: false }
            }
            ActionKind::RenameIndex { from, to } => {
                self.rename_table_index(&table.name, &from.value, &to.value);
                ChangeKind::RenameIndex { from: from.value.clone(), to: to.value.clone() }
            }
            _ => return false,
        };
        self.push(Some(table.clone()), action.span, kind);
        true
    }
}
