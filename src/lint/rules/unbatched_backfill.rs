use super::prelude::*;
use crate::lint::Severity;

rule! {
    /// Writing many rows in one statement keeps them all locked until it commits, and holds up replicas.
    ///
    /// Write in batches by ranges of the key, each in a transaction of its own.
    ///
    /// ```sql fires
    /// update users set region = 'eu' where region is null;
    /// ```
    ///
    /// ```sql fires
    /// insert into users (id, region) select old_id, region from old_users;
    /// ```
    ///
    /// One row, or a few, are no matter:
    ///
    /// ```sql quiet
    /// create table users (id int primary key, region varchar(10));
    /// -- next migration
    /// update users set region = 'eu' where id in (1, 2);
    /// ```
    ///
    /// So is what is copied from one row, or from none:
    ///
    /// ```sql quiet
    /// create table users (id int primary key, region varchar(10));
    /// create table regions (id int primary key, name varchar(10));
    /// -- next migration
    /// insert into users (id, region) select 1, name from regions where id = 7;
    /// insert into users (id, region) select 2, 'eu' where not exists (select 1 from users where region = 'eu');
    /// ```
    ///
    /// The database's own tables are not the application's:
    ///
    /// ```sql quiet postgres
    /// update pg_index set indisready = false where indrelid = 'posts'::regclass;
    /// ```
    "unbatched-backfill", Warning [BlocksReadsOrWrites] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let (keys, table) = match (&change.kind, used(change)) {
        (ChangeKind::Update { keys, filtered: true, .. }, Some(table)) => (keys.as_slice(), table),
        (ChangeKind::Delete { keys, filtered: true }, Some(table)) => (keys.as_slice(), table),
        (ChangeKind::Insert { selects: true, keys, .. }, Some(table)) => (keys.as_slice(), table),
        _ => return,
    };
    let inserts = matches!(change.kind, ChangeKind::Insert { .. });
    let reading = context.reading(change);
    let limited = reading.span.of(context.text()).split_whitespace().any(|word| word.eq_ignore_ascii_case("limit"));
    let few = table.before.as_ref().is_some_and(|known| known.has_key_within(keys, context.grammar()));
    if limited || (few && !inserts) {
        return;
    }
    let message = match inserts {
        true => format!("all the rows that the query finds are written to `{}` at once", table.name),
        false => format!("all the rows of `{}` that match are written at once", table.name),
    };
    let finding = findings.report(change, message);
    finding.help("write in batches by ranges of the key, each in a transaction of its own");
    // What equals constants is seldom most of a table.
    if !keys.is_empty() {
        finding.severity(Severity::Info);
    }
}
