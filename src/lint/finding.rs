//! What a rule found, and where.

use std::fmt;

use crate::sql::Span;

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// A fact worth knowing.
    Info,
    /// It depends on the data, the traffic or the order of deployment.
    Warning,
    /// Code breaks, data is lost, writes or reads are blocked, or the statement will fail.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
        })
    }
}

/// Something that a rule found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: &'static str,
    /// How much it weighs.
    pub severity: Severity,
    /// The number of the migration among those that were given.
    pub migration: usize,
    /// The number of the statement in its script; none for what is found elsewhere.
    pub statement: Option<usize>,
    /// Where in the script's text.
    pub span: Span,
    /// What happens here, in a clause.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
}

impl Finding {
    /// Says what to write instead.
    pub fn help(&mut self, help: impl Into<String>) -> &mut Self {
        self.help = Some(help.into());
        self
    }

    /// Weighs it differently from its rule.
    pub fn severity(&mut self, severity: Severity) -> &mut Self {
        self.severity = severity;
        self
    }
}
