//! The history: one append-only table of everything that ever happened to a schema.
//!
//! The present state is a fold over the entries. Claiming the next dense `seq` is the compare-and-swap on
//! which all correctness rests; `migrate`'s lock only makes losing that race rare.

mod chain;
mod entry;
mod store;
mod trouble;

use std::collections::BTreeMap;

use ecow::EcoString;
use foldhash::{HashMap, HashSet};

pub use chain::GENESIS;
pub use entry::{Entry, Fact, Kind, State};
pub use store::{Claim, Detail, Scripts, Store, StoredScript};
pub use trouble::{lacks_schema, swallowed, unwritable};

use crate::migration::{Checksum, Id, Migration, Repeat};

/// The history as it was read at one moment.
#[derive(Clone, Debug, Default)]
pub struct History {
    entries: Vec<Entry>,
    applied: BTreeMap<u64, Applied>,
    by_id: HashMap<Id, u64>,
    unfinished: Option<usize>,
}

/// A migration that is applied at present.
#[derive(Clone, Debug, PartialEq)]
pub struct Applied {
    /// Which.
    pub id: Id,
    /// Its name when it was applied.
    pub name: EcoString,
    /// The entry that applied it.
    pub seq: u64,
    /// How it came to count as applied.
    pub kind: Kind,
    /// The checksum of its up script, as last applied or repaired, with its algorithm; none when it was never known.
    pub checksum: Option<(EcoString, EcoString)>,
    /// The entry that holds its up script as last applied or repaired.
    pub up_script: u64,
    /// The entry that holds its down script, if there is one.
    pub down_script: u64,
    /// The checksum of that down script, with its algorithm; none when no down script was stored.
    pub down_checksum: Option<(EcoString, EcoString)>,
    /// The release it came with.
    pub release: Option<EcoString>,
    /// Whether old code can run on it, as the linter judged when it was applied.
    pub compatible: Option<bool>,
    /// When it was applied, by the database's clock in UTC.
    pub at: EcoString,
    /// Whether, being repeatable, it must run again: something was undone since, and its objects with it perhaps.
    pub stale: bool,
}

impl Applied {
    /// Whether the script is the one that was applied; a checksum that was never known agrees with everything.
    pub fn agrees(&self, checksum: &Checksum) -> bool {
        is_recorded(checksum, self.checksum.as_ref())
    }

    /// Whether the script is the way back that was stored; where none was, there is nothing to disagree with.
    pub fn agrees_back(&self, checksum: &Checksum) -> bool {
        is_recorded(checksum, self.down_checksum.as_ref())
    }

    /// Whether it only marks where a database was taken over: no file ever had its version.
    pub fn is_mark(&self) -> bool {
        self.kind == Kind::Baseline && self.checksum.is_none()
    }

    /// Whether it is to run again, as its file is now.
    pub fn runs_again(&self, migration: &Migration) -> bool {
        match migration.repeats() {
            Some(Repeat::Always) => true,
            Some(Repeat::OnChange) => self.stale || !self.agrees(&migration.up.checksum),
            None => false,
        }
    }
}

fn is_recorded(checksum: &Checksum, recorded: Option<&(EcoString, EcoString)>) -> bool {
    match recorded {
        Some((algorithm, recorded)) if algorithm == Checksum::ALGORITHM => checksum.is_written(recorded),
        _ => true,
    }
}

/// What the note of an entry begins with that says whose records are kept beside ours.
pub const MIRROR: &str = "mirror ";

/// Where the history ends: what the next entry builds on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The last entry's number; 0 when there is none.
    pub seq: u64,
    /// The last entry's hash.
    pub hash: String,
}

impl History {
    /// Folds entries, which must be in the order of their `seq`.
    pub fn new(entries: Vec<Entry>) -> Self {
        let mut history = History { entries, ..History::default() };
        for index in 0..history.entries.len() {
            history.fold(index);
        }
        history
    }

