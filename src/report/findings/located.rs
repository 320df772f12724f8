//! Findings with everything that every format tells of them.

use crate::lint::{Finding, Linted, Rule, Severity, Side, rules};
use crate::migration::{Migration, Script};
use crate::sql::{LineIndex, Place, Span};

/// A finding, where it is in its file, and what its rule says.
pub(super) struct Located<'l> {
    pub finding: &'l Finding,
    pub script: &'l Script,
    pub migration: &'l Migration,
    /// The lines of the script's file.
    pub lines: &'l LineIndex<'l>,
    pub start: Place,
    /// The place after its last character.
    pub end: Place,
}

impl Located<'_> {
    /// The file as the user gave it.
    pub fn file(&self) -> String {
        self.script.path.display().to_string()
    }

    /// Why it matters: the first paragraph of the rule's page.
    pub fn why(&self) -> String {
        rules::find(self.finding.rule).map(why).unwrap_or_default()
    }

    /// The other script of its migration.
    pub fn other(&self) -> Option<&Script> {
        match self.finding.side {
            Side::Up => self.migration.down.as_deref(),
            Side::Down => Some(&self.migration.up),
        }
    }

    /// Where a part of the script is.
    pub fn places(&self, span: Span) -> (Place, Place) {
        (self.lines.place(span.start), self.lines.place(span.end))
    }
}

/// Calls back with every finding in order, and reads each script's lines once.
pub(super) fn each<E>(linted: &Linted, mut tell: impl FnMut(&Located<'_>) -> Result<(), E>) -> Result<(), E> {
    for of_migration in linted.judgement.findings.chunk_by(|one, other| one.migration == other.migration) {
        // Up and down may take turns.
        let mut read: Vec<(&Script, LineIndex<'_>)> = Vec::with_capacity(2);
        for finding in of_migration {
            let script = linted.script(finding);
            let known = read.iter().position(|(one, _)| std::ptr::eq(*one, script));
            let at = known.unwrap_or_else(|| {
                read.push((script, script.lines()));
                read.len() - 1
            });
            let lines = &read[at].1;
            let (start, end) = (lines.place(finding.span.start), lines.place(finding.span.end));
            let migration = &linted.migrations[finding.migration];
            tell(&Located { finding, script, migration, lines, start, end })?;
        }
    }
    Ok(())
}

/// Why the rule's findings matter: the first paragraph of its page, in one line.
pub(super) fn why(rule: &Rule) -> String {
    let paragraph = rule.explanation.lines().map(str::trim).take_while(|line| !line.is_empty());
    paragraph.collect::<Vec<_>>().join(" ")
}

/// The address of a rule's page: on the network where the package names its repository, otherwise within it.
pub(super) fn url(rule: &str) -> String {
    match env!("CARGO_PKG_REPOSITORY") {
        "" => format!("docs/rules.md#{rule}"),
        repository => format!("{repository}/blob/main/docs/rules.md#{rule}"),
    }
}

/// How many findings weigh how much.
pub(super) struct Counts {
    pub errors: usize,
    pub warnings: usize,
    pub infos: usize,
}

impl Counts {
    pub fn of(linted: &Linted) -> Self {
        let [infos, warnings, errors] = [Severity::Info, Severity::Warning, Severity::Error].map(|of| linted.count(of));
        Counts { errors, warnings, infos }
    }
}
