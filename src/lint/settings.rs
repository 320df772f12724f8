//! What a project says about rules: which judge, and how much their findings weigh.

use std::collections::BTreeMap;

use super::finding::{Finding, Severity};
use super::naming::Naming;
use super::rule::Rule;
use super::server::ServerVersion;

/// What a project says about rules.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The oldest server that the migrations will meet; the oldest that is supported when nothing is said.
    pub server: Option<ServerVersion>,
    /// Rules that are not to judge as they would by themselves, by name.
    pub levels: BTreeMap<&'static str, Level>,
    /// What names must look like.
    pub naming: Naming,
}

/// What a project says about one rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// It does not judge.
    Off,
    /// It judges, and its findings weigh what they weigh by themselves.
    On,
    /// It judges, and all its findings weigh so much.
    At(Severity),
}

impl Settings {
    /// Settings under which every rule judges, those that wait to be asked for included.
    pub fn every_rule() -> Self {
        let levels = super::rules::ALL.iter().map(|rule| (rule.name, Level::On)).collect();
        Settings { levels, ..Settings::default() }
    }

    /// What is said about a rule.
    pub fn level(&self, rule: &Rule) -> Level {
        let usual = if rule.by_default { Level::On } else { Level::Off };
        self.levels.get(rule.name).copied().unwrap_or(usual)
    }

    /// Weighs a finding as the project wishes.
    pub(super) fn weigh(&self, finding: &mut Finding) {
        if let Some(Level::At(severity)) = self.levels.get(finding.rule) {
            finding.severity = *severity;
        }
    }
}
