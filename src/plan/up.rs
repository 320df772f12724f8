//! What `up` and `goto` have to do.

use foldhash::HashMap;

use crate::history::{Applied, History};
use crate::migration::{Id, Migration, Repeat, Version};
use crate::sql::Lexis;

use super::down::edited_way_back;
use super::target::{self, Mark, Target, Unresolved};
use super::touches::Touches;
use super::{Direction, Drift, Plan, Step, by_id};

/// What to apply to reach the target.
///
/// # Errors
///
/// When the target's name means nothing.
pub fn up(migrations: &[Migration], history: &History, target: &Target, lexis: &Lexis) -> Result<Plan, Unresolved> {
    let mut ordered: Vec<&Migration> = migrations.iter().collect();
    ordered.sort_by(|a, b| a.id.order(&b.id));
    let is_pending = |migration: &&Migration| match history.find(&migration.id) {
        None => true,
        Some(applied) => applied.runs_again(migration),
    };
    let pending: Vec<&Migration> = match target {
        Target::All => ordered.into_iter().filter(is_pending).collect(),
        Target::Count(count) => ordered.into_iter().filter(is_pending).take(*count).collect(),
        Target::To(name) => {
            let last = target::in_files(name, migrations)?;
            let until = ordered.iter().position(|migration| migration.id == last.id).map_or(0, |at| at + 1);
            ordered.truncate(until);
            ordered.into_iter().filter(|migration| !migration.id.is_repeatable()).filter(is_pending).collect()
        }
        Target::These(ids) => {
            let pending: Vec<&Migration> =
                ordered.into_iter().filter(|one| ids.contains(&one.id)).filter(is_pending).collect();
            let without = |id: &&Id| !pending.iter().any(|one| one.id == **id);
            let ids: Vec<Id> = ids.iter().filter(without).cloned().collect();
            if !ids.is_empty() {
                return Err(Unresolved::NoFiles { ids });
            }
            pending
        }
    };
    let drift = drift(migrations, history, &pending, lexis);
    Ok(Plan { head: history.head(), steps: pending.into_iter().map(Step::apply).collect(), drift })
}

/// What leads to a name, whichever direction that is.
///
/// # Errors
///
/// When the name means nothing, or neither direction leads there.
pub fn goto(name: &str, migrations: &[Migration], history: &History) -> Result<(Direction, Target), Unresolved> {
    let to = Target::To(name.to_owned());
    match target::in_files(name, migrations) {
        Ok(found) if history.find(&found.id).is_none() => {
            return match target::in_history(name, history) {
                Ok(point) => Err(Unresolved::Several {
                    name: name.to_owned(),
                    meanings: vec![Mark::Migration(found.id.clone()), point.mark],
                }),
                Err(Unresolved::Unknown { .. }) => Ok((Direction::Up, to)),
                Err(wrong) => Err(wrong),
            };
        }
        Err(wrong @ Unresolved::Ambiguous { .. }) => return Err(wrong),
        Ok(_) | Err(_) => {}
    }
    let point = target::in_history(name, history)?;
    let missing = point.missing(history);
    let is_there = history.applied().all(|applied| applied.id.is_repeatable() || point.has(applied));
    if !is_there && !missing.is_empty() {
        return Err(Unresolved::BothWays { mark: point.mark, missing });
    }
    // What repeats was undone with what it stands on, perhaps, and belongs to the state all the same.
    let again = migrations.iter().filter(|migration| {
        let is_gone = || history.find(&migration.id).is_none_or(|applied| applied.runs_again(migration));
        migration.repeats() == Some(Repeat::OnChange) && point.had(&migration.id) && is_gone()
    });
    let missing: Vec<Id> = missing.into_iter().chain(again.map(|migration| migration.id.clone())).collect();
    match is_there && !missing.is_empty() {
        true => Ok((Direction::Up, Target::These(missing))),
        false => Ok((Direction::Down, to)),
    }
}

