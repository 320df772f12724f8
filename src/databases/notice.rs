//! What a server says beside its answers: `NOTICE`s of PostgreSQL, warnings of MySQL.

use std::sync::{Arc, Mutex, PoisonError};

/// Something that a server said while it ran a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The index of the statement, among those that were sent together.
    pub part: usize,
    /// How much it matters.
    pub severity: Severity,
    /// What it said.
    pub message: String,
}

/// How much it matters, in the server's opinion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Asked for, or of no consequence.
    Info,
    /// Worth knowing.
    Notice,
    /// Probably not what was meant.
    Warning,
}

impl Severity {
    /// The word for people and programs.
    pub fn word(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Notice => "notice",
            Severity::Warning => "warning",
        }
    }
}

/// What was said and not yet heard. Copies are the same collection, so that it can be emptied while a statement runs.
#[derive(Clone, Debug, Default)]
pub struct Notices(Arc<Mutex<Vec<Notice>>>);

impl Notices {
    /// Adds one.
    pub fn push(&self, notice: Notice) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(notice);
    }

    /// Takes everything that is there, in the order in which it was said.
    pub fn take(&self) -> Vec<Notice> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
