//! `status` and `log`.

use crate::history::{Applied, Detail, Entry};
use crate::migration::{Id, Repeat};
use crate::plan::{self, Drift, Target};
use crate::run::event::Listener;

use super::{Error, Migrator};

/// Where every migration stands.
#[derive(Clone, Debug)]
pub struct Status {
    /// Every migration of files and history, in order.
    pub lines: Vec<Line>,
    /// Where files and history disagree.
    pub drift: Vec<Drift>,
    /// The history's last hash.
    pub head: String,
    /// The tags, with the history's number they name.
    pub tags: Vec<(String, u64)>,
}

/// Where one migration stands.
#[derive(Clone, Debug)]
pub struct Line {
    /// Which.
    pub id: Id,
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub condition: Condition,
    /// How it was applied, if it was.
    pub applied: Option<Applied>,
    /// Whether there is a way back: in the folder, or in the history.
    pub has_down: bool,
}

/// Where a migration stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Applied, and its file agrees.
    Applied,
    /// Not applied yet; or repeatable, and to run again.
    Pending,
    /// Not applied, and a later one is.
    OutOfOrder,
    /// Applied, and its file was edited since.
    Changed,
    /// Applied, and its file is missing.
    Missing,
    /// Applied, and newer than every file.
    Ahead,
    /// Begun without a result.
    HalfDone,
}

impl Condition {
    /// The word for people and programs.
    pub fn word(self) -> &'static str {
        match self {
            Condition::Applied => "applied",
            Condition::Pending => "pending",
            Condition::OutOfOrder => "out of order",
            Condition::Changed => "changed",
            Condition::Missing => "missing",
            Condition::Ahead => "ahead",
            Condition::HalfDone => "half-done",
        }
    }
}

impl Status {
    /// The lines that `up` would apply.
    pub fn pending(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| matches!(line.condition, Condition::Pending | Condition::OutOfOrder))
    }
}

impl Migrator {
    /// Where every migration stands. Takes no lock and writes nothing.
    ///
    /// # Errors
    ///
    /// When the server cannot be reached or refuses.
    pub async fn status(&self, listener: &mut Listener<'_>) -> Result<Status, Error> {
        let history = self.read(Detail::Dated, listener).await?.close().await;
        let plan = plan::up(&self.migrations, &history, &Target::All, self.lexis())?;
        let mut conditions = std::collections::HashMap::new();
        for drift in &plan.drift {
            let condition = match drift {
                Drift::Changed { .. } => Condition::Changed,
                Drift::Missing { .. } => Condition::Missing,
                Drift::Ahead { .. } => Condition::Ahead,
                Drift::OutOfOrder { .. } => Condition::OutOfOrder,
                Drift::Unfinished { .. } => Condition::HalfDone,
                Drift::ChangedDown { .. } | Drift::BrokenChain { .. } | Drift::ChangedInHistory { .. } => continue,
            };
            if let Some(id) = drift.id() {
                conditions.insert(id.clone(), condition);
            }
        }
        let mut lines: Vec<Line> = self
            .migrations
            .iter()
            .map(|migration| {
                let applied = history.find(&migration.id).cloned();
                let usual = match &applied {
                    None => Condition::Pending,
                    // What always runs is never behind.
                    Some(_) if migration.repeats() == Some(Repeat::Always) => Condition::Applied,
                    Some(applied) if applied.runs_again(migration) => Condition::Pending,
                    Some(applied) if !applied.agrees(&migration.up.checksum) => Condition::Changed,
                    Some(_) => Condition::Applied,
                };
                Line {
                    id: migration.id.clone(),
                    name: migration.name.clone(),
                    condition: conditions.get(&migration.id).copied().unwrap_or(usual),
                    has_down: plan::has_way_back(applied.as_ref(), Some(migration), self.lexis()),
                    applied,
                }
            })
            .collect();
        let files = plan::by_id(&self.migrations);
        let entries = history.entries();
        for applied in history.applied().filter(|applied| !files.contains_key(&applied.id)) {
            lines.push(Line {
                id: applied.id.clone(),
                name: applied.name.to_string(),
                condition: conditions.get(&applied.id).copied().unwrap_or(match applied.is_mark() {
                    true => Condition::Applied,
                    false => Condition::Missing,
                }),
                applied: Some(applied.clone()),
                has_down: plan::has_way_back(Some(applied), None, self.lexis()),
            });
        }
        lines.sort_by(|a, b| a.id.order(&b.id));
        let tags = entries.iter().filter(|entry| entry.kind == crate::history::Kind::Tag);
        let tags = tags.filter_map(|entry| entry.tag.as_ref().map(|tag| (tag.to_string(), entry.seq))).collect();
        Ok(Status { lines, drift: plan.drift, head: history.head().hash, tags })
    }

    /// Whether this is a late migration that `up` lets run, so that it is pending and no disagreement.
    pub fn merely_waits(&self, drift: &Drift) -> bool {
        matches!(drift, Drift::OutOfOrder { .. }) && self.policy.tolerates(drift)
    }

    /// The newest version that is applied.
    ///
    /// # Errors
    ///
    /// When the server cannot be reached or refuses.
    pub async fn newest(&self, listener: &mut Listener<'_>) -> Result<Option<Id>, Error> {
        let history = self.read(Detail::Deciding, listener).await?.close().await;
        Ok(history.newest().map(|applied| applied.id.clone()))
    }

    /// Everything that ever happened, oldest first.
    ///
    /// # Errors
    ///
    /// When the server cannot be reached or refuses.
    pub async fn log(&self, listener: &mut Listener<'_>) -> Result<Vec<Entry>, Error> {
        Ok(self.read(Detail::All, listener).await?.close().await.entries().to_vec())
    }
}
