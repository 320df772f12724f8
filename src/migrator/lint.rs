//! What the linter says of the migrations that are about to run: the only place where lint and run meet.

use std::collections::HashSet;

use crate::history::History;
use crate::lint::{self, Judgement, Linted, Severity, Side, Standing, Subject};
use crate::migration::Id;
use crate::plan::{self, Direction, Plan};

use super::Migrator;

/// What the linter is told, and what must not pass.
#[derive(Clone, Debug)]
pub struct Checks {
    /// What the project says about rules.
    pub settings: lint::Settings,
    /// The lightest finding that stops a run; none stops it when there is no threshold.
    pub threshold: Option<Severity>,
}

impl Default for Checks {
    fn default() -> Self {
        Checks { settings: lint::Settings::default(), threshold: Some(Severity::Error) }
    }
}

impl Migrator {
    /// Judges the up scripts of a plan against the schema that the applied migrations built, and notes at each step whether
    /// older code can run after it. What the same plan creates is not in use yet.
    pub(super) fn lint(&self, plan: &mut Plan, history: &History) -> Linted {
        let files = plan::by_id(&self.migrations);
        let steps = || plan.steps.iter();
        let touched: HashSet<&Id> = steps().map(|step| &step.id).collect();
        let mut subject = Subject::default();
        let ups: Vec<usize> =
            steps().enumerate().filter(|(_, step)| step.direction == Direction::Up).map(|(at, _)| at).collect();
        if !ups.is_empty() {
            for applied in history.applied().filter(|applied| !touched.contains(&applied.id)) {
                if let Some(migration) = files.get(&applied.id) {
                    subject.push((*migration).clone(), Standing::Deployed);
                }
            }
        }
        let mut steps_of = Vec::new();
        for at in ups {
            if let Some(migration) = files.get(&plan.steps[at].id) {
                steps_of.push((subject.migrations.len(), at));
                subject.push((*migration).clone(), Standing::Judged);
            }
        }
        let judgement = if steps_of.is_empty() { Judgement::default() } else { self.findings(&subject) };
        if !steps_of.is_empty() {
            let dialect = self.connector.database.dialect();
            let Subject { migrations, standings, .. } = &subject;
            let verdicts = lint::compatible(migrations, standings, dialect, &self.checks.settings);
            for (number, at) in steps_of {
                plan.steps[at].compatible = verdicts[number];
            }
        }
        Linted { migrations: subject.migrations, judgement, threshold: self.checks.threshold }
    }

    /// The findings in the scripts that run. The way back is judged where it is written, not where one goes forward.
    fn findings(&self, subject: &Subject) -> Judgement {
        let dialect = self.connector.database.dialect();
        let mut judgement = lint::judge(&subject.migrations, &subject.standings, dialect, &self.checks.settings);
        judgement.findings.retain(|finding| finding.side == Side::Up);
        judgement
    }
}
