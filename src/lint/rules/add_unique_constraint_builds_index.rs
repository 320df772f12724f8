use super::prelude::*;
use crate::lint::mending::key_from_index;
use crate::sql::ddl::ConstraintKind;

rule! {
    /// Adding a unique constraint builds its index while nobody can read or write the table.
    ///
    /// Build the unique index concurrently first, then let the constraint take it over: `ADD CONSTRAINT … UNIQUE USING INDEX`.
    ///
    /// ```sql fires postgres
    /// alter table users add constraint users_email unique (email);
    /// ```
    ///
    /// ```sql quiet postgres
    /// alter table users add constraint users_email unique using index users_email_index;
    /// ```
    "add-unique-constraint-builds-index", Error [BlocksReadsOrWrites, DataDependentFailure] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.grammar() != Grammar::Postgres {
        return;
    }
    let Some(table) = used(change) else { return };
    let scans = match &change.kind {
        ChangeKind::AddConstraint { constraint, using_index } => {
            constraint.kind == ConstraintKind::Unique && using_index.is_none()
        }
        ChangeKind::AddColumn { constraints, .. } => constraints.iter().any(|one| one.kind == ConstraintKind::Unique),
        _ => false,
    };
    if scans {
        findings
            .report(
                change,
                format!("nobody can read or write `{}` while the index of the constraint is built", table.name),
            )
            .help("CREATE UNIQUE INDEX CONCURRENTLY first, then ADD CONSTRAINT … UNIQUE USING INDEX")
            .mend(key_from_index(change, context));
    }
}
