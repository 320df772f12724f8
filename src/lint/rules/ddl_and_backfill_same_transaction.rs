use super::prelude::*;
use crate::lint::locks::locks_writes;

rule! {
    /// Writing many rows after a schema change keeps the lock of the change for as long as the writing takes.
    ///
    /// Nobody can use the table until all rows are written. Change the schema in one migration, fill the rows in batches in a
    /// second, tighten in a third.
    ///
    /// ```sql fires postgres
    /// alter table users add column region text;
    /// update users set region = 'eu' where region is null;
    /// ```
    ///
    /// ```sql quiet postgres
    /// alter table users add column region text;
    /// -- next migration
    /// update users set region = 'eu' where region is null;
    /// ```
    ///
    /// One row takes no time:
    ///
    /// ```sql quiet postgres
    /// create table users (id int primary key);
    /// -- next migration
    /// alter table users add column region text;
    /// update users set region = 'eu' where id = 1;
    /// ```
    "ddl-and-backfill-same-transaction", Error [BlocksReadsOrWrites] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.grammar() != Grammar::Postgres {
        return;
    }
    let (keys, table) = match (&change.kind, used(change)) {
        (ChangeKind::Update { keys, .. } | ChangeKind::Delete { keys, .. }, Some(table)) => (keys.as_slice(), table),
        (ChangeKind::Insert { selects: true, .. }, Some(table)) => (&[][..], table),
        _ => return,
    };
    let few = table.before.as_ref().is_some_and(|known| known.has_key_within(keys, context.grammar()));
    if few || !context.one_transaction() {
        return;
    }
    let above = context.first_lock().filter(|lock| lock.statement < change.statement);
    if let Some(locked) = above.and_then(locks_writes) {
        findings
            .report(
                change,
                format!("`{}` stays locked by a statement above until all these rows are written", locked.name),
            )
            .help("change the schema in one migration, and fill the rows in batches in the next");
    }
}
