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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fix {
    /// What it does, in an imperative sentence without a full stop.
    pub title: String,
    /// What to write in place of which part of the script, ordered by place and apart from each other.
    pub edits: Vec<(Span, String)>,
    /// The same for the other script of the migration.
    pub other_edits: Vec<(Span, String)>,
    /// Migrations to be written after this one.
    pub following: Vec<Following>,
    /// The names of what the migrations that follow are about: it must still be there when they run.
    pub needs: Vec<String>,
    /// Where the statement must run. A rule says what it needs, and the linter turns that into edits and migrations that
    /// follow; what it then reports always stays.
    pub place: Place,
}

/// A migration that a fix adds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Following {
    /// Its name, as words of a file name.
    pub name: String,
    /// The script that applies it.
    pub up: String,
    /// The script that undoes it.
    pub down: String,
}

/// Where a statement must run so that a fix holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// Where it is.
    #[default]
    Stays,
    /// Outside a transaction.
    Outside,
    /// In a later migration.
    Later,
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

    /// Offers a change to the files that takes it away, where there is one.
    pub fn mend(&mut self, fix: Option<Fix>) -> &mut Self {
        self.fix = fix;
        self
    }

    /// Weighs it differently from its rule.
    pub fn severity(&mut self, severity: Severity) -> &mut Self {
        self.severity = severity;
        self
    }
}
