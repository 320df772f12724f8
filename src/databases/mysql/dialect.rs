//! What MySQL's and MariaDB's SQL means. One text serves both: where they differ, it is in comments that only one of
//! them executes.

use std::fmt::Write as _;
use std::ops::Range;
use std::time::Duration;

use ecow::EcoString;

use crate::databases::{About, Dialect, HistoryTable, Limits, LockName, Probe};
use crate::sql::Lexis;

use super::probe;
use super::traces::leaves_transaction_open;

/// MySQL or MariaDB.
#[derive(Debug)]
pub(in crate::databases) struct Family {
    pub name: &'static str,
    pub lexis: &'static Lexis,
}

/// The savepoint that every transaction of ours begins with. Whatever ends the transaction, openly or by an implicit
/// commit, takes it away; that is how we notice.
pub(super) const SAVEPOINT: &str = "coexist_open";

/// What a guard is known by, so that its refusal is told from a script's own errors.
pub(super) const GUARD: &str = "/* migrate: guard */";

/// The query for what the server has to say about the statement right before it.
pub(super) const WARNINGS: &str = "SHOW WARNINGS LIMIT 50";

/// How our own limits begin; the session needs no reset because of them.
pub(super) const LIMITS: &str = "SET SESSION lock_wait_timeout=";

/// A year, which is the most that both accept.
const FOREVER: u64 = 31_536_000;

