//! What PostgreSQL's SQL means. Every name is qualified, so that no `search_path` can mislead it.

use std::time::Duration;

use super::super::{About, Dialect, HistoryTable, Limits, LockName, Probe};
use super::catalog;
use crate::sql::Lexis;

/// PostgreSQL's SQL.
#[derive(Debug)]
pub(super) struct PostgresDialect;

/// What a guard that says no puts into the server's error, to be told from every other error.
pub(super) const GUARD: &str = "migrate: guard failed";

/// A string literal that means exactly this text, whatever `standard_conforming_strings` is.
pub(super) fn literal(text: &str) -> String {
    // The server knows no NUL; scripts that have one are refused long before.
    let text = text.replace('\0', "\u{fffd}").replace('\'', "''");
    match text.contains('\\') {
        true => format!("E'{}'", text.replace('\\', "\\\\")),
        false => format!("'{text}'"),
    }
}

/// The two numbers under which `pg_locks` lists a lock.
pub(super) fn lock_numbers(lock: &LockName) -> (u32, u32) {
    let number = lock.number.cast_unsigned();
    ((number >> 32) as u32, (number & 0xffff_ffff) as u32)
}

/// A setting's text for a limit; 0 is none.
fn milliseconds(limit: Option<Duration>) -> u128 {
    limit.map_or(0, |limit| limit.as_millis().clamp(1, i32::MAX as u128))
}

