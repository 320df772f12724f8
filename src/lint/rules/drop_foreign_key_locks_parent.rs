use super::prelude::*;
use crate::schema::ObjectName;

rule! {
    /// Dropping a foreign key, or a table that has one, also locks the table it refers to.
    ///
    /// That lock is exclusive and waits for every query of the parent, which may be the busiest table there is. Drop each key
    /// alone, with a short lock timeout.
    ///
    /// ```sql fires postgres
    /// create table users (id int primary key);
    /// create table orders (id int, user_id int constraint orders_user references users (id));
    /// -- next migration
    /// alter table orders drop constraint orders_user;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create table users (id int primary key);
    /// create table orders (id int, user_id int);
    /// -- next migration
    /// alter table orders drop constraint if exists orders_user;
    /// ```
    "drop-foreign-key-locks-parent", Warning [BlocksReadsOrWrites] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.grammar() != Grammar::Postgres {
        return;
    }
    let Some(table) = used(change) else { return };
    let parents: Vec<&ObjectName> = match (&change.kind, &table.before) {
        (ChangeKind::DropConstraint { constraint: Some(constraint), .. }, _) => {
            constraint.references.iter().map(|to| &to.table).collect()
        }
        (ChangeKind::DropTable { .. }, Some(before)) => before.referenced().collect(),
        _ => return,
    };
    let parent = parents.into_iter().find(|parent| {
        let new = context.catalog.table(parent).is_some_and(|parent| !parent.in_use());
        **parent != table.name && !new
    });
    if let Some(parent) = parent {
        findings
            .report(change, format!("`{parent}`, to which the foreign key leads, is locked exclusively too"))
            .help("drop each foreign key in a migration of its own");
    }
}