impl Dialect for Family {
    fn name(&self) -> &'static str {
        self.name
    }

    fn lexis(&self) -> &'static Lexis {
        self.lexis
    }

    fn quote(&self, identifier: &str) -> String {
        quote(identifier)
    }

    fn warnings(&self) -> Option<&'static str> {
        Some(WARNINGS)
    }

    fn literal(&self, text: &str) -> String {
        literal(text)
    }

    fn transactional_ddl(&self) -> bool {
        false
    }

    fn create_history(&self, table: &HistoryTable) -> Vec<String> {
        // The last column allows one running entry: nulls are no duplicates. Texts that may be longer than a page: some layouts have no limit for versions and names.
        vec![format!(
            "CREATE TABLE IF NOT EXISTS {} (
  seq BIGINT NOT NULL PRIMARY KEY,
  kind VARCHAR(20) NOT NULL,
  version TEXT NOT NULL,
  name TEXT NOT NULL,
  repeatable SMALLINT NOT NULL DEFAULT 0,
  state VARCHAR(20) NOT NULL CHECK (state IN ('running', 'done', 'abandoned')),
  statements_done INT NOT NULL DEFAULT 0,
  statements_total INT NOT NULL DEFAULT 0,
  probe TEXT NULL,
  owner VARCHAR(190) NOT NULL DEFAULT '',
  checksum TEXT NULL,
  checksum_algorithm TEXT NULL,
  down_checksum TEXT NULL,
  up_script LONGTEXT NULL,
  down_script LONGTEXT NULL,
  tag TEXT NULL,
  release_name TEXT NULL,
  compatible TEXT NULL,
  source_tool TEXT NULL,
  source_checksum TEXT NULL,
  applied_by TEXT NOT NULL,
  host TEXT NOT NULL,
  tool TEXT NOT NULL,
  started_at DATETIME(6) NOT NULL,
  finished_at DATETIME(6) NULL,
  hash CHAR(64) NOT NULL,
  in_flight SMALLINT GENERATED ALWAYS AS (CASE WHEN state = 'running' THEN 1 END) VIRTUAL UNIQUE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
            self.history_name(table)
        )]
    }

    fn databases(&self) -> Option<&'static str> {
        Some(
            "SELECT SCHEMA_NAME, SCHEMA_NAME <=> DATABASE() FROM information_schema.SCHEMATA \
             WHERE SCHEMA_NAME NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')",
        )
    }

    fn untransactional(&self, databases: &[EcoString]) -> String {
        format!(
            "SELECT t.TABLE_NAME, t.ENGINE FROM information_schema.TABLES t JOIN information_schema.ENGINES e \
             ON e.ENGINE = t.ENGINE WHERE t.TABLE_SCHEMA IN ({}) AND t.TABLE_TYPE = 'BASE TABLE' AND e.TRANSACTIONS <> 'YES'",
            literals(databases)
        )
    }

    fn bodies(&self, databases: &[EcoString]) -> String {
        let databases = literals(databases);
        format!(
            "SELECT EVENT_OBJECT_TABLE, ACTION_STATEMENT, 0 FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA IN ({databases}) \
             UNION ALL SELECT TABLE_NAME, VIEW_DEFINITION, 0 FROM information_schema.VIEWS WHERE TABLE_SCHEMA IN ({databases}) \
             UNION ALL SELECT ROUTINE_NAME, ROUTINE_DEFINITION, 1 FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA IN ({databases})"
        )
    }

    fn schemas_are_databases(&self) -> bool {
        true
    }

    fn schema_exists(&self, schema: &str) -> Option<String> {
        Some(format!("SELECT 1 FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = {}", literal(schema)))
    }

    fn history_exists(&self, table: &HistoryTable) -> String {
        let schema = table.schema.as_deref().map_or_else(|| "DATABASE()".to_owned(), literal);
        let name = literal(&table.name);
        format!("SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = {schema} AND TABLE_NAME = {name}")
    }

    fn history_name(&self, table: &HistoryTable) -> String {
        match &table.schema {
            Some(schema) => format!("{}.{}", quote(schema), quote(&table.name)),
            None => quote(&table.name),
        }
    }

    fn now(&self) -> &'static str {
        "UTC_TIMESTAMP(6)"
    }

    fn utc(&self, column: &str) -> String {
        format!("CONCAT({column}, '+00')")
    }

    fn current_user(&self) -> &'static str {
        "CURRENT_USER()"
    }

    fn begin(&self) -> Vec<String> {
        // READ WRITE, since a script may have made the session read-only.
        vec!["START TRANSACTION READ WRITE".to_owned(), format!("SAVEPOINT {SAVEPOINT}")]
    }

    fn fence(&self, lock: &LockName) -> Option<String> {
        Some(format!("IS_USED_LOCK({}) = CONNECTION_ID()", literal(&lock.word)))
    }

    fn assured(&self, condition: &str, value: &str) -> String {
        // A number too large, which is found out only when it is asked for.
        format!("IF({condition}, {value}, EXP(1000 + CONNECTION_ID())) {GUARD}")
    }

    fn guard(&self, condition: &str) -> String {
        // Without a limit of its own, a script's `sql_select_limit = 0` would keep it from being asked.
        format!("SELECT {} LIMIT 1", self.assured(condition, "0"))
    }

    fn still_ours(&self) -> Option<&'static str> {
        None
    }

    fn regain(&self) -> &'static [&'static str] {
        const { &["RELEASE SAVEPOINT coexist_open"] }
    }

    fn home(&self, about: &About) -> Option<String> {
        Some(about.database.clone())
    }

    fn which_server(&self) -> &'static [&'static str] {
        // MariaDB has no name for a server but the machine's.
        &[
            "SHOW GLOBAL STATUS WHERE Variable_name = 'wsrep_cluster_state_uuid'",
            "SELECT @@group_replication_group_name",
            "SELECT @@server_uuid",
            "SELECT CONCAT(@@hostname, ':', @@port, ' ', @@server_uid)",
            "SELECT CONCAT(@@hostname, ':', @@port)",
        ]
    }

    fn probe(&self, statement: &str) -> Probe {
        probe::probe(statement, self.lexis)
    }

    fn may_end_halfway(&self, statement: &str) -> bool {
        probe::may_end_halfway(statement, self.lexis)
    }

    fn conclusion(&self, statement: &str) -> &'static [&'static str] {
        // A `completion_type` that chains would open the next transaction at once.
        if leaves_transaction_open(statement) { &["SET completion_type = 0, autocommit = 1", "COMMIT"] } else { &[] }
    }

    fn foreseen(&self, earlier: &[&str], statement: &str) -> Option<&'static str> {
        probe::foreseen(earlier, statement, self.lexis)
    }

    fn limit_session(&self, limits: &Limits) -> Vec<String> {
        vec![limit(limits)]
    }
}

/// Locks, of tables and of rows, are waited for in whole seconds, one at least: the servers take no fractions. Whoever waits
/// for a row holds those that the statement has changed already. MySQL limits only `SELECT`, MariaDB every statement.
fn limit(limits: &Limits) -> String {
    let lock = limits.lock.map_or(FOREVER, whole_seconds);
    let statement = limits.statement.unwrap_or_default();
    format!(
        "{LIMITS}{lock}, innodb_lock_wait_timeout={lock} /*M!, max_statement_time={}.{:03}*/ /*!80000 , max_execution_time={}*/",
        statement.as_secs(),
        statement.subsec_millis(),
        statement.as_millis()
    )
}

fn whole_seconds(limit: Duration) -> u64 {
    (limit.as_millis().div_ceil(1000) as u64).clamp(1, FOREVER)
}

