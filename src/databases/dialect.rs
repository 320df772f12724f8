//! What a database's SQL means. Pure: whoever has a dialect cannot connect.

use std::time::Duration;

use ecow::EcoString;

use crate::sql::Lexis;

use super::{About, LockName};

/// What the SQL of one database means, and how our own bookkeeping is written in it.
pub trait Dialect: Sync {
    /// The database's name, as in [`Database::name`](super::Database::name).
    fn name(&self) -> &'static str;
    /// How its texts are cut into tokens and statements.
    fn lexis(&self) -> &'static Lexis;
    /// An identifier, quoted.
    fn quote(&self, identifier: &str) -> String;
    /// A string literal that means exactly this text, whatever the session's settings.
    fn literal(&self, text: &str) -> String;
    /// Whether schema changes can be rolled back, so that a file is one transaction.
    fn transactional_ddl(&self) -> bool;

    /// The statements that create the history table when it is missing; each may be run again.
    fn create_history(&self, table: &HistoryTable) -> Vec<String>;
    /// The statement that creates a schema for the history; none where that is not for us to do.
    fn create_schema(&self, schema: &str) -> Option<String> {
        let _ = schema;
        None
    }
    /// Whether what other servers call a schema is a database here.
    fn schemas_are_databases(&self) -> bool {
        false
    }
    /// The query for the names of the databases that tables without transactions may be in, each with whether it is in use,
    /// as `1`; none where all tables know transactions.
    fn databases(&self) -> Option<&'static str> {
        None
    }
    /// The query that returns the tables of these databases that know no transactions, and their engines.
    fn untransactional(&self, databases: &[EcoString]) -> String {
        let _ = databases;
        String::new()
    }
    /// The query that returns the triggers, views and routines of these databases: the name by which a script has them run,
    /// their text, and `1` for routines, which run only where they are called.
    fn bodies(&self, databases: &[EcoString]) -> String {
        let _ = databases;
        String::new()
    }
    /// The query that returns a row when there is a schema of this name, as far as this login sees; none where there are no
    /// schemas.
    fn schema_exists(&self, schema: &str) -> Option<String> {
        let _ = schema;
        None
    }
    /// The query that names the schema where a history would be that is not on the login's path, though it was there when
    /// it was begun; none where that cannot be.
    fn overlooked(&self, table: &HistoryTable) -> Option<String> {
        let _ = table;
        None
    }
    /// The query that returns a row when the history table exists, and none when it does not.
    fn history_exists(&self, table: &HistoryTable) -> String;
    /// The table's name as statements write it, qualified so that no `search_path` or `USE` misleads it.
    fn history_name(&self, table: &HistoryTable) -> String;
    /// An expression for the present moment by the database's clock, not the transaction's start.
    fn now(&self) -> &'static str;
    /// An expression for a timestamp column as text in UTC: `2026-11-21 09:30:00.123456+00`.
    fn utc(&self, column: &str) -> String;

    /// The query for these columns of a table as one value, a JSON array of the rows, each an array of texts, in this order;
    /// none where a row costs no more than its text.
    fn packed(&self, columns: &[String], table: &str, order: &str) -> Option<String> {
        let _ = (columns, table, order);
        None
    }

    /// An expression for the login, as text.
    fn current_user(&self) -> &'static str;

    /// The statements that open a transaction.
    fn begin(&self) -> Vec<String>;
    /// A condition that is true only while this very connection holds the lock; none where the
    /// transaction itself is the lock.
    fn fence(&self, lock: &LockName) -> Option<String>;
    /// An expression of this value, a whole number, that fails unless the condition is true.
    fn assured(&self, condition: &str, value: &str) -> String;
    /// A statement that fails unless the condition is true (and does nothing else).
    fn guard(&self, condition: &str) -> String {
        format!("SELECT {}", self.assured(condition, "0"))
    }
    /// A condition on a row of the history that is true only if the transaction now open wrote it: false when a migration's
    /// script ended our transaction. None where the session itself can tell.
    fn still_ours(&self) -> Option<&'static str>;
    /// The statements that give this one a name, by which the rest of the message can run it again at less cost for the server;
    /// `$1` and so on stand for what changes. None where nothing is gained.
    fn prepare(&self, name: &str, statement: &str) -> Option<String> {
        let _ = (name, statement);
        None
    }
    /// What forgets every name of [`prepare`](Dialect::prepare).
    fn forget_prepared(&self) -> Option<&'static str> {
        None
    }
    /// Runs what [`prepare`](Dialect::prepare) named, with these values.
    fn run_prepared(&self, name: &str, values: &[String]) -> String {
        format!("EXECUTE {name}({})", values.join(", "))
    }
    /// Statements to run after a script and before our bookkeeping in the same transaction, so that a
    /// changed role cannot reach it.
    fn regain(&self) -> &'static [&'static str];
    /// Where the history is kept unless the user says otherwise: a schema, or on MySQL the database.
    fn home(&self, about: &About) -> Option<String>;
    /// Whether `COMMIT` may be refused for a moment because others read, with the transaction still open (SQLite).
    fn commit_can_wait(&self) -> bool {
        false
    }

    /// The query for what the server has to say about the statement right before it, where a session does not hear that by
    /// itself.
    fn warnings(&self) -> Option<&'static str> {
        None
    }

    /// Queries for what the server calls itself, wherever one connects to it, or the cluster that it is part of: the last
    /// value of the first row. One that the server does not know is passed over, and so is an empty answer.
    fn which_server(&self) -> &'static [&'static str] {
        &[]
    }

    /// What tells, after a crash, whether a statement that ran outside our transaction took effect.
    fn probe(&self, statement: &str) -> Probe;
    /// The value that a [fingerprint](Probe::Fingerprint) certainly has before the statement when these of the same script
    /// ran right before it, the nearest last; none when their text does not tell.
    fn foreseen(&self, earlier: &[&str], statement: &str) -> Option<&'static str> {
        let _ = (earlier, statement);
        None
    }
    /// Whether a statement that the server refuses may have done a part of its work for good: a procedure that commits.
    fn may_end_halfway(&self, statement: &str) -> bool {
        let _ = statement;
        false
    }
    /// Whether two values of a [fingerprint](Probe::Fingerprint) say that the statement did not take effect between them.
    fn is_unchanged(&self, before: &str, now: &str) -> bool {
        before == now
    }
    /// The statements that end the transaction which this one, run alone, may have left open: what it did must stand before
    /// its record does. None for statements that leave none.
    fn conclusion(&self, statement: &str) -> &'static [&'static str] {
        let _ = statement;
        &[]
    }
    /// A query for what the statement leaves behind when it is broken off or fails half-way (an invalid index): each
    /// row is a statement that clears it away, by undoing it or by finishing it. What its before-image tells of as there
    /// already is left alone. None for statements that leave nothing.
    fn leftovers(&self, statement: &str, before: Option<&str>) -> Option<String> {
        let _ = (statement, before);
        None
    }
    /// A query for what is left then all the same, as clearing it away is not for us, or is what running the statement again
    /// does (an index that is half dropped): each row says what, to follow "it leaves". None for statements that leave nothing.
    fn remains(&self, statement: &str) -> Option<String> {
        let _ = statement;
        None
    }

    /// How foreign keys are suspended while tables are rebuilt; none where that is never needed.
    fn foreign_key_suspension(&self) -> Option<Suspension> {
        None
    }
    /// The statements that put these limits on the session. One that is rolled back takes them back.
    fn limit_session(&self, limits: &Limits) -> Vec<String>;
}

