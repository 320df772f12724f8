use super::prelude::*;

rule! {
    /// A table that is dropped and created again loses its rows while it looks like a creation.
    ///
    /// `DROP TABLE IF EXISTS t; CREATE TABLE t` is harmless on an empty database and deletes everything on all others, and so
    /// is MariaDB's `CREATE OR REPLACE TABLE`.
    ///
    /// ```sql fires
    /// create table users (id int);
    /// -- next migration
    /// drop table if exists users;
    /// create table users (id int, name text);
    /// ```
    ///
    /// ```sql fires mariadb
    /// create table users (id int);
    /// -- next migration
    /// create or replace table users (id int, name text);
    /// ```
    ///
    /// ```sql quiet
    /// drop table if exists users;
    /// create table users (id int, name text);
    /// ```
    ///
    /// Unless the rows are put aside first, and come back:
    ///
    /// ```sql quiet sqlite
    /// create table users (id integer primary key, name text);
    /// -- next migration
    /// create table aside (id integer primary key, name text);
    /// insert into aside (id, name) select id, name from users;
    /// drop table users;
    /// create table users (id integer primary key, name text not null);
    /// insert into users (id, name) select id, coalesce(name, '') from aside;
    /// drop table aside;
    /// ```
    "replace-table", Error [DataLoss] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::CreateTable { replace, .. } = &change.kind else { return };
    let Some(table) = &change.table else { return };
    let dropped = |earlier: &Change| {
        let same = used(earlier).is_some_and(|earlier| earlier.name == table.name);
        same && matches!(earlier.kind, ChangeKind::DropTable { .. })
    };
    if (*replace && table.in_use()) || (context.before(change).any(dropped) && !refilled(change, context)) {
        findings
            .report(change, format!("`{}` exists: all its rows are lost, and it starts empty", table.name))
            .help("change the table with ALTER TABLE");
    }
}

/// Whether rows were put into a new table above, and are put into this one below.
fn refilled(change: &Change, context: &Context<'_>) -> bool {
    let copies = |one: &Change| matches!(one.kind, ChangeKind::Insert { selects: true, .. });
    let saved = |one: &Change| {
        let aside = one.table.as_ref().filter(|aside| change.table.as_ref().is_none_or(|own| own.name != aside.name));
        copies(one) && aside.is_some_and(|aside| !aside.in_use())
    };
    let name = |one: &Change| one.table.as_ref().map(|table| table.name.clone());
    context.after(change).any(|later| copies(later) && name(later) == name(change))
        && context.all_before(change).iter().any(saved)
}
