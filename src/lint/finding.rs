//! What a rule found, and where.

use std::fmt;

use crate::schema::ObjectName;
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

/// Which script of a migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// The one that applies it.
    Up,
    /// The one that undoes it.
    Down,
}

/// A change to the files that takes a finding away and means the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What it does, in an imperative sentence without a full stop.
    pub title: String,
    /// What to write in place of which part of the script, ordered by place and apart from each other.
    pub edits: Vec<(Span, String)>,
    /// Migrations to be written directly after this one, each the name and the text of its up script.
    pub following: Vec<(String, String)>,
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
    /// Which of its scripts.
    pub side: Side,
    /// The number of the statement in its script; none for what is found elsewhere.
    pub statement: Option<usize>,
    /// Where in the script's text.
    pub span: Span,
    /// The table that it is about, where it is about one.
    pub table: Option<ObjectName>,
    /// What happens here, in a clause.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
    /// The same as a change to the files, where it is mechanical.
    pub fix: Option<Fix>,
}

impl Finding {
    /// Says what to write instead.
    pub fn help(&mut self, help: impl Into<String>) -> &mut Self {
        self.help = Some(help.into());
        self
    }

    /// Offers a change to the files that takes it away.
    pub fn fix(&mut self, fix: Fix) -> &mut Self {
        self.fix = Some(fix);
        self
    }

    /// Weighs it differently from its rule.
    pub fn severity(&mut self, severity: Severity) -> &mut Self {
        self.severity = severity;
        self
    }
}
