use super::prelude::*;
use crate::sql::ddl::ConstraintKind;

rule! {
    /// A constraint that the rows of today break fails when it is added or validated.
    ///
    /// Look for such rows in production first. What passes on a development database says nothing.
    ///
    /// ```sql fires postgres
    /// alter table orders validate constraint orders_total;
    /// ```
    ///
    /// ```sql fires postgres mysql mariadb
    /// alter table orders add constraint orders_user foreign key (user_id) references users (id);
    /// ```
    ///
    /// ```sql quiet postgres
    /// alter table orders add constraint orders_total check (total > 0) not valid;
    /// ```
    "constraint-may-fail-on-data", Info [DataDependentFailure] => Check::Change(check)
}

fn check(change: &Change, _: &Context<'_>, findings: &mut Findings<'_>) {
    let Some(table) = used(change) else { return };
    let name = match &change.kind {
        ChangeKind::ValidateConstraint { name, .. } => format!("`{name}`"),
        ChangeKind::AddConstraint { constraint, .. } if constraint.valid && constraint.enforced => {
            let looks = matches!(
                constraint.kind,
                ConstraintKind::Check | ConstraintKind::ForeignKey | ConstraintKind::Exclusion
            );
            // Columns that are new have no rows that could break it, unless a default fills them.
            let new = |name: &String| {
                let column = table.before.as_ref().and_then(|table| table.columns.iter().find(|own| own.name == *name));
                column.is_some_and(|column| column.origin != Origin::Deployed && column.default.is_none())
            };
            if !looks || (!constraint.columns.is_empty() && constraint.columns.iter().all(new)) {
                return;
            }
            constraint.name.as_ref().map_or_else(|| "the constraint".to_owned(), |name| format!("`{name}`"))
        }
        _ => return,
    };
    findings
        .report(change, format!("fails if a row of `{}` breaks {name}", table.name))
        .help("look for such rows in production first");
}
