use super::prelude::*;

rule! {
    /// Writing many rows in one statement keeps them all locked until it commits, and holds up replicas.
    ///
    /// Write in batches by ranges of the key, each in a transaction of its own.
    ///
    /// ```sql fires
    /// update users set region = 'eu' where region is null;
    /// ```
    ///
    /// ```sql quiet
    /// create table users (id int primary key, region varchar(10));
    /// -- next migration
    /// update users set region = 'eu' where id in (1, 2);
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
        (ChangeKind::Insert { selects: true, .. }, Some(table)) => (&[][..], table),
        _ => return,
    };
    let reading = context.reading(change);
    let limited = reading.span.of(context.text()).split_whitespace().any(|word| word.eq_ignore_ascii_case("limit"));
    let few = table.before.as_ref().is_some_and(|known| known.has_key_within(keys, context.grammar()));
    if !few && !limited {
        findings
            .report(change, format!("all the rows of `{}` that match are written at once", table.name))
            .help("write in batches by ranges of the key, each in a transaction of its own");
    }
}