/// How the value of a [fingerprint](Probe::Fingerprint) begins that says what there is left to do.
pub const LEFT: &str = "left ";

/// What tells whether a statement that ran outside our transaction took effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Probe {
    /// An expression over the catalog whose value, as text, the statement changes: an [unchanged](Dialect::is_unchanged)
    /// value means that it did not take effect, another that it did; but one that begins with [`LEFT`], where the value before
    /// was another, that a part of it did. Leftovers count as not. Null, before or after, means that this login
    /// may not see what would tell: then a human must decide.
    Fingerprint(String),
    /// The statement may simply run again.
    Rerun,
    /// Nobody can tell, and why: a human must decide.
    Unknown(String),
}

/// How foreign keys are suspended while tables are rebuilt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suspension {
    /// The statement that suspends them; it must run outside a transaction.
    pub off: &'static str,
    /// The statement that puts them back, likewise.
    pub on: &'static str,
    /// A query for the number of rows that point nowhere.
    pub dangling: &'static str,
    /// A query for such rows: the table, and the table it points to.
    pub violations: &'static str,
}

/// Where the history is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryTable {
    /// The schema (PostgreSQL) or database (MySQL) it is in; none where there are no schemas.
    pub schema: Option<String>,
    /// Its name.
    pub name: String,
}

/// How long things may take on the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// For each lock a statement waits for; none waits without end (as `CONCURRENTLY` must).
    pub lock: Option<Duration>,
    /// For each statement; none has no end.
    pub statement: Option<Duration>,
}
