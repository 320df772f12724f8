use super::prelude::*;
use crate::schema::mentions;

rule! {
    /// A new column whose default differs from row to row makes the server write the whole table anew.
    ///
    /// Nobody can read or write it meanwhile, and it takes twice the space. Add the column without a default, set the default,
    /// and fill the rows in batches.
    ///
    /// ```sql fires postgres
    /// alter table users add column token uuid not null default gen_random_uuid();
    /// ```
    ///
    /// ```sql quiet postgres
    /// alter table users add column seen timestamptz not null default now();
    /// ```
    ///
    /// ```sql quiet postgres
    /// alter table users add column token uuid;
    /// alter table users alter column token set default gen_random_uuid();
    /// ```
    "add-column-volatile-default", Error [TableRewrite] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.grammar() != Grammar::Postgres {
        return;
    }
    let ChangeKind::AddColumn { column, .. } = &change.kind else { return };
    let (Some(table), Some(default)) = (used(change), &column.default) else { return };
    if !context.server.since(11, 0, 0) {
        return;
    }
    if VOLATILE.iter().any(|function| mentions(default, function)) {
        findings
            .report(
                change,
                format!("nobody can read or write `{}` while it is written anew, a value for each row", table.name),
            )
            .help("add the column without a default, SET DEFAULT, then fill the rows in batches");
    }
}

/// What returns another value for every row; `now()` and its like do not.
const VOLATILE: &[&str] = &[
    "clock_timestamp",
    "gen_random_uuid",
    "nextval",
    "random",
    "timeofday",
    "uuid_generate_v1",
    "uuid_generate_v4",
    "uuidv4",
    "uuidv7",
];
