use super::prelude::*;
use crate::lint::limits::{asks_for_lock, is_set};

rule! {
    /// Without a statement timeout a schema change holds its locks for as long as it takes.
    ///
    /// What takes a moment on a copy may take an hour in production. A limit ends it, and nothing has happened.
    ///
    /// ```sql fires postgres
    /// alter table users add column nick text;
    /// ```
    ///
    /// ```sql quiet postgres
    /// set local statement_timeout = '1min';
    /// alter table users add column nick text;
    /// ```
    ///
    /// ```sql quiet postgres
    /// -- migrate:statement-timeout 1m
    /// alter table users add column nick text;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create index concurrently users_email on users (email);
    /// ```
    "missing-statement-timeout", optional Info [TransactionMode] => Check::Migration(check)
}

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.grammar() != Grammar::Postgres || context.statement_timeout().is_some() {
        return;
    }
    let unlimited =
        |change: &&Change| asks_for_lock(change, context) && !is_set("statement_timeout", change.statement, context);
    if let Some(change) = context.script.changes.iter().find(unlimited) {
        findings
            .report(change, "nothing ends this if it takes too long")
            .help("SET LOCAL statement_timeout = '1min' above it, or -- migrate:statement-timeout 1m");
    }
}
