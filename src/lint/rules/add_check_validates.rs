use super::prelude::*;
use crate::lint::mending::not_valid;
use crate::sql::ddl::ConstraintKind;

rule! {
    /// Adding a check reads every row while nobody can read or write the table.
    ///
    /// Add it `NOT VALID`, which only new rows must obey, and validate it in a later migration, which blocks nobody.
    ///
    /// ```sql fires postgres
    /// alter table orders add constraint orders_total check (total >= 0);
    /// ```
    ///
    /// ```sql quiet postgres
    /// alter table orders add constraint orders_total check (total >= 0) not valid;
    /// ```
    "add-check-validates", Error [BlocksReadsOrWrites, DataDependentFailure] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.grammar() != Grammar::Postgres {
        return;
    }
    let Some(table) = used(change) else { return };
    let scans = match &change.kind {
        ChangeKind::AddConstraint { constraint, using_index } => {
            constraint.kind == ConstraintKind::Check && constraint.valid && constraint.enforced && using_index.is_none()
        }
        _ => false,
    };
    if scans {
        findings
            .report(change, format!("nobody can read or write `{}` while all rows are checked", table.name))
            .help("add it NOT VALID, and VALIDATE CONSTRAINT in a later migration")
            .mend(not_valid(change, context));
    }
}
