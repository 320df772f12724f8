use super::prelude::*;
use crate::lint::replaced::held_until_now;
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
    ///
    /// A key that was there before, and only gets another action, holds for every row:
    ///
    /// ```sql quiet postgres mysql mariadb
    /// create table users (id int primary key);
    /// create table orders (user_id int, constraint orders_user foreign key (user_id) references users (id));
    /// -- next migration
    /// alter table orders drop constraint orders_user;
    /// alter table orders add constraint orders_user foreign key (user_id) references users (id) on delete cascade;
    /// ```
    "constraint-may-fail-on-data", Info [DataDependentFailure] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let Some(table) = used(change) else { return };
    let name = match &change.kind {
        ChangeKind::ValidateConstraint { name, .. } => format!("`{name}`"),
        ChangeKind::AddConstraint { constraint, .. } if constraint.valid && constraint.enforced => {
            let looks = matches!(
                constraint.kind,
                ConstraintKind::Check | ConstraintKind::ForeignKey | ConstraintKind::Exclusion
            );
            // Columns that are new have no rows that could break it, unless a default fills them.
            let new = |name: &EcoString| {
                let column = table.before.as_ref().and_then(|table| table.columns.iter().find(|own| own.name == *name));
                column.is_some_and(|column| column.origin != Origin::Deployed && column.default.is_none())
            };
            let all_new = !constraint.columns.is_empty() && constraint.columns.iter().all(new);
            if !looks || all_new || held_until_now(constraint, change, context) {
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
