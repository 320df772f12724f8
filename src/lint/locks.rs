//! What changes lock on PostgreSQL, as far as rules about a whole transaction need it.

use super::rule::{Context, used};
use crate::schema::Shared;
use crate::schema::{Change, ChangeKind, Constraint, ObjectName, TableRef};
use crate::sql::ddl::ConstraintKind;

/// The table in use that a change locks so that nobody can write to it, until the transaction ends.
pub fn locks_writes(change: &Change) -> Option<&TableRef> {
    let takes = match &change.kind {
        ChangeKind::CreateIndex { concurrently, .. } => !concurrently,
        ChangeKind::AddConstraint { .. } | ChangeKind::AddTrigger { .. } => true,
        _ => return locks_everything(change),
    };
    used(change).filter(|_| takes)
}

/// The table in use that a change locks so that nobody can even read it, until the transaction ends.
pub fn locks_everything(change: &Change) -> Option<&TableRef> {
    let takes = match &change.kind {
        ChangeKind::DropTable { .. }
        | ChangeKind::RenameTable { .. }
        | ChangeKind::SetSchema { .. }
        | ChangeKind::Truncate { .. }
        | ChangeKind::RowSecurity(_)
        | ChangeKind::Storage
        | ChangeKind::SetLogged { .. }
        | ChangeKind::ReplicaIdentity(_)
        | ChangeKind::Inheritance
        | ChangeKind::Owner
        | ChangeKind::SetExpression { .. }
        | ChangeKind::AddColumn { .. }
        | ChangeKind::DropColumn { .. }
        | ChangeKind::RenameColumn { .. }
        | ChangeKind::ChangeType { .. }
        | ChangeKind::SetNotNull { .. }
        | ChangeKind::DropNotNull { .. }
        | ChangeKind::SetDefault { .. }
        | ChangeKind::DropDefault { .. }
        | ChangeKind::SetIdentity { .. }
        | ChangeKind::DropIdentity { .. }
        | ChangeKind::DropExpression { .. }
        | ChangeKind::DropConstraint { .. }
        | ChangeKind::RenameConstraint { .. }
        | ChangeKind::DropTrigger { .. }
        | ChangeKind::AddPolicy { .. }
        | ChangeKind::AlterPolicy { .. }
        | ChangeKind::DropPolicy { .. } => true,
        ChangeKind::AddConstraint { constraint, .. } => constraint.kind != ConstraintKind::ForeignKey,
        ChangeKind::DetachPartition { concurrently, .. } | ChangeKind::DropIndex { concurrently, .. } => !concurrently,
        _ => false,
    };
    used(change).filter(|_| takes)
}

/// The tables in use that new foreign keys of a change lock against writes, each with the change.
pub fn parents_locked<'c>(change: &'c Change, context: &Context<'_>) -> Vec<(&'c Change, &'c ObjectName)> {
    let constraints: &[Shared<Constraint>] = match &change.kind {
        ChangeKind::CreateTable { table, exists: false, .. } => &table.constraints,
        ChangeKind::AddColumn { constraints, .. } => constraints,
        ChangeKind::AddConstraint { constraint, .. } => std::slice::from_ref(constraint),
        _ => return Vec::new(),
    };
    let own = change.table.as_ref().map(|table| &table.name);
    let in_use = |name: &&ObjectName| context.catalog.table(name).is_none_or(|table| table.in_use());
    let parents = constraints.iter().filter_map(|one| one.references.as_ref()).map(|to| &to.table);
    parents.filter(|name| Some(*name) != own).filter(in_use).map(|name| (change, name)).collect()
}
