//! What SQLite's SQL means.

use super::super::{About, Dialect, HistoryTable, Limits, LockName, Probe, Suspension};
use crate::sql::{Lexis, Token, Tokens};

/// SQLite's SQL.
#[derive(Debug)]
pub(super) struct SqliteDialect;

/// What a guard is known by: SQLite's error is none that only a guard could cause.
pub(super) const GUARD: &str = "/* migrate: guard */";

fn quote(identifier: &str) -> String {
    format!("\"{}\"", identifier.replace('"', "\"\""))
}

fn literal(text: &str) -> String {
    // SQLite ends a text at NUL; scripts that have one are refused long before.
    format!("'{}'", text.replace('\0', "\u{fffd}").replace('\'', "''"))
}

impl Dialect for SqliteDialect {
    fn name(&self) -> &'static str {
        "sqlite"
    }

    fn lexis(&self) -> &'static Lexis {
        &Lexis::SQLITE
    }

    fn quote(&self, identifier: &str) -> String {
        quote(identifier)
    }

    fn literal(&self, text: &str) -> String {
        literal(text)
    }

    fn transactional_ddl(&self) -> bool {
        true
    }

    fn create_history(&self, table: &HistoryTable) -> Vec<String> {
        let create = format!(
            "CREATE TABLE IF NOT EXISTS {name} (\n\
             \x20   seq integer PRIMARY KEY,\n\
             \x20   kind text NOT NULL,\n\
             \x20   version text NOT NULL,\n\
             \x20   name text NOT NULL,\n\
             \x20   repeatable integer NOT NULL DEFAULT 0,\n\
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
             \x20   started_at text NOT NULL,\n\
             \x20   finished_at text,\n\
             \x20   hash text NOT NULL\n)",
            name = self.history_name(table)
        );
        // At most one migration is in flight.
        let one = format!(
            "CREATE UNIQUE INDEX IF NOT EXISTS main.{} ON {} (state) WHERE state = 'running'",
            quote(&format!("{}_running", table.name)),
            quote(&table.name)
        );
        vec![create, one]
    }

    fn history_exists(&self, table: &HistoryTable) -> String {
        format!(
            "SELECT 1 FROM main.sqlite_master WHERE type = 'table' AND lower(name) = lower({})",
            literal(&table.name)
        )
    }

    fn history_name(&self, table: &HistoryTable) -> String {
        // Qualified, or a temporary table of the same name would stand before it.
        format!("main.{}", quote(&table.name))
    }

    fn now(&self) -> &'static str {
        "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')"
    }

    fn utc(&self, column: &str) -> String {
        format!("strftime('%Y-%m-%d %H:%M:%f', {column}) || '000+00'")
    }

    /// The driver hands each row from one thread to another.
    fn packed(&self, columns: &[String], table: &str, order: &str) -> Option<String> {
        let texts: Vec<String> = columns.iter().map(|column| format!("{column} || ''")).collect();
        Some(format!("SELECT json_group_array(json_array({}) ORDER BY {order}) FROM {table}", texts.join(", ")))
    }

    fn current_user(&self) -> &'static str {
        "''"
    }

    fn begin(&self) -> Vec<String> {
        // A deferred transaction would fail later, at once and for good, if somebody else wrote in between.
        vec!["BEGIN IMMEDIATE".to_owned()]
    }

    fn fence(&self, _lock: &LockName) -> Option<String> {
        None
    }

    fn assured(&self, condition: &str, value: &str) -> String {
        // The number whose absolute value is none; not a constant, or it might be computed beforehand.
        format!(
            "{GUARD} CASE WHEN {condition} THEN {value} \
             ELSE abs(-9223372036854775807 - (changes() IS NOT NULL)) END"
        )
    }

    fn still_ours(&self) -> Option<&'static str> {
        None
    }

    fn regain(&self) -> &'static [&'static str] {
        &[]
    }

    fn home(&self, _about: &About) -> Option<String> {
        None
    }

    fn commit_can_wait(&self) -> bool {
        true
    }

    fn probe(&self, statement: &str) -> Probe {
        let mut tokens = Tokens::new(statement, &Lexis::SQLITE).code();
        let first = tokens.next();
        let is_word = |token: &Token, word| token.is_word(statement, word);
        if first.is_some_and(|token| is_word(&token, "VACUUM")) && tokens.any(|token| is_word(&token, "INTO")) {
            return Probe::Unknown("whether the copy was written whole, its file must tell".to_owned());
        }
        let again = ["VACUUM", "PRAGMA", "ANALYZE", "REINDEX", "ATTACH", "DETACH"];
        match first.is_some_and(|token| again.iter().any(|word| token.is_word(statement, word))) {
            true => Probe::Rerun,
            false => Probe::Unknown("SQLite does not tell whether it took effect".to_owned()),
        }
    }

    fn foreign_key_suspension(&self) -> Option<Suspension> {
        Some(Suspension {
            off: "PRAGMA foreign_keys = OFF",
            on: "PRAGMA foreign_keys = ON",
            dangling: "SELECT count(*) FROM pragma_foreign_key_check",
            violations: "SELECT \"table\", parent FROM pragma_foreign_key_check",
        })
    }

    fn limit_session(&self, limits: &Limits) -> Vec<String> {
        // Above whole milliseconds none is left out: a limit of nothing would be none.
        let limit = limits.statement.map_or(0, |limit| limit.as_millis().max(1));
        vec![format!("{LIMIT}{limit}")]
    }
}

/// How the session is told how many milliseconds each statement may take. SQLite passes over what it does not know.
const LIMIT: &str = "PRAGMA migrate_statement_timeout = ";

/// The limit that a statement sets, if that is what it does.
pub(super) fn limit(sql: &str) -> Option<u64> {
    sql.strip_prefix(LIMIT)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_outside_transactions_may_run_again() {
        assert_eq!(SqliteDialect.probe("-- tidy\nvacuum"), Probe::Rerun);
        assert_eq!(SqliteDialect.probe("PRAGMA journal_mode = wal"), Probe::Rerun);
        assert!(matches!(SqliteDialect.probe("vacuum main into 'copy.db'"), Probe::Unknown(_)));
        assert!(matches!(SqliteDialect.probe("insert into t values (1)"), Probe::Unknown(_)));
    }

    #[test]
    fn names_and_texts_are_quoted() {
        assert_eq!(SqliteDialect.quote("a\"b"), "\"a\"\"b\"");
        assert_eq!(SqliteDialect.literal("it's \\ here"), "'it''s \\ here'");
    }
}
