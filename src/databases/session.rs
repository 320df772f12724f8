//! One open connection, as the runner sees it.

use std::time::Duration;

use async_trait::async_trait;
use ecow::EcoString;

use super::{BatchError, Notices, SqlError};

/// A row of a result, every value as text. Most values are short, and then take no memory of their own.
pub type Row = Vec<Option<EcoString>>;

/// One open connection.
#[async_trait]
pub trait Session: Send {
    /// What it is connected to.
    fn about(&self) -> &About;

    /// Runs statements in order until one fails; one message to the server where the engine allows.
    ///
    /// Nothing is opened or closed around them: transactions are statements like others. After an error the
    /// caller sends `ROLLBACK`. A part is one statement, without its terminator.
    ///
    /// # Errors
    ///
    /// The first refusal, with the index of its part.
    async fn execute(&mut self, parts: &[&str]) -> Result<(), BatchError>;

    /// Runs one query and returns every row as text.
    ///
    /// # Errors
    ///
    /// When the server refuses it.
    async fn query(&mut self, sql: &str) -> Result<Vec<Row>, SqlError>;

    /// Takes `migrate`'s lock if nobody has it; never waits.
    ///
    /// # Errors
    ///
    /// When the question itself fails.
    async fn try_lock(&mut self, lock: &LockName) -> Result<bool, SqlError>;

    /// Who has the lock, as far as this login may know.
    ///
    /// # Errors
    ///
    /// When the question itself fails.
    async fn holder(&mut self, lock: &LockName) -> Result<Option<Holder>, SqlError>;

    /// Gives the lock back; false when it was not ours any more.
    ///
    /// # Errors
    ///
    /// When the question itself fails.
    async fn unlock(&mut self, lock: &LockName) -> Result<bool, SqlError>;

    /// Ends another connection of the same login, unless it runs a statement.
    ///
    /// # Errors
    ///
    /// When the server refuses.
    async fn end_idle(&mut self, connection: &str) -> Result<(), SqlError>;

    /// Says what the session is doing to those who wait for its lock. Where the server has a place for it
    /// (`application_name`), that takes a statement, which is put before others so that it costs no message of its own.
    fn announce(&mut self, doing: &str) -> Option<String>;

    /// Where to find what the server says beside its answers while it runs what [`execute`](Session::execute) sends.
    fn notices(&self) -> Notices;

    /// Undoes whatever a script did to the session (role, `search_path`, variables, temporary tables), keeping the lock.
    ///
    /// # Errors
    ///
    /// When the server refuses.
    async fn reset(&mut self) -> Result<(), SqlError>;

    /// Something that watches this session through a second connection, which it opens when it is first asked
    /// (so that having one costs nothing); none where the engine has no such thing.
    fn observer(&self) -> Option<Box<dyn Observer>>;

    /// Ends the connection, politely.
    async fn close(self: Box<Self>);
}

/// What a session is connected to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// Product and version as people write it: `PostgreSQL 15.20`.
    pub product: String,
    /// The version as numbers: `[15, 20]`.
    pub version: Vec<u32>,
    /// The database (or file) in use.
    pub database: String,
    /// The schema that unqualified names mean; on MySQL the database.
    pub schema: Option<String>,
    /// The first schema of the search path that has the history table already (PostgreSQL), if it was looked for.
    pub history: Option<String>,
    /// The login.
    pub user: String,
    /// How the server knows this connection: a process or connection number.
    pub connection: String,
    /// Whatever the user should be warned of, one sentence each (a login without TLS, a network file system).
    pub warnings: Vec<String>,
}

/// The name of `migrate`'s lock: one per history table of one database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockName {
    /// For engines whose locks are numbers.
    pub number: i64,
    /// For engines whose locks are words; at most 64 characters.
    pub word: String,
}

/// Who has `migrate`'s lock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holder {
    /// What it says of itself (`application_name`): tool, run, what it is doing.
    pub who: Option<String>,
    /// Its process or connection number.
    pub connection: String,
    /// Its login.
    pub user: Option<String>,
    /// Where it connects from.
    pub from: Option<String>,
    /// How long it has been connected.
    pub since: Option<Duration>,
    /// The statement it runs.
    pub query: Option<String>,
}

/// Somebody who stands in a statement's way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Blocker {
    /// Its process or connection number.
    pub connection: String,
    /// What the server knows its transaction by: with the number, what identifies it.
    pub transaction: Option<String>,
    /// Its login.
    pub user: Option<String>,
    /// What it calls itself.
    pub application: Option<String>,
    /// What it does: `active`, `idle in transaction`.
    pub state: Option<String>,
    /// How long its transaction has been open.
    pub age: Option<Duration>,
    /// Its present or last statement, the beginning of it.
    pub query: Option<String>,
    /// Whether the server does not say who it is, and this is only somebody who might be.
    pub suspected: bool,
}

/// Watches a session through a connection of its own, opened when it is first asked.
///
/// A second connection may be refused (a connection limit): every question then fails, and the run goes on without.
#[async_trait]
pub trait Observer: Send {
    /// Who the watched session is waiting for at this moment.
    ///
    /// # Errors
    ///
    /// When the question itself fails.
    async fn blockers(&mut self) -> Result<Vec<Blocker>, SqlError>;

    /// Which of these are still there with the same transaction.
    ///
    /// # Errors
    ///
    /// When the question itself fails.
    async fn remaining(&mut self, blockers: &[Blocker]) -> Result<Vec<Blocker>, SqlError>;

    /// How long to wait between two of these questions, so that the second may have another answer.
    fn renewed_after(&self) -> Duration {
        Duration::from_millis(50)
    }

    /// How far the watched session's statement is, where the server tells (`CREATE INDEX`): a phrase such as
    /// `building index: scanning table, 64 %`.
    ///
    /// # Errors
    ///
    /// When the question itself fails.
    async fn progress(&mut self) -> Result<Option<String>, SqlError>;

    /// Whether the server is at work for the watched session: not, when it waits for us or the session is gone.
    ///
    /// # Errors
    ///
    /// When the question itself fails.
    async fn is_busy(&mut self) -> Result<bool, SqlError>;

    /// Gives its connection up, without a word: an answer did not come, and must not be taken for that to the next
    /// question, for which it opens another.
    fn hang_up(&mut self);

    /// Asks the server to cancel the watched session's statement.
    ///
    /// # Errors
    ///
    /// When the question itself fails.
    async fn cancel(&mut self) -> Result<(), SqlError>;

    /// Ends the watching connection.
    async fn close(self: Box<Self>);
}
