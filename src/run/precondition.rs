//! What must be true before a migration runs, where its tool's conventions have it so.

use crate::migration::{Directive, OnFailure, Precondition};
use crate::plan::Prepared;

use super::event::{Event, Listener};
use super::locked::Locked;
use super::message::fact;
use super::{RunError, Scope};

/// What its preconditions say of a migration.
enum Verdict {
    Run,
    /// It counts as applied.
    Mark,
    /// It is left for the next run.
    Leave,
}

/// What must be true before this step runs.
pub(super) fn preconditions(prepared: &Prepared) -> impl Iterator<Item = &Precondition> {
    prepared.step.script.conventions.iter().filter_map(|(_, directive)| match directive {
        Directive::Precondition(precondition) => Some(precondition),
        _ => None,
    })
}

impl Locked {
    /// Asks the preconditions of the steps that come next, and takes those out that are not to run;
    /// whether the history has a new head.
    ///
    /// In one transaction with all others, everything is asked before it begins; otherwise a step is asked right before it
    /// runs, so that it sees what the steps before it did.
    pub(super) async fn ask_preconditions(
        &mut self,
        steps: &mut Vec<Prepared>,
        next: usize,
        listener: &mut Listener<'_>,
    ) -> Result<bool, RunError> {
        let mut at = next;
        let mut marked = false;
        while at < steps.len() {
            if preconditions(&steps[at]).next().is_some() {
                match self.ask(&steps[at], listener).await? {
                    Verdict::Run => {}
                    Verdict::Mark => {
                        self.mark(&steps[at], listener).await?;
                        marked = true;
                        steps.remove(at);
                        continue;
                    }
                    Verdict::Leave => {
                        steps.remove(at);
                        continue;
                    }
                }
            }
            if self.settings.scope == Scope::File {
                break;
            }
            at += 1;
        }
        Ok(marked)
    }

    async fn ask(&mut self, prepared: &Prepared, listener: &mut Listener<'_>) -> Result<Verdict, RunError> {
        for precondition in preconditions(prepared) {
            let rows = self.session.query(&precondition.query).await;
            let rows = rows.map_err(RunError::sql("ask a precondition"))?;
            let found = rows.into_iter().next().and_then(|row| row.into_iter().next().flatten());
            if found.as_deref().map(str::trim) == Some(precondition.expected.trim()) {
                continue;
            }
            let failed = RunError::Precondition {
                id: prepared.step.id.clone(),
                name: prepared.step.name.clone(),
                query: precondition.query.clone(),
                expected: precondition.expected.clone(),
                found: found.map_or_else(|| "nothing".to_owned(), String::from),
            };
            let (verdict, what) = match precondition.on_failure {
                OnFailure::Halt => return Err(failed),
                OnFailure::MarkRan => (Verdict::Mark, "it counts as applied and does not run"),
                OnFailure::Continue => (Verdict::Leave, "it is left for the next run"),
                OnFailure::Warn => (Verdict::Run, "it runs nevertheless"),
            };
            listener(&Event::Warning { message: &format!("{failed}; {what}") });
            if !matches!(verdict, Verdict::Run) {
                return Ok(verdict);
            }
        }
        Ok(Verdict::Run)
    }

    async fn mark(&mut self, prepared: &Prepared, listener: &mut Listener<'_>) -> Result<(), RunError> {
        self.read_history().await?;
        let release = self.settings.release.clone();
        let mut fact = fact(prepared, release.as_deref());
        fact.tag = Some("a precondition did not hold: not run");
        self.record(&[fact], listener).await
    }
}
