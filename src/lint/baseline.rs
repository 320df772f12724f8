//! Findings that are known: a file of their fingerprints, so that an old project can begin with what is new.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Judgement;
use super::finding::{Finding, Side};
use crate::migration::{Checksum, Migration};

/// Findings that are known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// The format's version.
    pub version: u32,
    /// The fingerprint of each finding, with what people want to know of it.
    pub findings: BTreeMap<String, Known>,
}

/// What people want to know of a known finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// The rule.
    pub rule: String,
    /// The migration, and the side of it.
    pub migration: String,
    /// What happens there.
    pub message: String,
}

impl Baseline {
    /// The format that this program writes.
    pub const VERSION: u32 = 1;

    /// What was found, as known from now on.
    pub fn of(migrations: &[Migration], judgement: &Judgement) -> Self {
        let known = |finding: &Finding| Known {
            rule: finding.rule.to_owned(),
            migration: place(migrations, finding),
            message: finding.message.clone(),
        };
        let prints = fingerprints(migrations, &judgement.findings);
        let findings = prints.into_iter().zip(&judgement.findings).map(|(print, finding)| (print, known(finding)));
        Baseline { version: Self::VERSION, findings: findings.collect() }
    }

    /// Takes out what is known, and gives how many findings that were, and how many known ones are gone.
    pub fn subtract(&self, migrations: &[Migration], judgement: &mut Judgement) -> (usize, usize) {
        let prints = fingerprints(migrations, &judgement.findings);
        let mut prints = prints.iter();
        let before = judgement.findings.len();
        judgement.findings.retain(|_| prints.next().is_none_or(|print| !self.findings.contains_key(print)));
        let known = before - judgement.findings.len();
        (known, self.findings.len().saturating_sub(known))
    }
}

fn place(migrations: &[Migration], finding: &Finding) -> String {
    let side = if finding.side == Side::Down { " down" } else { "" };
    format!("{}{side}", migrations[finding.migration].id)
}

/// What each finding is known by, whatever is written above it and wherever its folder lies: migration, rule, and the text
/// that it is about; of several the same, its number among them.
fn fingerprints(migrations: &[Migration], findings: &[Finding]) -> Vec<String> {
    let mut seen: BTreeMap<Checksum, usize> = BTreeMap::new();
    let print = |finding: &Finding| {
        let migration = &migrations[finding.migration];
        let script = migration.down.as_ref().filter(|_| finding.side == Side::Down).unwrap_or(&migration.up);
        let text = script.text.get(finding.span.start..finding.span.end).unwrap_or_default();
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let sum = Checksum::of_bytes([finding.rule, &place(migrations, finding), &text].join("\0").as_bytes());
        let count = seen.entry(sum).or_default();
        *count += 1;
        if *count == 1 { format!("{sum:.16}") } else { format!("{sum:.16}-{count}") }
    };
    findings.iter().map(print).collect()
}
