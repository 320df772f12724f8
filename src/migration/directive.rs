//! Directives: comments that start with `-- migrate:` and ask something of the runner or the linter.
//!
//! Only whole-line comments count; which lines are comments is the lexer's to say, so that a directive
//! inside a string or a function body is none.

use std::time::Duration;

use crate::sql::Span;

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
    /// The directives of a script.
    pub fn read(_text: &str) -> Self {
        Directives::default()
    }

    /// Whether the script is to run statement by statement, outside a transaction.
    pub fn no_transaction(&self) -> bool {
        self.all.iter().any(|(_, directive)| *directive == Directive::NoTransaction)
    }
}