/// An identifier in backquotes, which mean the same in every `sql_mode`.
pub(super) fn quote(identifier: &str) -> String {
    format!("`{}`", identifier.replace('`', "``"))
}

/// Text that needs no escapes as it is, everything else as the bytes of its characters: no `sql_mode` and no character
/// set of the session changes what either means. Bytes take twice the room in a packet, so longer stretches of plain text
/// among them stay what they are.
pub(super) fn literal(text: &str) -> String {
    let worth = SHORTEST_STRETCH.max(text.len() / MOST_STRETCHES).min(text.len());
    let mut stretches: Vec<(bool, Range<usize>)> = Vec::new();
    let mut at = 0;
    for run in text.as_bytes().chunk_by(|one, next| is_plain(*one) == is_plain(*next)) {
        let plain = is_plain(run[0]) && run.len() >= worth;
        let end = at + run.len();
        match stretches.last_mut() {
            Some((false, bytes)) if !plain => bytes.end = end,
            _ => stretches.push((plain, at..end)),
        }
        at = end;
    }
    let mut terms = stretches.into_iter().map(|(plain, range)| match plain {
        true => format!("_utf8mb4'{}'", text[range].replace('\'', "''")),
        false => hexadecimal(&text[range]),
    });
    let first = terms.next().unwrap_or_else(|| "''".to_owned());
    match terms.next() {
        None => first,
        Some(second) => {
            let all: Vec<String> = [first, second].into_iter().chain(terms).collect();
            format!("CONCAT({})", all.join(","))
        }
    }
}

fn literals(texts: &[EcoString]) -> String {
    texts.iter().map(|text| literal(text)).collect::<Vec<_>>().join(", ")
}

/// How long a stretch of plain text among bytes is at least.
const SHORTEST_STRETCH: usize = 32;
/// How many of them there are at most.
const MOST_STRETCHES: usize = 500;

/// Whether a byte between quotes is itself, in every mode and in every character set that a client can have.
fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..0x7f | b'\n' | b'\t' | b'\r') && byte != b'\\'
}

fn hexadecimal(text: &str) -> String {
    let mut literal = String::with_capacity(text.len() * 2 + 14);
    literal.push_str("_utf8mb4 X'");
    for byte in text.bytes() {
        let _ = write!(literal, "{byte:02X}");
    }
    literal.push('\'');
    literal
}

#[cfg(test)]
mod tests {
    use super::*;

    const MYSQL: Family = Family { name: "mysql", lexis: &Lexis::MYSQL };

    #[test]
    fn the_savepoint_is_the_one_that_is_given_back() {
        let begin = MYSQL.begin();
        assert_eq!(begin.last().unwrap(), &format!("SAVEPOINT {SAVEPOINT}"));
        assert_eq!(MYSQL.regain(), [format!("RELEASE SAVEPOINT {SAVEPOINT}")]);
    }

    #[test]
    fn a_guard_is_asked_whatever_the_limit_for_rows() {
        assert!(MYSQL.guard("1 = 2").ends_with(" LIMIT 1"));
    }

    #[test]
    fn literals_depend_on_no_setting() {
        assert_eq!(literal("it's\n"), "_utf8mb4'it''s\n'");
        assert_eq!(literal(""), "''");
        assert_eq!(literal("a\\b"), "_utf8mb4 X'615C62'");
        assert_eq!(literal("é"), "_utf8mb4 X'C3A9'");
        let long = "x".repeat(40);
        assert_eq!(
            literal(&format!("{long}éa\\{long}")),
            format!("CONCAT(_utf8mb4'{long}',_utf8mb4 X'C3A9615C',_utf8mb4'{long}')")
        );
    }

    #[test]
    fn limits_are_whole_seconds_for_locks() {
        let limits = |lock, statement| limit(&Limits { lock, statement });
        assert!(
            limits(None, None)
                .starts_with("SET SESSION lock_wait_timeout=31536000, innodb_lock_wait_timeout=31536000 ")
        );
        let short = limits(Some(Duration::from_millis(300)), Some(Duration::from_millis(2500)));
        assert_eq!(
            short,
            "SET SESSION lock_wait_timeout=1, innodb_lock_wait_timeout=1 /*M!, max_statement_time=2.500*/ /*!80000 , max_execution_time=2500*/"
        );
        assert!(limits(Some(Duration::from_secs(9)), None).contains("=9, innodb_lock_wait_timeout=9 "));
    }
}
