//! A plan that was written down, so that exactly it is run later, or nothing.

use serde::{Deserialize, Serialize};

use crate::plan::{Approved, Direction};

use super::Error;

/// What a plan file holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedPlan {
    /// The format's version.
    pub version: u32,
    /// The history's last hash when it was made.
    pub head: String,
    /// What is to be run, in order.
    pub steps: Vec<SavedStep>,
}

/// One step of a saved plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedStep {
    /// The migration's version, or `R__name`.
    pub id: String,
    /// `up` or `down`.
    pub direction: String,
    /// The script's checksum.
    pub checksum: String,
}

impl SavedPlan {
    /// What a plan is when it is written down.
    pub fn of(approved: &Approved) -> Self {
        let steps = approved.steps().iter().map(|prepared| SavedStep {
            id: prepared.step.id.to_string(),
            direction: match prepared.step.direction {
                Direction::Up => "up".to_owned(),
                Direction::Down => "down".to_owned(),
            },
            checksum: prepared.step.script.checksum.to_string(),
        });
        SavedPlan { version: 1, head: approved.head().hash.clone(), steps: steps.collect() }
    }

    /// Whether this plan is still what would be run.
    ///
    /// # Errors
    ///
    /// When it is not, with what changed.
    pub fn agrees(&self, approved: &Approved) -> Result<(), Error> {
        let now = SavedPlan::of(approved);
        if self.version != now.version {
            return Err(Error::Stale(format!("it has format {}, this program writes {}", self.version, now.version)));
        }
        if self.head != now.head {
            return Err(Error::Stale("something was applied or undone since".to_owned()));
        }
        self.has_steps_of(approved)
    }

    /// Whether these are its steps, whatever the history was.
    ///
    /// # Errors
    ///
    /// When they are not, with what changed.
    pub(super) fn has_steps_of(&self, approved: &Approved) -> Result<(), Error> {
        let now = SavedPlan::of(approved);
        for (before, after) in self.steps.iter().zip(&now.steps) {
            if (&before.id, &before.direction) == (&after.id, &after.direction) && before != after {
                return Err(Error::Stale(format!("the script of {} was edited since", before.id)));
            }
            if before != after {
                return Err(Error::Stale(format!("step {} is now {} {}", before.id, after.direction, after.id)));
            }
        }
        if self.steps.len() != now.steps.len() {
            return Err(Error::Stale(format!("it had {} steps, now there are {}", self.steps.len(), now.steps.len())));
        }
        Ok(())
    }
}
