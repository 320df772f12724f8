use super::prelude::*;
use crate::lint::locks::locks_writes;
use crate::schema::ObjectName;
use crate::sql::ddl::ConstraintKind;

rule! {
    /// Even a lock that is held for a moment stops a table that is never idle.
    ///
    /// The statement waits for every query that runs, and whoever comes after it waits behind it. Only for the tables that
    /// `[lint.tables] hot` names. Run it in a quiet hour, with a lock timeout of a second or two, and allow it with the
    /// reason.
    ///
    /// ```sql fires postgres mysql mariadb hot=orders
    /// create table orders (id bigint primary key);
    /// -- next migration
    /// alter table orders add column note varchar(50);
    /// ```
    ///
    /// ```sql fires postgres hot=users
    /// create table users (id bigint primary key);
    /// -- next migration
    /// create table orders (id bigint primary key, user_id bigint references users (id));
    /// ```
    ///
    /// ```sql quiet postgres mysql mariadb
    /// create table orders (id bigint primary key);
    /// -- next migration
    /// alter table orders add column note varchar(50);
    /// ```
    ///
    /// ```sql quiet postgres hot=orders
    /// create table orders (id bigint primary key, note text);
    /// -- next migration
    /// create index concurrently orders_note on orders (note);
    /// ```
    "hot-table-lock", Warning [BlocksReadsOrWrites] => Check::Migration(check)
}

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.grammar() == Grammar::Sqlite || context.settings.tables.hot.is_empty() {
        return;
    }
    let mut said: Vec<(usize, &ObjectName)> = Vec::new();
    for change in &context.script.changes {
        for table in locked(change, context) {
            if context.settings.tables.is_hot(table) && !said.contains(&(change.statement, table)) {
                said.push((change.statement, table));
                findings
                    .report_at(
                        Some(change.statement),
                        change.span,
                        format!("`{table}` is never idle: this waits for its queries, and all others behind it"),
                    )
                    .help(
                        "run it in a quiet hour with a lock timeout of a second or two, and allow it with the reason",
                    );
            }
        }
    }
}

/// The tables in use that a change locks against writers, if only for a moment.
fn locked<'c>(change: &'c Change, context: &Context<'c>) -> Vec<&'c ObjectName> {
    if context.grammar().is_mysql() {
        let rows =
            matches!(change.kind, ChangeKind::Insert { .. } | ChangeKind::Update { .. } | ChangeKind::Delete { .. });
        return used(change).filter(|_| !rows).map(|table| &table.name).into_iter().collect();
    }
    let constraints = match &change.kind {
        ChangeKind::AddConstraint { constraint, .. }
        | ChangeKind::DropConstraint { constraint: Some(constraint), .. } => std::slice::from_ref(constraint),
        ChangeKind::AddColumn { constraints, .. } => constraints.as_slice(),
        ChangeKind::CreateTable { table, exists: false, .. } => table.constraints.as_slice(),
        ChangeKind::DropTable { .. } => {
            used(change).and_then(|table| table.before.as_ref()).map_or(&[][..], |table| &table.constraints)
        }
        _ => &[],
    };
    let keys = constraints.iter().filter(|one| one.kind == ConstraintKind::ForeignKey);
    let parents = keys.filter_map(|one| one.references.as_ref()).map(|to| &to.table);
    let in_use = |name: &&ObjectName| context.catalog.table(name).is_some_and(|table| table.in_use());
    locks_writes(change).map(|table| &table.name).into_iter().chain(parents.filter(in_use)).collect()
}
