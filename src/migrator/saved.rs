//! A plan that was written down, so that exactly it is run later, or nothing.

use serde::{Deserialize, Serialize};

use crate::migration::{Checksum, Script};
use crate::plan::{Approved, Direction, Prefer, Target};

use super::{Error, Identity, Proposal, Request};

/// What a plan file holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedPlan {
    /// The format's version.
    pub version: u32,
    /// The database it was made on; none where any will do, or the first format did not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<Identity>,
    /// The history's last hash when it was made.
    pub head: String,
    /// Which down scripts it runs; the first format knew the folder's alone.
    #[serde(rename = "use", default = "the_folders")]
    pub prefer: Prefer,
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
    /// The checksum of the text that runs, where placeholders were filled in; the first format did not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filled: Option<String>,
}

/// The format that is written. Earlier ones are read, too.
const VERSION: u32 = 2;

fn the_folders() -> Prefer {
    Prefer::File
}

impl SavedStep {
    fn all_of(approved: &Approved) -> Vec<Self> {
        let step = |prepared: &crate::plan::Prepared| SavedStep {
            id: prepared.step.id.to_string(),
            direction: match prepared.step.direction {
                Direction::Up => "up".to_owned(),
                Direction::Down => "down".to_owned(),
            },
            checksum: prepared.step.script.checksum.to_string(),
            filled: filled(&prepared.step.script),
        };
        approved.steps().iter().map(step).collect()
    }
}

/// The checksum of the text that is sent, where it is not the one that its author wrote.
fn filled(script: &Script) -> Option<String> {
    let sent = Checksum::of_bytes(script.text.as_bytes());
    (sent != script.checksum).then(|| sent.to_string())
}

impl SavedPlan {
    /// What a proposal is when it is written down.
    pub fn of(proposal: &Proposal) -> Self {
        let approved = &proposal.approved;
        // Where either would do they are the same, and an edit from now on is to be found.
        let prefer = if proposal.prefer == Prefer::Stored { Prefer::Stored } else { Prefer::File };
        SavedPlan {
            version: VERSION,
            database: Some(proposal.database.clone()),
            head: approved.head().hash.clone(),
            prefer,
            steps: SavedStep::all_of(approved),
        }
    }

    /// Whether it undoes anything.
    pub fn undoes(&self) -> bool {
        self.steps.iter().any(|step| step.direction == "down")
    }

    /// What it was made from.
    ///
    /// # Errors
    ///
    /// When its format is not known, or it goes both ways.
    pub(super) fn request(&self) -> Result<Request, Error> {
        if !(1..=VERSION).contains(&self.version) {
            let format = self.version;
            return Err(Error::Stale(format!("it has format {format}, and this program knows those up to {VERSION}")));
        }
        let count = Target::Count(self.steps.len());
        let all = |word: &str| self.steps.iter().all(|step| step.direction == word);
        if all("up") {
            return Ok(Request::Up(count));
        }
        if all("down") {
            return Ok(Request::Down(count, self.prefer));
        }
        Err(Error::usage("the plan goes both ways", "plan `up` or `down`, one at a time"))
    }

    /// Whether this is the database that it was made on.
    ///
    /// # Errors
    ///
    /// When it is another.
    pub(super) fn is_for(&self, database: &Identity) -> Result<(), Error> {
        match self.database.as_ref().and_then(|own| own.unlike(database)) {
            Some(unlike) => Err(Error::OtherDatabase(unlike)),
            None => Ok(()),
        }
    }

    /// Whether this plan is still what would be run.
    ///
    /// # Errors
    ///
    /// When it is not, with what changed.
    pub(super) fn agrees(&self, approved: &Approved) -> Result<(), Error> {
        self.continues(&approved.head().hash)?;
        self.has_steps_of(approved)
    }

    /// Whether the history, whose last hash this is, is still the one that it was made on. Finishing what is half-done changes
    /// that: ask before.
    ///
    /// # Errors
    ///
    /// When it is not.
    pub(super) fn continues(&self, head: &str) -> Result<(), Error> {
        match self.head == head {
            true => Ok(()),
            false => Err(Error::Stale("something was applied or undone since".to_owned())),
        }
    }

    /// Whether these are its steps, whatever the history was.
    ///
    /// # Errors
    ///
    /// When they are not, with what changed.
    pub(super) fn has_steps_of(&self, approved: &Approved) -> Result<(), Error> {
        let now = SavedStep::all_of(approved);
        for (before, after) in self.steps.iter().zip(&now) {
            if (&before.id, &before.direction) != (&after.id, &after.direction) {
                return Err(Error::Stale(format!("step {} is now {} {}", before.id, after.direction, after.id)));
            }
            if before.checksum != after.checksum {
                return Err(Error::Stale(format!("the script of {} was edited since", before.id)));
            }
            if before.filled != after.filled && self.version > 1 {
                return Err(Error::Stale(format!("the placeholders of {} have other values now", before.id)));
            }
        }
        if self.steps.len() != now.len() {
            return Err(Error::Stale(format!("it had {} steps, now there are {}", self.steps.len(), now.len())));
        }
        Ok(())
    }
}
