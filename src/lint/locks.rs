//! What changes lock on PostgreSQL, as far as rules about a whole transaction need it.

use super::rule::used;
use crate::schema::{Change, ChangeKind, TableRef};
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
