use super::prelude::*;
use crate::lint::mending::not_valid;
use crate::sql::ddl::ConstraintKind;

rule! {
    /// Adding a foreign key checks every row while writes to both tables are blocked.
    ///
    /// Add it `NOT VALID`, which only new rows must obey, and validate it in a later migration, which blocks nobody. A
    /// partitioned table knows no `NOT VALID` before PostgreSQL 18: add the key to each partition.
    ///
    /// ```sql fires postgres
    /// alter table orders add constraint orders_user foreign key (user_id) references users (id);
    /// ```
    ///
    /// ```sql quiet postgres
    /// alter table orders add constraint orders_user foreign key (user_id) references users (id) not valid;
    /// ```
    ///
    /// A new column without a default has nothing to check:
    ///
    /// ```sql quiet postgres
    /// alter table orders add column user_id bigint references users (id);
    /// ```
    "add-foreign-key-validates", Error [BlocksReadsOrWrites, DataDependentFailure] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.grammar() != Grammar::Postgres {
        return;
    }
    let Some(table) = used(change) else { return };
    let scans = match &change.kind {
        ChangeKind::AddConstraint { constraint, using_index } => {
            constraint.kind == ConstraintKind::ForeignKey
                && constraint.valid
                && constraint.enforced
                && using_index.is_none()
        }
        ChangeKind::AddColumn { column, constraints, .. } => {
            column.default.is_some() && constraints.iter().any(|one| one.kind == ConstraintKind::ForeignKey)
        }
        _ => false,
    };
    if scans {
        let partitioned = table.before.as_ref().is_some_and(|table| table.partitioned);
        findings
            .report(
                change,
                format!(
                    "writes to `{}` and to the table it refers to are blocked while all rows are checked",
                    table.name
                ),
            )
            .help("add it NOT VALID, and VALIDATE CONSTRAINT in a later migration")
            .mend(not_valid(change, context).filter(|_| !partitioned || context.server.since(18, 0, 0)));
    }
}
