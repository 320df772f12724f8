use super::prelude::*;
use crate::lint::locks::parents_locked;

rule! {
    /// A new foreign key locks the table it refers to against writes, until the transaction ends.
    ///
    /// It does so also in CREATE TABLE, and although nothing is checked. Behind a long query of the parent all its writers queue;
    /// a short lock timeout keeps that short.
    ///
    /// ```sql fires postgres
    /// create table users (id int primary key);
    /// -- next migration
    /// create table orders (id int, user_id int references users (id));
    /// ```
    ///
    /// ```sql quiet postgres
    /// create table users (id int primary key);
    /// create table orders (id int, user_id int references users (id));
    /// ```
    "foreign-key-locks-parent", Info [BlocksReadsOrWrites] => Check::Migration(check)
}

/// Said once; with two parents another rule speaks.
fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.grammar() != Grammar::Postgres {
        return;
    }
    let locked: Vec<_> = context.script.changes.iter().flat_map(|change| parents_locked(change, context)).collect();
    let Some((change, parent)) = locked.first() else { return };
    let alone = locked.iter().all(|(_, other)| other == parent) || !context.one_transaction();
    if alone {
        findings
            .report(change, format!("writes to `{parent}` wait until this transaction ends"))
            .help("keep the migration short, and its lock timeout too");
    }
}
