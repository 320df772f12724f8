use super::prelude::*;
use crate::lint::written::constraints;
use crate::sql::ddl::ReferentialAction;

rule! {
    /// A foreign key that deletes or empties rows by itself does so unseen, and as many as there are.
    ///
    /// One DELETE of a parent may lock and change half the database. On MySQL such a key also rules LOCK=NONE out for some
    /// changes. Let the application delete what it means to delete.
    ///
    /// ```sql fires
    /// create table orders (id bigint primary key, user_id bigint,
    ///     constraint orders_user foreign key (user_id) references users (id) on delete cascade);
    /// ```
    ///
    /// ```sql quiet
    /// create table orders (id bigint primary key, user_id bigint,
    ///     constraint orders_user foreign key (user_id) references users (id) on delete restrict);
    /// ```
    "on-delete-cascade", optional Info [Style] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    for new in constraints(change, context) {
        let Some(to) = &new.constraint.references else { continue };
        let what = match to.on_delete {
            Some(ReferentialAction::Cascade) => "deletes",
            Some(ReferentialAction::SetNull) => "empties",
            _ => continue,
        };
        findings
            .report_at(
                Some(change.statement),
                new.span,
                format!("deleting a row of `{}` {what} rows here unseen", to.table),
            )
            .help("leave it out, and let the application delete what it means to delete");
    }
}