impl Dialect for PostgresDialect {
    fn name(&self) -> &'static str {
        "postgres"
    }

    fn lexis(&self) -> &'static Lexis {
        &Lexis::POSTGRES
    }

    fn quote(&self, identifier: &str) -> String {
        format!("\"{}\"", identifier.replace('"', "\"\""))
    }

    fn literal(&self, text: &str) -> String {
        literal(text)
    }

    fn transactional_ddl(&self) -> bool {
        true
    }

    fn create_history(&self, table: &HistoryTable) -> Vec<String> {
        let name = self.history_name(table);
        let create = format!(
            "CREATE TABLE IF NOT EXISTS {name} (\n\
             \x20   seq bigint PRIMARY KEY,\n\
             \x20   kind text NOT NULL,\n\
             \x20   version text NOT NULL,\n\
             \x20   name text NOT NULL,\n\
             \x20   repeatable smallint NOT NULL DEFAULT 0,\n\
             \x20   state text NOT NULL CHECK (state IN ('running', 'done', 'abandoned')),\n\
             \x20   statements_done integer NOT NULL DEFAULT 0,\n\
             \x20   statements_total integer NOT NULL DEFAULT 0,\n\
             \x20   probe text,\n\
             \x20   owner text NOT NULL DEFAULT '',\n\
             \x20   checksum text,\n\
             \x20   checksum_algorithm text,\n\
             \x20   down_checksum text,\n\
             \x20   up_script text,\n\
             \x20   down_script text,\n\
             \x20   tag text,\n\
             \x20   release_name text,\n\
             \x20   compatible text,\n\
             \x20   source_tool text,\n\
             \x20   source_checksum text,\n\
             \x20   applied_by text NOT NULL,\n\
             \x20   host text NOT NULL,\n\
             \x20   tool text NOT NULL,\n\
             \x20   started_at timestamptz NOT NULL,\n\
             \x20   finished_at timestamptz,\n\
             \x20   hash text NOT NULL\n)"
        );
        // At most one migration is in flight.
        let index = self.quote(&shorten(&format!("{}_running", table.name)));
        let in_flight = format!("CREATE UNIQUE INDEX IF NOT EXISTS {index} ON {name} ((1)) WHERE state = 'running'");
        vec![create, in_flight]
    }

    fn create_schema(&self, schema: &str) -> Option<String> {
        Some(format!("CREATE SCHEMA IF NOT EXISTS {}", self.quote(schema)))
    }

    fn schema_exists(&self, schema: &str) -> Option<String> {
        Some(format!("SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = {}", literal(schema)))
    }

    fn overlooked(&self, table: &HistoryTable) -> Option<String> {
        // Other schemas may be other tenants'. This login need not be allowed to look into it.
        (schema(table) != "public").then(|| {
            format!(
                "SELECT n.nspname::pg_catalog.text FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n \
                 ON n.oid = c.relnamespace WHERE n.nspname = 'public' AND c.relname = {} AND c.relkind IN ('r', 'p')",
                literal(&table.name)
            )
        })
    }

    fn history_exists(&self, table: &HistoryTable) -> String {
        format!(
            "SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
             WHERE n.nspname = {} AND c.relname = {} AND c.relkind IN ('r', 'p')",
            literal(schema(table)),
            literal(&table.name)
        )
    }

    fn history_name(&self, table: &HistoryTable) -> String {
        format!("{}.{}", self.quote(schema(table)), self.quote(&table.name))
    }

    fn now(&self) -> &'static str {
        "pg_catalog.clock_timestamp()"
    }

    fn utc(&self, column: &str) -> String {
        format!("pg_catalog.to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || '+00'")
    }

    fn current_user(&self) -> &'static str {
        "session_user::text"
    }

    fn begin(&self) -> Vec<String> {
        vec!["BEGIN".to_owned()]
    }

    fn fence(&self, lock: &LockName) -> Option<String> {
        // The session holds the lock twice: giving one back, which says whether there was one, never lets go of it. To look
        // into `pg_locks` instead would cost the server more than the whole claim, and the more the more locks there are.
        let number = lock.number;
        Some(format!(
            "CASE WHEN pg_catalog.pg_advisory_unlock({number}) \
             THEN pg_catalog.pg_try_advisory_lock({number}) ELSE false END"
        ))
    }

    fn assured(&self, condition: &str, value: &str) -> String {
        // Not a constant, or the planner would compute it (and fail) beforehand; no plpgsql, which may be missing.
        format!(
            "CASE WHEN {condition} THEN {value} ELSE CAST({} || pg_catalog.pg_backend_pid()::text AS integer) END",
            literal(&format!("{GUARD} "))
        )
    }

    fn still_ours(&self) -> Option<&'static str> {
        Some("xmin::text = (pg_catalog.txid_current() % 4294967296)::text")
    }

    fn prepare(&self, name: &str, statement: &str) -> Option<String> {
        Some(format!("PREPARE {name} AS {statement}"))
    }

    fn forget_prepared(&self) -> Option<&'static str> {
        Some("DEALLOCATE ALL")
    }

    fn regain(&self) -> &'static [&'static str] {
        // Not `NONE`: an administrator may have given the login a role to begin with (`ALTER ROLE … SET role`).
        &["RESET SESSION AUTHORIZATION", "RESET ROLE"]
    }

    fn home(&self, about: &About) -> Option<String> {
        // What is in the schema of temporary tables ends with the session.
        let lasts = |schema: &&String| !schema.starts_with("pg_temp");
        let home = about.history.as_ref().filter(lasts).or(about.schema.as_ref().filter(lasts));
        Some(home.cloned().unwrap_or_else(|| "public".to_owned()))
    }

    fn which_server(&self) -> &'static [&'static str] {
        // Standbys have it, too, so that it outlasts a failover.
        &["SELECT system_identifier::text FROM pg_catalog.pg_control_system()"]
    }

    fn probe(&self, statement: &str) -> Probe {
        catalog::probe(statement)
    }

    fn may_end_halfway(&self, statement: &str) -> bool {
        catalog::calls(statement)
    }

    fn is_unchanged(&self, before: &str, now: &str) -> bool {
        catalog::is_unchanged(before, now)
    }

    fn leftovers(&self, statement: &str, before: Option<&str>) -> Option<String> {
        catalog::leftovers(statement, before)
    }

    fn remains(&self, statement: &str) -> Option<String> {
        catalog::remains(statement)
    }

    fn limit_session(&self, limits: &Limits) -> Vec<String> {
        vec![
            format!("SET lock_timeout = {}", milliseconds(limits.lock)),
            format!("SET statement_timeout = {}", milliseconds(limits.statement)),
        ]
    }
}

fn schema(table: &HistoryTable) -> &str {
    table.schema.as_deref().unwrap_or("public")
}

/// The server cuts longer names, and would then not find them again.
fn shorten(name: &str) -> String {
    let mut end = name.len().min(63);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    name[..end].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_do_not_depend_on_settings() {
        assert_eq!(literal("it's"), "'it''s'");
        assert_eq!(literal("a\\'b"), "E'a\\\\''b'");
        assert_eq!(PostgresDialect.quote("a\"b"), "\"a\"\"b\"");
    }

    #[test]
    fn a_lock_number_is_listed_in_two_halves() {
        let numbers = |number| lock_numbers(&LockName { number, word: String::new() });
        assert_eq!(numbers(-1), (u32::MAX, u32::MAX));
        assert_eq!(numbers(0x1_0000_0002), (1, 2));
    }

    #[test]
    fn limits_are_milliseconds_and_never_rounded_to_none() {
        let limits = Limits { lock: Some(Duration::from_micros(10)), statement: None };
        assert_eq!(PostgresDialect.limit_session(&limits), ["SET lock_timeout = 1", "SET statement_timeout = 0"]);
    }
}
