//! What to do next, as a pure function of the files, the history and what was asked.

mod down;
mod drift;
mod held;
mod loss;
mod prepare;
mod target;
mod touches;
mod up;

use std::sync::Arc;

use foldhash::HashMap;

pub(crate) use down::has_way_back;
pub use down::{Irreversible, Prefer, down, undo};
pub use drift::{Drift, Policy, Refused, Tolerance};
pub use prepare::{Bracket, Mode, Piece, Prepared, Unrunnable};
pub use target::{Mark, Point, Target, Unresolved};
pub(crate) use target::{in_files, in_history, is_called, listed};
pub use up::{goto, up};

use crate::history::{Head, Kind};
use crate::lint::Finding;
use crate::migration::{Id, Migration, Script};

/// Which way a step goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// The migration is applied.
    Up,
    /// The migration is undone.
    Down,
}

impl Direction {
    /// What the history calls a migration that goes this way.
    pub fn kind(self) -> Kind {
        match self {
            Direction::Up => Kind::Apply,
            Direction::Down => Kind::Revert,
        }
    }

    /// The column of the history that has the script of this direction.
    pub fn column(self) -> &'static str {
        match self {
            Direction::Up => "up_script",
            Direction::Down => "down_script",
        }
    }
}

/// One migration to be applied or undone.
#[derive(Clone, Debug)]
pub struct Step {
    /// Which.
    pub id: Id,
    /// Its name.
    pub name: String,
    /// Which way.
    pub direction: Direction,
    /// The script to run.
    pub script: Arc<Script>,
    /// The up script, to be recorded with it.
    pub up: Option<Arc<Script>>,
    /// The down script, to be recorded with it.
    pub down: Option<Arc<Script>>,
    /// Whether the script comes from the history, the folder having none.
    pub stored: bool,
    /// Whether code that ran before it can run after it, to be recorded with it; none where that is not known.
    pub compatible: Option<bool>,
}

impl Step {
    /// The step that applies a migration.
    pub fn apply(migration: &Migration) -> Self {
        Step {
            id: migration.id.clone(),
            name: migration.name.clone(),
            direction: Direction::Up,
            script: Arc::clone(&migration.up),
            up: Some(Arc::clone(&migration.up)),
            down: migration.down.clone(),
            stored: false,
            compatible: None,
        }
    }

    /// Version and name as people read them.
    pub fn title(&self) -> String {
        crate::migration::title(&self.id, &self.name)
    }
}

/// What is to be done, and where files and history disagree.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The history it was made for.
    pub head: Head,
    /// What to do, in order.
    pub steps: Vec<Step>,
    /// Where files and history disagree.
    pub drift: Vec<Drift>,
}

impl Plan {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The only way to an [`Approved`] plan: drift is faced under a policy, so is what the linter found, and every script
    /// is split and checked before the first is run.
    ///
    /// # Errors
    ///
    /// When drift or a finding is not tolerated, or a script cannot be run.
    pub fn approve(
        self,
        policy: &Policy,
        findings: &[Finding],
        dialect: &'static dyn crate::databases::Dialect,
    ) -> Result<Approved, Refused> {
        let intolerable: Vec<Drift> = self.drift.into_iter().filter(|drift| !policy.tolerates(drift)).collect();
        if !intolerable.is_empty() {
            return Err(Refused::Drift(intolerable));
        }
        let mut steps = Vec::with_capacity(self.steps.len());
        let mut unrunnable = Vec::new();
        for step in self.steps {
            match Prepared::new(step, dialect) {
                Ok(prepared) if policy.one_transaction && prepared.mode == Mode::Stepwise => {
                    unrunnable.push(prepared.not_in_one_transaction());
                }
                Ok(prepared) => steps.push(prepared),
                Err(error) => unrunnable.push(error),
            }
        }
        if policy.one_transaction
            && let Some((_, before_others)) = steps.split_last()
        {
            unrunnable.extend(before_others.iter().filter_map(Prepared::not_before_others));
        }
        if !unrunnable.is_empty() {
            return Err(Refused::Unrunnable(unrunnable));
        }
        let stops = |finding: &&Finding| policy.threshold.is_some_and(|threshold| finding.severity >= threshold);
        let stopping: Vec<Finding> = findings.iter().filter(stops).cloned().collect();
        if stopping.is_empty() { Ok(Approved { steps, head: self.head }) } else { Err(Refused::Findings(stopping)) }
    }
}

/// A plan that may be run.
#[derive(Clone, Debug)]
pub struct Approved {
    steps: Vec<Prepared>,
    head: Head,
}

impl Approved {
    /// What to do, in order.
    pub fn steps(&self) -> &[Prepared] {
        &self.steps
    }

    /// The history it was made for.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// The steps, for the runner alone.
    pub(crate) fn into_steps(self) -> Vec<Prepared> {
        self.steps
    }
}

/// The files, found by what identifies them.
pub(crate) fn by_id(migrations: &[Migration]) -> HashMap<&Id, &Migration> {
    migrations.iter().map(|migration| (&migration.id, migration)).collect()
}
