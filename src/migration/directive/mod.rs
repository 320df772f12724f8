//! Directives: comments that start with `-- migrate:` and ask something of the runner or the linter.
//!
//! Only comments on lines of their own count; which lines are comments is the lexer's to say, so that a
//! directive inside a string or a function body is none.

mod read;

use std::time::Duration;

use crate::sql::{Span, Statement};

/// Everything a script asks for, in the order written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Directives {
    /// The directives that could be read, with where each stands in the script's text.
    pub all: Vec<(Span, Directive)>,
    /// Those that could not; the runner refuses the script, the linter reports them.
    pub errors: Vec<DirectiveError>,
}

/// One thing a script asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Directive {
    /// `no-transaction`: run statement by statement, each recorded.
    NoTransaction,
    /// `allow RULE[, RULE]: reason`, for the next statement.
    Allow {
        /// The rules it allows.
        rules: Vec<String>,
        /// Why; empty when the author gave none, which is a finding.
        reason: String,
    },
    /// `allow-file RULE[, RULE]: reason`, for the whole script.
    AllowFile {
        /// The rules it allows.
        rules: Vec<String>,
        /// Why; empty when the author gave none, which is a finding.
        reason: String,
    },
    /// `phase expand` or `phase contract`.
    Phase(Phase),
    /// `after RELEASE`: not before that release is deployed everywhere.
    After(String),
    /// `lock-timeout 2s`: how long each attempt of a statement may wait for a lock.
    LockTimeout(Duration),
    /// `statement-timeout 15m`.
    StatementTimeout(Duration),
    /// `retry off`: do not try again when a lock was not to be had.
    RetryOff,
    /// `down irreversible: reason`: there is no way back, and why.
    DownIrreversible(String),
    /// `rerunnable`: every statement may run twice, so that a crash needs no human.
    Rerunnable,
    /// `foreign-keys off`: SQLite must not enforce foreign keys while the script rebuilds a table.
    ForeignKeysOff,
    /// Run statement by statement if none of them can be in a transaction. Only conventions of other tools say so.
    NoTransactionIfNoneCan,
    /// A query is asked before the script runs, and what it answers decides. Only conventions of other tools say so.
    Precondition(Precondition),
    /// The migration runs again. Only conventions of other tools say so; ours is a name that starts with `R__`.
    Repeat(Repeat),
}

/// What must be true before a migration runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Precondition {
    /// A query for one value.
    pub query: String,
    /// The value as text.
    pub expected: String,
    /// What happens when it is another.
    pub on_failure: OnFailure,
}

/// What happens when a precondition does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFailure {
    /// The run ends.
    Halt,
    /// The migration counts as applied, and does not run.
    MarkRan,
    /// The migration is left for the next run.
    Continue,
    /// It is said, and the migration runs.
    Warn,
}

impl OnFailure {
    /// The one that a word of Liquibase's means.
    pub fn from_word(word: &str) -> Option<Self> {
        match word.to_ascii_uppercase().as_str() {
            "HALT" => Some(OnFailure::Halt),
            "MARK_RAN" => Some(OnFailure::MarkRan),
            "CONTINUE" => Some(OnFailure::Continue),
            "WARN" => Some(OnFailure::Warn),
            _ => None,
        }
    }
}

/// When a migration runs again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// Whenever its text changed.
    OnChange,
    /// Every time.
    Always,
}

/// Which side of a rollout a migration belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Before the new code: it only adds.
    Expand,
    /// After the old code has gone: it removes.
    Contract,
}

/// A `-- migrate:` comment that means nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct DirectiveError {
    /// Where the comment stands in the script's text.
    pub span: Span,
    /// What is wrong and what would be right.
    pub message: String,
}

impl Directives {
    /// Whether the script is to run statement by statement, outside a transaction.
    pub fn no_transaction(&self) -> bool {
        self.asks(&Directive::NoTransaction)
    }

    /// Whether the script asks for exactly this.
    pub fn asks(&self, wanted: &Directive) -> bool {
        self.all.iter().any(|(_, directive)| directive == wanted)
    }

    /// The last lock timeout that the script asks for.
    pub fn lock_timeout(&self) -> Option<Duration> {
        self.last(|directive| match directive {
            Directive::LockTimeout(limit) => Some(*limit),
            _ => None,
        })
    }

    /// The last statement timeout that the script asks for.
    pub fn statement_timeout(&self) -> Option<Duration> {
        self.last(|directive| match directive {
            Directive::StatementTimeout(limit) => Some(*limit),
            _ => None,
        })
    }

    fn last<T>(&self, pick: impl Fn(&Directive) -> Option<T>) -> Option<T> {
        self.all.iter().rev().find_map(|(_, directive)| pick(directive))
    }
}

/// The statement that a directive at this place belongs to: the one it stands in, otherwise the next.
pub fn statement_after(directive: Span, statements: &[Statement]) -> Option<usize> {
    let next = statements.partition_point(|statement| statement.span.end <= directive.start);
    (next < statements.len()).then_some(next)
}
