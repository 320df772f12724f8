use super::prelude::*;
use crate::schema::mentions;

rule! {
    /// A check whose outcome depends on the time or the user is true today and false tomorrow.
    ///
    /// A dump of such a table may not load again, and an update of an old row fails. Check it in the application, or in a
    /// trigger that looks at new rows only.
    ///
    /// ```sql fires postgres
    /// alter table users add constraint past check (created_at < now()) not valid;
    /// ```
    ///
    /// ```sql quiet postgres
    /// alter table users add constraint positive check (age > 0) not valid;
    /// ```
    "volatile-check-constraint", Warning [Style] => Check::Change(check)
}

fn check(change: &Change, _: &Context<'_>, findings: &mut Findings<'_>) {
    let constraints = match &change.kind {
        ChangeKind::AddConstraint { constraint, .. } => std::slice::from_ref(constraint),
        ChangeKind::AddColumn { constraints, .. } => constraints.as_slice(),
        ChangeKind::CreateTable { table, exists: false, .. } => table.constraints.as_slice(),
        _ => return,
    };
    let volatile = |demand: &str| VOLATILE.iter().copied().find(|function| mentions(demand, function));
    let mut demands = constraints.iter().filter_map(|one| one.expression.as_deref());
    if let Some(function) = demands.find_map(volatile) {
        findings
            .report(change, format!("what satisfies the check today may not do so tomorrow: it asks `{function}`"))
            .help("check it in the application, or in a trigger that looks at new rows only");
    }
}

const VOLATILE: &[&str] =
    &["now", "current_timestamp", "current_date", "clock_timestamp", "localtimestamp", "random", "current_user"];
