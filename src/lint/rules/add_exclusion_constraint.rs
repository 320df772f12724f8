use super::prelude::*;
use crate::sql::ddl::ConstraintKind;

rule! {
    /// Adding an exclusion constraint builds its index while nobody can read or write the table.
    ///
    /// There is no online way: neither `NOT VALID` nor `USING INDEX` is accepted. Fill a new table that has the constraint, or
    /// take the application down for as long as it needs.
    ///
    /// ```sql fires postgres
    /// alter table booking add constraint no_overlap exclude using gist (span with &&);
    /// ```
    ///
    /// ```sql quiet postgres
    /// create table booking (span tsrange, exclude using gist (span with &&));
    /// ```
    "add-exclusion-constraint", Error [BlocksReadsOrWrites] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.grammar() != Grammar::Postgres {
        return;
    }
    let Some(table) = used(change) else { return };
    let scans = match &change.kind {
        ChangeKind::AddConstraint { constraint, using_index } => {
            constraint.kind == ConstraintKind::Exclusion && using_index.is_none()
        }
        _ => false,
    };
    if scans {
        findings
            .report(
                change,
                format!("nobody can read or write `{}` while the index of the constraint is built", table.name),
            )
            .help("write to a new table that has the constraint, or plan for the time it takes");
    }
}
