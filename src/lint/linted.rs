//! What was found, with the scripts it was found in: all that a report needs.

use super::Judgement;
use super::finding::{Finding, Severity, Side};
use crate::migration::{Migration, Script};

/// What was found in which scripts, and what counts as too much.
#[derive(Clone, Debug)]
pub struct Linted {
    /// The migrations that were read, the history of the judged ones included.
    pub migrations: Vec<Migration>,
    /// What was found in them.
    pub judgement: Judgement,
    /// The lightest finding that fails the check; none fails it when there is no threshold.
    pub threshold: Option<Severity>,
}

impl Linted {
    /// The script that a finding is in.
    pub fn script(&self, finding: &Finding) -> &Script {
        let migration = &self.migrations[finding.migration];
        match (&migration.down, finding.side) {
            (Some(down), Side::Down) => down,
            _ => &migration.up,
        }
    }

    /// How many findings weigh exactly so much.
    pub fn count(&self, severity: Severity) -> usize {
        self.judgement.findings.iter().filter(|finding| finding.severity == severity).count()
    }

    /// Whether a finding weighs as much as the threshold.
    pub fn fails(&self) -> bool {
        let threshold = self.threshold;
        self.judgement.findings.iter().any(|finding| threshold.is_some_and(|threshold| finding.severity >= threshold))
    }
}
