//! `ALTER TABLE`, action by action: each sees the table as the one before it left it.

use super::change::{ChangeKind, ReplicaIdentity, TableRef};
use super::chosen::number;
use super::name::ObjectName;
use super::reader::Reader;
use super::shared::Shared;
use super::table::Constraint;
use super::tables::partition_method;
use crate::sql::Grammar;
use crate::sql::ddl::{Action, ActionKind, ConstraintKind, ObjectKind, PartitionAction, Verb};

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
        if self.grammar() == Grammar::MySql {
            self.count_instant_changes(&table.name);
        }
    }

    /// MySQL keeps a version of the row format for each statement that added or dropped columns instantly, until the table
    /// is written anew.
    fn count_instant_changes(&mut self, table: &ObjectName) {
        let (mut columns, mut rewrites) = (false, self.reading.verb == Verb::Maintain);
        for action in self.reading.actions() {
            match &action.kind {
                ActionKind::AddColumn { .. } | ActionKind::DropColumn { .. } => columns = true,
                ActionKind::Algorithm(_) | ActionKind::Lock(_) => {}
                ActionKind::Force
                | ActionKind::ConvertTo { .. }
                | ActionKind::OrderBy
                | ActionKind::Partition(_)
                | ActionKind::ModifyColumn { .. }
                | ActionKind::ChangeColumn { .. } => rewrites = true,
                ActionKind::TableOption { name } => {
                    rewrites |= matches!(name.as_str(), "engine" | "row_format" | "key_block_size");
                }
                ActionKind::AddConstraint { constraint, .. } => {
                    rewrites |= constraint.kind != ConstraintKind::Unique;
                }
                _ => {}
            }
        }
        self.catalog.edit(table, |table| match (rewrites, columns) {
            (true, _) => table.instant_changes = 0,
            (false, true) => table.instant_changes += 1,
            _ => {}
        });
    }

    /// `OPTIMIZE TABLE` writes tables anew.
    pub fn maintain(&mut self) {
        let optimizes =
            self.reading.span.of(self.text).get(..8).is_some_and(|word| word.eq_ignore_ascii_case("optimize"));
        for written in self.reading.names.iter().filter(|_| optimizes) {
            let table = self.table_ref(written);
            self.count_instant_changes(&table.name);
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
                self.push(None, action.span, ChangeKind::RenameObject { kind, name: name.into(), to: to.name, before });
            }
            ActionKind::SetSchema(schema) => {
                let to = ObjectName { schema: Some(self.folded(&schema.value)), name: name.name.clone() };
                self.rename_table(&name, &to);
                if let Some(object) = &before {
                    self.catalog.insert_object(kind, to, object.clone());
                }
                self.push(
                    None,
                    action.span,
                    ChangeKind::MoveObject { kind, name: name.into(), to: schema.value.clone(), before },
                );
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
                self.catalog.edit(&partition.name, |table| table.more.partition_of = Some(name.clone().into()));
                ChangeKind::AttachPartition { partition }
            }
            ActionKind::DetachPartition { partition, concurrently, finalize } => {
                let partition = self.used_table(partition, ObjectKind::Table);
                self.catalog.edit(&partition.name, |table| table.more.partition_of = None);
                ChangeKind::DetachPartition { partition, concurrently: *concurrently || *finalize }
            }
            ActionKind::Partition(what) => {
                let written = action.span.of(self.text);
                self.catalog.edit(name, |table| match what {
                    PartitionAction::By => table.more.partition_method = Some(partition_method(written)),
                    PartitionAction::Remove => table.more.partition_method = None,
                    _ => {}
                });
                ChangeKind::Partition(*what)
            }
            ActionKind::ConvertTo { charset, .. } => {
                ChangeKind::ConvertCharset { charset: charset.as_ref().map(|name| name.value.clone()) }
            }
            ActionKind::SetTablespace | ActionKind::SetAccessMethod => ChangeKind::Storage,
            ActionKind::SetLogged(logged) => {
                self.catalog.edit(name, |table| table.unlogged = !logged);
                ChangeKind::SetLogged { logged: *logged }
            }
            ActionKind::ReplicaIdentity => {
                let written = action.span.of(self.text);
                let identity = replica_identity(written);
                let index = written.split_whitespace().last().filter(|_| identity == ReplicaIdentity::Index);
                let index = index.map(|index| Box::from(index.trim_matches('"')));
                self.catalog.edit(name, |table| table.more.replica_index = index);
                ChangeKind::ReplicaIdentity(identity)
            }
            ActionKind::Inherit(_) | ActionKind::NoInherit(_) | ActionKind::OfType(_) | ActionKind::NotOfType => {
                ChangeKind::Inheritance
            }
            ActionKind::OwnerTo => ChangeKind::Owner,
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
                let is_named = constraint.name.is_some();
                let mut constraint = self.constraint(&table.name.name, constraint);
                if let Some(index) = using_index.as_ref().filter(|_| !is_named) {
                    // It is called as its index is.
                    constraint.name = Some(index.clone());
                } else if let Some(known) = self.catalog.table(&table.name).filter(|_| !is_named) {
                    number(&mut constraint, &known.constraints, self.grammar());
                }
                let constraint = Shared::from(constraint);
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
                self.drop_constraint(&table.name, name.as_deref(), constraint.as_deref());
                ChangeKind::DropConstraint { name, constraint, if_exists: *if_exists, cascade: *cascade }
            }
            ActionKind::ValidateConstraint { name } => {
                self.catalog.edit(&table.name, |table| {
                    let same = |one: &&mut Shared<Constraint>| one.name.as_deref() == Some(&*name.value);
                    table.constraints.make_mut().iter_mut().filter(same).for_each(|one| one.valid = true);
                });
                ChangeKind::ValidateConstraint { name: name.value.clone(), constraint: known(&name.value) }
            }
            ActionKind::AlterConstraint { name } => {
                let written = action.span.of(self.text).to_ascii_lowercase();
                let enforced = super::mentions(&written, "enforced").then(|| !super::mentions(&written, "not"));
                let constraint = known(&name.value);
                self.catalog.edit(&table.name, |table| {
                    let same = |one: &&mut Shared<Constraint>| one.name.as_deref() == Some(&*name.value);
                    if let Some(enforced) = enforced {
                        table.constraints.make_mut().iter_mut().filter(same).for_each(|one| one.enforced = enforced);
                    }
                });
                ChangeKind::AlterConstraint { name: name.value.clone(), constraint, enforced }
            }
            ActionKind::RenameConstraint { from, to } => {
                self.rename_constraint(&table.name, &from.value, &to.value);
                ChangeKind::RenameConstraint { from: from.value.clone(), to: to.value.clone() }
            }
            ActionKind::AddIndex { index, if_not_exists } => {
                let index = Shared::from(self.index(index));
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

fn replica_identity(written: &str) -> ReplicaIdentity {
    let last = |word: &str| super::mentions(written, word);
    match () {
        () if last("using") => ReplicaIdentity::Index,
        () if last("full") => ReplicaIdentity::Full,
        () if last("nothing") => ReplicaIdentity::Nothing,
        () => ReplicaIdentity::Default,
    }
}
