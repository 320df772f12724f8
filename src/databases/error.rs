//! What a database said when it refused, in words that no database owns.

use std::fmt;

/// A connection could not be opened, or not to a server that can be migrated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ConnectError {
    /// What happened, with the address but never the password.
    pub message: String,
    /// The next step.
    pub hint: Option<String>,
    /// Whether waiting may help: nobody listens yet, or the server is still starting.
    pub starting: bool,
}

/// What kind of refusal it is; what a runner does next depends on this alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// A lock was not to be had in time; nothing happened, the transaction may be tried again.
    LockTimeout,
    /// The server broke a deadlock by ending us; may be tried again.
    Deadlock,
    /// The server could not serialise us; may be tried again.
    Serialization,
    /// A statement took longer than its limit.
    StatementTimeout,
    /// Somebody cancelled the statement: we, on Ctrl-C, or an administrator.
    Cancelled,
    /// The connection is gone; whether the last message took effect is unknown.
    ConnectionLost,
    /// A unique key has the value already.
    UniqueViolation,
    /// A [guard](super::Dialect::guard) said no.
    GuardFailed,
    /// The transaction that should be open is not: the script or the engine ended it.
    TransactionEnded,
    /// A table or view is missing.
    NoSuchTable,
    /// The disk, the quota or the file is full.
    Full,
    /// The database, file or transaction is read-only.
    ReadOnly,
    /// Anything else: the statement is wrong, or not allowed.
    Other,
}

impl ErrorKind {
    /// Whether the connection is gone, and with it the knowledge of what took effect.
    pub fn is_lost(self) -> bool {
        self == ErrorKind::ConnectionLost
    }

    /// Whether the whole transaction may simply be tried again.
    pub fn is_retryable(self) -> bool {
        matches!(self, ErrorKind::LockTimeout | ErrorKind::Deadlock | ErrorKind::Serialization)
    }
}

/// A statement was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqlError {
    /// What kind of refusal it is.
    pub kind: ErrorKind,
    /// The database's own code: an SQLSTATE, or MySQL's and SQLite's numbers.
    pub code: Option<String>,
    /// The database's message.
    pub message: String,
    /// More, if it said more.
    pub detail: Option<String>,
    /// The database's own advice.
    pub hint: Option<String>,
    /// Where inside functions or triggers it happened.
    pub context: Option<String>,
    /// Where in the statement it happened, in bytes from its start.
    pub position: Option<usize>,
}

impl SqlError {
    /// An error that the program itself states, without a code.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        SqlError { kind, code: None, message: message.into(), detail: None, hint: None, context: None, position: None }
    }

    /// Whether the server ended the connection because an administrator wanted it, or because it stops itself.
    pub fn is_termination(&self) -> bool {
        self.kind == ErrorKind::ConnectionLost && self.code.as_deref() == Some("57P01")
    }
}

impl fmt::Display for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if let Some(code) = &self.code {
            write!(f, " ({code})")?;
        }
        Ok(())
    }
}

impl std::error::Error for SqlError {}

/// One part of a batch was refused; those after it did not run, and mostly those before it did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchError {
    /// The index of the part. For [`ErrorKind::ConnectionLost`]: the first part that is not known to have run.
    pub part: usize,
    /// How many parts ran: those before the one that was refused, or none at all when the server reads everything before it
    /// runs anything, and what it read made no sense.
    pub ran: usize,
    /// Why; positions are relative to the part.
    pub error: SqlError,
}

impl fmt::Display for BatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl std::error::Error for BatchError {}
