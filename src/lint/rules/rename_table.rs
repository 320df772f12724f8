use super::prelude::*;
use crate::sql::ddl::ObjectKind;

rule! {
    /// Renaming a table breaks code that uses the old name.
    ///
    /// During a rollout old and new code run side by side, and each needs its own name. A simple view under the old name,
    /// created in the same transaction, lets old code read and write until it is gone.
    ///
    /// ```sql fires
    /// alter table users rename to customers;
    /// ```
    ///
    /// ```sql fires mysql mariadb
    /// rename table users to customers;
    /// ```
    ///
    /// ```sql quiet
    /// create table users (id int);
    /// alter table users rename to customers;
    /// ```
    ///
    /// ```sql quiet postgres sqlite
    /// alter table users rename to customers;
    /// create view users as select * from customers;
    /// ```
    ///
    /// Two tables that change places leave no name without a table:
    ///
    /// ```sql quiet mysql mariadb
    /// rename table users to users_old, users_new to users;
    /// ```
    ///
    /// ```sql quiet postgres sqlite
    /// create table users (id int, name text);
    /// -- next migration
    /// alter table users rename to users_old;
    /// create table users (id int primary key, name text);
    /// insert into users (id, name) select id, name from users_old;
    /// ```
    "rename-table", Error [BreaksOldCode, BreaksNewCodeOnRollback] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::RenameTable { to } = &change.kind else { return };
    let Some(table) = used(change) else { return };
    let takes_the_name = |later: &Change| match &later.kind {
        ChangeKind::RenameTable { to } => *to == table.name,
        ChangeKind::CreateObject { kind: ObjectKind::View, name, .. } => *name == table.name,
        // A new table that gets the rows of the old one.
        ChangeKind::Insert { selects: true, .. } => {
            let new = later.table.as_ref().filter(|later| later.name == table.name);
            context.one_transaction() && new.is_some_and(|new| !new.in_use())
        }
        _ => false,
    };
    // The new table of two that change places: the old one is gone from the name already.
    let replaces = context.before(change).any(|earlier| {
        let freed = used(earlier).is_some_and(|earlier| earlier.name == *to);
        freed && matches!(earlier.kind, ChangeKind::RenameTable { .. })
    });
    if replaces || context.after(change).any(takes_the_name) {
        return;
    }
    findings.report(change, format!("`{}` becomes `{to}`, and code that uses the old name fails", table.name)).help(
        format!("create a view `{}` over it in the same migration, and drop the view releases later", table.name),
    );
}
