//! Carrying out an approved plan, under the lock, so that a crash anywhere leaves nothing half-done in silence.
//!
//! A migration that is one transaction carries its history row inside it. Statements that cannot be in a transaction
//! are bracketed by an intent before and a result after, with a before-image in the intent from which the next run
//! tells whether they took effect. Whatever is unknown after a lost connection is read from the history again.

mod advice;
mod answering;
mod connector;
mod decision;
pub mod event;
#[cfg(feature = "failpoints")]
pub mod failpoint;
mod failure;
mod interrupt;
mod lock;
mod locked;
mod message;
mod patience;
mod precondition;
mod recover;
mod sending;
mod stays;
mod steps;
mod stopped;
mod traces;
mod transaction;
mod watch;
mod work;

use std::time::Duration;

use crate::databases::{ConnectError, Limits, Session, SqlError};
use crate::migration::Id;

pub use connector::{Ahead, Begun, Connector};
pub use failure::{Aftermath, Circumstances, Cut, Done, Failure, Next, Outcome, StatementAt, Tries};
pub use interrupt::Interrupt;
pub use lock::{LockError, describe, lock_name};
pub use locked::Locked;
pub use transaction::Beside;

/// How a run goes about its work.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How long to wait for `migrate`'s own lock.
    pub lock_wait: Duration,
    /// The limits for each statement, unless its script says otherwise.
    pub limits: Limits,
    /// How long to go on trying for locks inside the database.
    pub retry_for: Duration,
    /// What is one transaction.
    pub scope: Scope,
    /// The release that is being deployed.
    pub release: Option<String>,
    /// How long to wait for a server that is still starting.
    pub wait: Duration,
    /// Whether the schema of the history may be created.
    pub create_schema: bool,
    /// Whether a history may begin where another tool has applied migrations.
    pub beside: bool,
    /// The tool whose records are kept beside ours, whatever the history says, or `off`.
    pub mirror: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            lock_wait: Duration::from_secs(600),
            limits: Limits { lock: Some(Duration::from_millis(300)), statement: None },
            retry_for: Duration::from_secs(600),
            scope: Scope::File,
            release: None,
            wait: Duration::ZERO,
            create_schema: false,
            beside: false,
            mirror: None,
        }
    }
}

/// What is one transaction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// Each file.
    #[default]
    File,
    /// All pending migrations together.
    All,
}

/// A run could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The server cannot be reached.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The lock was not to be had.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// A migration failed.
    #[error(transparent)]
    Failed(Box<Failure>),
    /// The lock that we took does not protect this connection.
    #[error(
        "this connection does not hold the lock that was taken for it; a pooler gives each transaction another server connection"
    )]
    Pooled,
    /// The user asked to stop; everything done is recorded.
    #[error("{}", failure::interrupted(cut.as_deref()))]
    Interrupted {
        /// What had been done before.
        done: Vec<Done>,
        /// The migration that was interrupted, unless it was between two.
        cut: Option<Box<Cut>>,
        /// How to go on.
        next: Next,
    },
    /// The user asked to stop before there was a connection.
    #[error("interrupted while waiting for the database; nothing was changed")]
    NotYetConnected,
    /// The connection was lost again and again in one migration.
    #[error(
        "cannot keep a connection while `{}` runs{}: {error}",
        crate::migration::title(id, name),
        statement.map(|(number, of)| format!(" (statement {number} of {of})")).unwrap_or_default()
    )]
    Unconnected {
        /// Which migration.
        id: Id,
        /// Its name.
        name: String,
        /// The statement that ran, from 1, and of how many, as far as it is known.
        statement: Option<(usize, usize)>,
        /// How often it was lost in a row.
        times: u32,
        /// Whether there was a new one each time.
        reachable: bool,
        /// How the last connection ended.
        error: SqlError,
        /// What had been done before.
        done: Vec<Done>,
        /// How to go on.
        next: Next,
    },
    /// A migration was interrupted, and nobody can tell whether a statement of it took effect.
    #[error(
        "`{}` was interrupted in statement {statement} of {of}, and whether that took effect cannot be told: {reason}",
        crate::migration::title(id, name)
    )]
    HalfDone {
        /// Which migration.
        id: Id,
        /// Its name.
        name: String,
        /// The statement's number, from 1.
        statement: usize,
        /// Of how many.
        of: usize,
        /// The statement.
        sql: String,
        /// Why nobody can tell.
        reason: String,
    },
    /// A migration was interrupted, and what its rest may need ended with the session.
    #[error(
        "`{}` was interrupted after {done} of {of} statements, and statement {statement} had made {what}, which ended with its session; the rest may need it",
        crate::migration::title(id, name)
    )]
    SessionGone {
        /// Which migration.
        id: Id,
        /// Its name.
        name: String,
        /// How many statements are done.
        done: usize,
        /// Of how many.
        of: usize,
        /// The statement that made it, from 1.
        statement: usize,
        /// What it made.
        what: &'static str,
    },
    /// A migration is half-done, and its script cannot be gone on with.
    #[error("`{}` is half-done, and the rest of it cannot be run: {reason}", crate::migration::title(id, name))]
    DeadEnd {
        /// Which migration.
        id: Id,
        /// Its name.
        name: String,
        /// Why it cannot.
        reason: String,
    },
    /// The schema that is to hold the history is not there.
    #[error("there is no schema `{schema}` for the history; nothing was run")]
    NoSchema {
        /// The schema.
        schema: String,
        /// The next step.
        hint: String,
    },
    /// What must be true before a migration runs is not.
    #[error(
        "a precondition of `{}` does not hold: `{query}` gives {found}, not {expected}",
        crate::migration::title(id, name)
    )]
    Precondition {
        /// Which migration.
        id: Id,
        /// Its name.
        name: String,
        /// What was asked.
        query: String,
        /// What would let it run.
        expected: String,
        /// What the database answered.
        found: String,
    },
    /// The connection was lost, and what was rolled back had changed a table that knows no transactions.
    #[error(
        "the connection was lost while `{}` ran: it was rolled back, but what it had changed in `{table}` stays, as {engine} knows no transactions",
        crate::migration::title(id, name)
    )]
    Stays {
        /// Which migration.
        id: Id,
        /// Its name.
        name: String,
        /// The table.
        table: String,
        /// Its engine: `MyISAM`.
        engine: String,
    },
    /// The history does not let the run go on.
    #[error("{0}")]
    History(String),
    /// The server refused our own bookkeeping.
    #[error("cannot {doing}: {error}")]
    Sql {
        /// What we were doing, after "cannot".
        doing: &'static str,
        /// What the server said.
        error: SqlError,
    },
}

impl RunError {
    /// The user asked to stop, in this migration or between two.
    pub(crate) fn interrupted(done: Vec<Done>, cut: Option<Box<Cut>>) -> RunError {
        RunError::Interrupted { done, cut, next: Next::Same }
    }

    /// Wraps the server's refusal of our own bookkeeping.
    pub(crate) fn sql(doing: &'static str) -> impl FnOnce(SqlError) -> RunError {
        move |error| RunError::Sql { doing, error }
    }
}

/// The session, with the named points at which it dies on request where those are compiled in.
#[cfg(feature = "failpoints")]
fn failpoint_wrap(session: Box<dyn Session>) -> Box<dyn Session> {
    failpoint::wrap(session)
}

#[cfg(not(feature = "failpoints"))]
fn failpoint_wrap(session: Box<dyn Session>) -> Box<dyn Session> {
    session
}
