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
    "replace-table", Error [DataLoss] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::CreateTable { replace, .. } = &change.kind else { return };
    let Some(table) = &change.table else { return };
    let dropped = |earlier: &Change| {
        let same = used(earlier).is_some_and(|earlier| earlier.name == table.name);
        same && matches!(earlier.kind, ChangeKind::DropTable { .. })
    };
    if (*replace && table.in_use()) || context.before(change).any(dropped) {
        findings
            .report(change, format!("`{}` exists: all its rows are lost, and it starts empty", table.name))
            .help("change the table with ALTER TABLE");
    }
}
