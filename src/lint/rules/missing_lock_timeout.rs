use super::prelude::*;
use crate::lint::limits::{asks_for_lock, is_set};
use crate::lint::mending::directive;

rule! {
    /// Without a lock timeout one long query and one schema change stop the application.
    ///
    /// The change waits for the query, and everybody who comes later waits behind the change: on PostgreSQL without end, on
    /// MySQL for a year, on MariaDB for a day. Run migrations by `migrate up`, which limits the waiting and tries again, or
    /// set the limit in the script.
    ///
    /// ```sql fires postgres mysql mariadb
    /// alter table users add column nick varchar(20);
    /// ```
    ///
    /// ```sql fires postgres
    /// set lock_timeout = 0;
    /// alter table users add column nick text;
    /// ```
    ///
    /// ```sql quiet postgres
    /// set local lock_timeout = '2s';
    /// alter table users add column nick text;
    /// ```
    ///
    /// ```sql quiet mysql mariadb
    /// set session lock_wait_timeout = 2;
    /// alter table users add column nick varchar(20);
    /// ```
    ///
    /// ```sql quiet postgres mysql mariadb
    /// -- migrate:lock-timeout 2s
    /// alter table users add column nick varchar(20);
    /// ```
    ///
    /// ```sql quiet postgres
    /// create index concurrently users_email on users (email);
    /// ```
    "missing-lock-timeout", optional Warning [TransactionMode] => Check::Migration(check)
}

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    let setting = match context.grammar() {
        Grammar::Postgres => "lock_timeout",
        Grammar::MySql | Grammar::MariaDb => "lock_wait_timeout",
        Grammar::Sqlite => return,
    };
    let waits = |change: &&Change| asks_for_lock(change, context) && !is_set(setting, change.statement, context);
    if context.lock_timeout().is_some() {
        return;
    }
    if let Some(change) = context.script.changes.iter().find(waits) {
        let help = match context.grammar() {
            Grammar::Postgres => "SET LOCAL lock_timeout = '2s' above it, or -- migrate:lock-timeout 2s",
            _ => "SET SESSION lock_wait_timeout = 2 above it, or -- migrate:lock-timeout 2s",
        };
        findings
            .report(change, "this waits for a lock without end, and everybody else behind it")
            .help(help)
            .mend(Some(directive("let it wait for two seconds only", "lock-timeout 2s")));
    }
}
