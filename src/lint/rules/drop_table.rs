use super::prelude::*;
use crate::schema::ObjectName;

rule! {
    /// Dropping a table breaks code that still uses it, and its rows are gone.
    ///
    /// The old version of the application runs until the rollout ends, and again after a rollback: each of its queries to
    /// the table fails. Stop using the table in one release, drop it in the next, and keep a backup.
    ///
    /// ```sql fires
    /// drop table users;
    /// ```
    ///
    /// ```sql fires
    /// create table users (id int);
    /// -- next migration
    /// drop table if exists users;
    /// ```
    ///
    /// ```sql quiet
    /// create table scratch (id int);
    /// drop table scratch;
    /// ```
    ///
    /// ```sql quiet sqlite
    /// create table users (id integer primary key, name text);
    /// -- next migration
    /// create table users_new (id integer primary key, name text not null);
    /// insert into users_new (id, name) select id, name from users;
    /// drop table users;
    /// alter table users_new rename to users;
    /// ```
    ///
    /// Nor has one that is gone already:
    ///
    /// ```sql quiet
    /// create table users (id int);
    /// drop table users;
    /// -- next migration
    /// drop table if exists users;
    /// ```
    ///
    /// On a table that no migration made, too:
    ///
    /// ```sql quiet sqlite
    /// create table artist_new (id int primary key, name text);
    /// insert into artist_new (id, name) select id, name from artist;
    /// drop table artist;
    /// alter table artist_new rename to artist;
    /// ```
    ///
    /// ```sql quiet sqlite
    /// alter table artist rename to artist_old;
    /// create table artist (id int primary key, name text);
    /// insert into artist select * from artist_old;
    /// drop table if exists artist_old;
    /// ```
    "drop-table", Error [BreaksOldCode, DataLoss, BreaksNewCodeOnRollback] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::DropTable { .. } = &change.kind else { return };
    let Some(table) = &change.table else { return };
    let flags = context.heading(change).flags;
    let unknown = table.before.is_none() && !flags.temporary;
    let made_again = context.after(change).any(|later| match &later.kind {
        ChangeKind::CreateTable { .. } => names(later, &table.name),
        // A new table, filled above, takes its place.
        ChangeKind::RenameTable { to } => *to == table.name && is_filled(later, change, context),
        _ => false,
    });
    // `replace-table` and `drop-partition` say it better.
    let is_partition = table.before.as_ref().is_some_and(|table| table.more.partition_of.is_some());
    // What was dropped, or renamed, before is not there any more: `unknown-object` says so.
    let gone = || {
        let names = &context.reading(change).names;
        let own = names.iter().find(|written| written.name.value.eq_ignore_ascii_case(&table.name.name));
        own.is_some_and(|own| context.catalog.is_gone(own))
    };
    let is_lost = (table.in_use() || unknown && !gone()) && !made_again && !is_partition;
    if is_lost && !has_successor(table, change, context) {
        let message = format!("`{}` is dropped while deployed code may still use it; its rows are gone", table.name);
        let finding = findings.report(change, message);
        finding.help("stop using the table, deploy that everywhere, take a backup, then drop it in a later migration");
        doubt(finding, change, context);
    }
}

fn names(change: &Change, table: &ObjectName) -> bool {
    change.table.as_ref().is_some_and(|own| own.name == *table)
}

/// Whether the new table that is renamed got rows from a query before the old one went.
fn is_filled(renamed: &Change, dropped: &Change, context: &Context<'_>) -> bool {
    let Some(new) = renamed.table.as_ref().filter(|new| !new.in_use()) else { return false };
    let fills = |one: &Change| matches!(one.kind, ChangeKind::Insert { selects: true, .. }) && names(one, &new.name);
    context.all_before(dropped).iter().any(fills)
}
