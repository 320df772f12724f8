//! What `up` and `goto` have to do.

use std::collections::HashMap;

use crate::history::{Applied, History};
use crate::migration::{Id, Migration};
use crate::sql::Lexis;

use super::target::{self, Target, Unresolved};
use super::touches::Touches;
use super::{Direction, Drift, Plan, Step, by_id};

/// What to apply to reach the target.
///
/// # Errors
///
/// When the target's name means nothing.
pub fn up(migrations: &[Migration], history: &History, target: &Target, lexis: &Lexis) -> Result<Plan, Unresolved> {
    let mut ordered: Vec<&Migration> = migrations.iter().collect();
    ordered.sort_by(|a, b| a.id.cmp(&b.id));
    let pending = ordered.into_iter().filter(|migration| match history.find(&migration.id) {
        None => true,
        Some(applied) => applied.runs_again(&migration.up.checksum),
    });
    let pending: Vec<&Migration> = match target {
        Target::All => pending.collect(),
        Target::Count(count) => pending.take(*count).collect(),
        Target::To(name) => {
            let last = target::in_files(name, migrations)?;
            pending.filter(|migration| migration.id.version().is_some() && migration.id <= last.id).collect()
        }
    };
    let drift = drift(migrations, history, &pending, lexis);
    Ok(Plan { head: history.head(), steps: pending.into_iter().map(Step::apply).collect(), drift })
}

/// What leads to a name, whichever direction that is.
///
/// # Errors
///
/// When the name means nothing.
pub fn goto(name: &str, migrations: &[Migration], history: &History) -> Result<Direction, Unresolved> {
    if let Ok(found) = target::in_files(name, migrations)
        && history.find(&found.id).is_none()
    {
        return Ok(Direction::Up);
    }
    target::in_history(name, history).map(|_| Direction::Down)
}

/// Every disagreement between files and history, with what these pending ones add to it.
pub(super) fn drift(migrations: &[Migration], history: &History, pending: &[&Migration], lexis: &Lexis) -> Vec<Drift> {
    let files = by_id(migrations);
    let newest_file = migrations.iter().filter_map(|migration| migration.id.version()).max();
    let mut drift = Vec::new();
    if let Some(entry) = history.broken_link() {
        drift.push(Drift::BrokenChain { seq: entry.seq });
    }
    if let Some(entry) = history.unfinished()
        && let Some(id) = &entry.id
    {
        drift.push(Drift::Unfinished {
            id: id.clone(),
            name: entry.name.clone(),
            done: entry.statements_done,
            of: entry.statements_total,
        });
    }
    for applied in history.applied() {
        match (files.get(&applied.id), &applied.id) {
            (Some(_), Id::Repeatable(_)) | (None, Id::Repeatable(_)) => {}
            (Some(migration), Id::Version(_)) => {
                if let Some((_, recorded)) = &applied.checksum
                    && !applied.agrees(&migration.up.checksum)
                {
                    drift.push(Drift::Changed {
                        id: applied.id.clone(),
                        name: applied.name.clone(),
                        path: migration.up.path.clone(),
                        recorded: recorded.clone(),
                        found: migration.up.checksum.to_string(),
                        scripts: applied.scripts,
                    });
                }
            }
            (None, Id::Version(version)) => {
                let (id, name) = (applied.id.clone(), applied.name.clone());
                drift.push(if newest_file.is_none_or(|newest| version > newest) {
                    Drift::Ahead { id, name, compatible: applied.compatible }
                } else {
                    Drift::Missing { id, name }
                });
            }
        }
    }
    if let Some(newest) = history.newest() {
        for migration in pending.iter().filter(|migration| migration.id.version().is_some() && migration.id < newest.id)
        {
            drift.push(Drift::OutOfOrder {
                id: migration.id.clone(),
                name: migration.name.clone(),
                path: migration.up.path.clone(),
                conflicts: conflicts(migration, history, &files, lexis),
                newest: newest.id.clone(),
            });
        }
    }
    drift
}

/// Which later migrations, applied already, touch what this one touches, and what that is.
fn conflicts(
    late: &Migration,
    history: &History,
    files: &HashMap<&Id, &Migration>,
    lexis: &Lexis,
) -> Vec<(Id, String)> {
    let own = Touches::of(&late.up, lexis);
    let later = history.applied().filter(|applied| applied.id.version().is_some() && applied.id > late.id);
    let shared = |applied: &Applied| match files.get(&applied.id) {
        Some(file) => own.shared_with(&Touches::of(&file.up, lexis)),
        None => Some("something that only its missing file would tell".to_owned()),
    };
    later.filter_map(|applied| shared(applied).map(|what| (applied.id.clone(), what))).collect()
}
