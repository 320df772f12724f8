//! What `down` has to do.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::history::{Applied, History, Scripts, StoredScript};
use crate::migration::{Directive, Id, Migration, Script};
use crate::sql::Lexis;

use super::target::{self, Mark, Point, Target, Unresolved};
use super::up::drift;
use super::{Direction, Drift, Plan, Step, by_id};

/// Which of two down scripts to run: the folder's, or the one that was stored when the migration was applied. Where there
/// is only one, it is run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Prefer {
    /// Either, since they must be the same.
    #[default]
    Either,
    /// The folder's: it may have been mended since.
    File,
    /// The stored one.
    Stored,
}

/// Migrations that cannot be undone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.sentence())]
pub struct Irreversible {
    /// Each with its title and, where its author gave one, the reason.
    pub migrations: Vec<(String, Option<String>)>,
}

impl Irreversible {
    fn sentence(&self) -> String {
        let without = |(title, reason): &(String, Option<String>)| reason.is_none().then(|| format!("`{title}`"));
        let without: Vec<String> = self.migrations.iter().filter_map(without).collect();
        let none = match without.as_slice() {
            [] => None,
            [one] => Some(format!("{one} has no down script, neither in the folder nor in the history")),
            // Of an old project it may be hundreds.
            [first, others @ ..] => Some(format!(
                "{first} and {} more have no down script, neither in the folder nor in the history: {}",
                others.len(),
                others.join(", ")
            )),
        };
        let explained = self.migrations.iter().filter_map(|(title, reason)| {
            reason.as_ref().map(|reason| format!("`{title}` cannot be undone: {reason}"))
        });
        none.into_iter().chain(explained).collect::<Vec<_>>().join("\n")
    }
}

/// What must be undone to reach the target, newest first, and what the target's name turned out to be.
///
/// The order is that of application, not of versions: what was applied last is undone first. Of a tag or a release stays
/// what was applied then, also what was undone and applied again since. Repeatable migrations stay.
///
/// # Errors
///
/// When the target's name means nothing.
pub fn undo<'h>(history: &'h History, target: &Target) -> Result<(Vec<&'h Applied>, Option<Point>), Unresolved> {
    let newest_first = history.applied().rev().filter(|applied| !applied.id.is_repeatable());
    Ok(match target {
        Target::All => (newest_first.collect(), Some(Point::until(Mark::Empty, 0))),
        Target::Count(count) => {
            let undone: Vec<&Applied> = newest_first.take(*count).collect();
            // Where nothing is left, as many as are asked for are undone.
            if !undone.is_empty() && undone.len() < *count {
                return Err(Unresolved::TooMany { asked: *count, there: undone.len() });
            }
            (undone, None)
        }
        Target::These(ids) => (newest_first.filter(|applied| ids.contains(&applied.id)).collect(), None),
        Target::To(name) => {
            let point = target::in_history(name, history)?;
            (newest_first.filter(|applied| !point.has(applied)).collect(), Some(point))
        }
    })
}

/// The plan that undoes these, given the scripts that the history stored for them.
///
/// # Errors
///
/// When one of them has no down script.
pub fn down(
    migrations: &[Migration],
    history: &History,
    undo: &[&Applied],
    stored: &HashMap<Id, Scripts>,
    prefer: Prefer,
    lexis: &Lexis,
) -> Result<Plan, Irreversible> {
    let files = by_id(migrations);
    let mut steps = Vec::new();
    let mut irreversible = Vec::new();
    let mut changed = Vec::new();
    for applied in undo {
        let file = files.get(&applied.id).copied();
        let from_file = file.and_then(|migration| migration.down.clone());
        let in_history = stored.get(&applied.id).and_then(|scripts| scripts.down.as_ref());
        let from_history = in_history.map(|stored| {
            let restored = Script::restored(format!("history:{}.down.sql", applied.id), &stored.text);
            Arc::new(match file {
                // What the folder refuses, it refuses of the stored text, too.
                Some(Migration { up, .. }) => {
                    Script { outer_transaction: up.outer_transaction, way_outside: up.way_outside, ..restored }
                }
                None => restored,
            })
        });
        let is_open = prefer == Prefer::Either || (prefer == Prefer::Stored && in_history.is_none());
        if is_open && let Some(edited) = file.and_then(|file| edited_way_back(applied, file)) {
            let broken = in_history.filter(|stored| !stored.is_intact);
            changed.push(broken.map_or(edited, |stored| in_history_of(applied, stored)));
            continue;
        }
        let (script, is_stored) = match (prefer, from_file, from_history) {
            (Prefer::Stored, _, Some(script)) | (_, None, Some(script)) => (script, true),
            (_, Some(script), _) => (script, false),
            // As with those named `R__`: what runs again whenever it changes stays, unless it says how it is undone.
            (_, None, None) if file.is_some_and(|migration| migration.repeats().is_some()) => continue,
            (_, None, None) => {
                irreversible.push((crate::migration::title(&applied.id, &applied.name), reason(file, lexis)));
                continue;
            }
        };
        let broken = in_history.filter(|stored| is_stored && !stored.is_intact);
        changed.extend(broken.map(|stored| in_history_of(applied, stored)));
        if let Some(reason) = declared_irreversible(&script, lexis) {
            irreversible.push((crate::migration::title(&applied.id, &applied.name), Some(reason)));
            continue;
        }
        steps.push(Step {
            id: applied.id.clone(),
            name: applied.name.to_string(),
            direction: Direction::Down,
            script,
            up: None,
            down: None,
            stored: is_stored,
            compatible: None,
        });
    }
    if !irreversible.is_empty() {
        return Err(Irreversible { migrations: irreversible });
    }
    // What must not be run comes first: it is what the plan is refused for.
    let others = drift(migrations, history, &[], lexis).into_iter();
    // A way back that is not gone, or that was chosen, needs no agreement.
    changed.extend(others.filter(|drift| !matches!(drift, Drift::ChangedDown { .. })));
    Ok(Plan { head: history.head(), steps, drift: changed })
}

/// Whether a migration can be undone: by the folder's script, or by the one that was stored when it was applied.
pub(crate) fn has_way_back(applied: Option<&Applied>, file: Option<&Migration>, lexis: &Lexis) -> bool {
    match file.and_then(|migration| migration.down.as_ref()) {
        Some(script) => declared_irreversible(script, lexis).is_none(),
        None => applied.is_some_and(|applied| applied.down_checksum.is_some()),
    }
}

/// The way back of an applied migration, if the folder has another than the history.
pub(super) fn edited_way_back(applied: &Applied, file: &Migration) -> Option<Drift> {
    let down = file.down.as_ref().filter(|down| !applied.agrees_back(&down.checksum))?;
    Some(Drift::ChangedDown {
        id: applied.id.clone(),
        name: applied.name.to_string(),
        path: down.path.clone(),
        scripts: applied.down_script,
        again: applied.runs_again(file),
    })
}

fn in_history_of(applied: &Applied, stored: &StoredScript) -> Drift {
    let (id, name) = (applied.id.clone(), applied.name.to_string());
    Drift::ChangedInHistory { id, name, seq: stored.seq, direction: Direction::Down }
}

fn declared_irreversible(script: &Script, lexis: &Lexis) -> Option<String> {
    script.directives(lexis).all.into_iter().find_map(|(_, directive)| match directive {
        Directive::DownIrreversible(reason) => Some(reason),
        _ => None,
    })
}

fn reason(migration: Option<&Migration>, lexis: &Lexis) -> Option<String> {
    migration.and_then(|migration| declared_irreversible(&migration.up, lexis))
}