/// Every disagreement between files and history, with what these pending ones add to it.
pub(super) fn drift(migrations: &[Migration], history: &History, pending: &[&Migration], lexis: &Lexis) -> Vec<Drift> {
    let files = by_id(migrations);
    let order = Order::of(migrations, history);
    let mut drift = Vec::new();
    if let Some(entry) = history.broken_link() {
        drift.push(Drift::BrokenChain { seq: entry.seq });
    }
    if let Some(entry) = history.unfinished()
        && let Some(id) = &entry.id
    {
        drift.push(Drift::Unfinished {
            id: id.clone(),
            name: entry.name.to_string(),
            done: entry.statements_done,
            of: entry.statements_total,
        });
    }
    for applied in history.applied() {
        let file = files.get(&applied.id);
        match (file, &applied.id) {
            (None, Id::Repeatable(_)) => {}
            (None, _) if applied.is_mark() => {}
            (Some(migration), _) if migration.repeats().is_some() => {}
            (Some(migration), _) => {
                if let Some((_, recorded)) = &applied.checksum
                    && !applied.agrees(&migration.up.checksum)
                {
                    drift.push(Drift::Changed {
                        id: applied.id.clone(),
                        name: applied.name.to_string(),
                        path: migration.up.path.clone(),
                        recorded: recorded.to_string(),
                        found: migration.up.checksum.to_string(),
                        scripts: applied.up_script,
                    });
                }
            }
            (None, _) => {
                let (id, name) = (applied.id.clone(), applied.name.to_string());
                drift.push(if order.is_after_all_files(applied) {
                    Drift::Ahead { id, name, compatible: applied.compatible }
                } else {
                    Drift::Missing { id, name }
                });
            }
        }
        // Repeatable ones are not undone; what runs again anyway stores the folder's way back then.
        let stays = |file: &&&Migration| !applied.id.is_repeatable() && !applied.runs_again(file);
        drift.extend(file.filter(stays).and_then(|file| edited_way_back(applied, file)));
    }
    let mut touched = Touched { files: &files, known: HashMap::default(), lexis };
    for migration in pending.iter().filter(|migration| history.find(&migration.id).is_none()) {
        if let Some(newest) = order.newest_after(migration) {
            drift.push(Drift::OutOfOrder {
                id: migration.id.clone(),
                name: migration.name.clone(),
                path: migration.up.path.clone(),
                conflicts: conflicts(migration, history, &order, &mut touched),
                newest: newest.clone(),
            });
        }
    }
    drift
}

/// Which migrations come after which: by their versions, or, where they have names, by their places in the list of files.
struct Order<'a> {
    places: HashMap<&'a Id, usize>,
    newest_file: Option<&'a Version>,
    newest_version: Option<&'a Id>,
    last_named: Option<(usize, &'a Id)>,
    /// The entry that applied the last of those that have files.
    last_seq: u64,
}

impl<'a> Order<'a> {
    fn of(migrations: &'a [Migration], history: &'a History) -> Self {
        let named = migrations.iter().enumerate().filter(|(_, migration)| matches!(migration.id, Id::Named(_)));
        let places: HashMap<&Id, usize> = named.map(|(place, migration)| (&migration.id, place)).collect();
        let applied = || history.applied().map(|applied| &applied.id);
        Order {
            newest_file: migrations.iter().filter_map(|migration| migration.id.version()).max(),
            newest_version: applied().filter(|id| id.version().is_some()).max(),
            last_named: applied().filter_map(|id| places.get(id).map(|place| (*place, id))).max(),
            last_seq: places.keys().filter_map(|id| history.find(id)).map(|applied| applied.seq).max().unwrap_or(0),
            places,
        }
    }

    /// Whether an applied migration without a file is newer than every file.
    fn is_after_all_files(&self, applied: &Applied) -> bool {
        match &applied.id {
            Id::Version(version) => self.newest_file.is_none_or(|newest| version > newest),
            Id::Named(_) => applied.seq > self.last_seq,
            Id::Repeatable(_) => false,
        }
    }

    /// The newest applied migration, if it comes after this one.
    fn newest_after(&self, migration: &Migration) -> Option<&'a Id> {
        match &migration.id {
            Id::Version(_) => self.newest_version.filter(|newest| **newest > migration.id),
            Id::Named(_) => {
                let place = self.places.get(&migration.id)?;
                self.last_named.filter(|(last, _)| last > place).map(|(_, id)| id)
            }
            Id::Repeatable(_) => None,
        }
    }

    /// Whether an applied migration comes after this one; where its file is gone, its place is not known, and it may.
    fn may_be_after(&self, applied: &Id, migration: &Id) -> bool {
        match (applied, migration) {
            (Id::Version(_), Id::Version(_)) => applied > migration,
            (Id::Named(_), Id::Named(_)) => match (self.places.get(applied), self.places.get(migration)) {
                (Some(applied), Some(own)) => applied > own,
                _ => true,
            },
            _ => false,
        }
    }
}

/// What files touch, each read once.
struct Touched<'a> {
    files: &'a HashMap<&'a Id, &'a Migration>,
    known: HashMap<Id, Option<Touches>>,
    lexis: &'a Lexis,
}

impl Touched<'_> {
    /// What the file of this migration touches; none when it is missing.
    fn by(&mut self, id: &Id) -> Option<&Touches> {
        let read = || self.files.get(id).map(|file| Touches::of(&file.up, self.lexis));
        self.known.entry(id.clone()).or_insert_with(read).as_ref()
    }
}

/// Which later migrations, applied already, touch what this one touches, and what that is.
fn conflicts(late: &Migration, history: &History, order: &Order<'_>, touched: &mut Touched<'_>) -> Vec<(Id, String)> {
    let own = Touches::of(&late.up, touched.lexis);
    let later = history.applied().filter(|applied| order.may_be_after(&applied.id, &late.id));
    let mut shared = |applied: &Applied| match touched.by(&applied.id) {
        Some(file) => own.shared_with(file),
        None => Some("something that only its missing file would tell".to_owned()),
    };
    later.filter_map(|applied| shared(applied).map(|what| (applied.id.clone(), what))).collect()
}