    fn fold(&mut self, index: usize) {
        let entry = &self.entries[index];
        match entry.state {
            State::Running => self.unfinished = Some(index),
            State::Abandoned => {}
            State::Done => match (entry.kind, &entry.id) {
                (Kind::Apply | Kind::Baseline | Kind::Adopt, Some(id)) => {
                    let applied = Applied {
                        id: id.clone(),
                        name: entry.name.clone(),
                        seq: entry.seq,
                        kind: entry.kind,
                        checksum: entry.checksum.clone(),
                        up_script: entry.seq,
                        down_script: entry.seq,
                        down_checksum: entry.recorded_way_back(),
                        release: entry.release.clone(),
                        compatible: entry.compatible,
                        at: entry.finished_at.clone().unwrap_or_else(|| entry.started_at.clone()),
                        stale: false,
                    };
                    if let Some(old) = self.by_id.insert(id.clone(), entry.seq) {
                        self.applied.remove(&old);
                    }
                    self.applied.insert(entry.seq, applied);
                }
                (Kind::Revert, Some(id)) => {
                    self.applied.values_mut().for_each(|applied| applied.stale |= applied.id.is_repeatable());
                    if let Some(seq) = self.by_id.remove(id) {
                        self.applied.remove(&seq);
                    }
                }
                (Kind::Repair, Some(id)) => {
                    if let Some(applied) = self.by_id.get(id).and_then(|seq| self.applied.get_mut(seq)) {
                        applied.checksum.clone_from(&entry.checksum);
                        applied.name.clone_from(&entry.name);
                        applied.up_script = entry.seq;
                        // A repair that knows no way back hides none that was stored before.
                        if entry.down_checksum.is_some() {
                            applied.down_script = entry.seq;
                            applied.down_checksum = entry.recorded_way_back();
                        }
                    }
                }
                _ => {}
            },
        }
    }

    /// The history as it will be once what is half-done is finished, which happens before anything else is done. Its files may
    /// have been mended meanwhile; whoever finishes it looks at that and records it.
    #[must_use]
    pub fn finished(&self) -> History {
        let Some(index) = self.unfinished else { return self.clone() };
        let mut entries = self.entries.clone();
        entries[index].state = State::Done;
        let seq = entries[index].seq;
        let mut finished = History::new(entries);
        if let Some(applied) = finished.applied.get_mut(&seq) {
            (applied.checksum, applied.down_checksum) = (None, None);
        }
        finished
    }

    /// What was applied when this entry was written.
    pub fn applied_at(&self, seq: u64) -> HashSet<Id> {
        let until = self.entries.iter().take_while(|entry| entry.seq <= seq).cloned();
        History::new(until.collect()).by_id.into_keys().collect()
    }

    /// Whether it ever had a migration. A name that was given to a state is none.
    pub fn has_begun(&self) -> bool {
        self.entries.iter().any(|entry| matches!(entry.kind, Kind::Apply | Kind::Baseline | Kind::Adopt))
    }

    /// Every entry, oldest first.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// What is applied at present, in the order in which it was applied.
    pub fn applied(&self) -> impl DoubleEndedIterator<Item = &Applied> {
        self.applied.values()
    }

    /// Whether, and how, this migration is applied.
    pub fn find(&self, id: &Id) -> Option<&Applied> {
        self.by_id.get(id).and_then(|seq| self.applied.get(seq))
    }

    /// The entry whose work began and has no result: a run that is going on, or one that was interrupted.
    pub fn unfinished(&self) -> Option<&Entry> {
        self.unfinished.map(|index| &self.entries[index])
    }

    /// Where the history ends.
    pub fn head(&self) -> Head {
        match self.entries.last() {
            Some(last) => Head { seq: last.seq, hash: last.hash.to_string() },
            None => Head { seq: 0, hash: GENESIS.to_owned() },
        }
    }

    /// The applied versions' greatest, which a new file must come after; of those with names, the one applied last.
    pub fn newest(&self) -> Option<&Applied> {
        self.applied.values().filter(|applied| !applied.id.is_repeatable()).max_by(|a, b| a.id.order(&b.id))
    }

    /// The release that the last entry with one names.
    pub fn release(&self) -> Option<&str> {
        self.entries.iter().rev().find_map(|entry| entry.release.as_deref())
    }

    /// The tool whose records are kept beside ours, if one is.
    pub fn mirror(&self) -> Option<&str> {
        let told = self.entries.iter().rev().filter(|entry| entry.kind == Kind::Adopt && entry.id.is_none());
        let word = told.filter_map(|entry| entry.tag.as_deref()?.strip_prefix(MIRROR)).next()?;
        (word != "off").then_some(word)
    }

    /// The first entry whose hash is not that of its content and its forerunner: somebody edited, inserted,
    /// deleted or reordered rows by hand.
    pub fn broken_link(&self) -> Option<&Entry> {
        let mut before = GENESIS;
        for (index, entry) in self.entries.iter().enumerate() {
            if entry.seq != index as u64 + 1 || !chain::hash(before, entry).is_written(&entry.hash) {
                return Some(entry);
            }
            before = &entry.hash;
        }
        None
    }

    /// Whether some entry ever had this hash: `verify --head` asks this of a head that was kept elsewhere.
    pub fn contains_head(&self, hash: &str) -> bool {
        hash == GENESIS || self.entries.iter().any(|entry| entry.hash == hash)
    }
}
