//! What a name on the command line means: a version, a migration's name, a tag or a release.

use std::fmt;

use foldhash::HashSet;

use crate::history::{Applied, Entry, History, Kind, State};
use crate::migration::{Id, Migration, Version};

/// How far to go.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// Everything there is.
    All,
    /// So many migrations.
    Count(usize),
    /// To the state that a name stands for.
    To(String),
    /// These and no others.
    These(Vec<Id>),
}

/// A state of the schema that had a name.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// What the name turned out to be.
    pub mark: Mark,
    /// The last history entry that belongs to the state; 0 is the empty schema.
    pub seq: u64,
    /// What a tag or a release stands for: everything that was applied then, in whatever order it was since.
    pub was: Option<HashSet<Id>>,
}

impl Point {
    /// A state that ends with this entry.
    pub(super) fn until(mark: Mark, seq: u64) -> Self {
        Point { mark, seq, was: None }
    }

    fn at(mark: Mark, seq: u64, history: &History) -> Self {
        Point { mark, seq, was: Some(history.applied_at(seq)) }
    }

    /// Whether what is applied belongs to the state.
    pub(super) fn has(&self, applied: &Applied) -> bool {
        match &self.was {
            Some(was) => was.contains(&applied.id),
            None => applied.seq <= self.seq,
        }
    }

    /// Whether this was applied then, where the state is a tag's or a release's.
    pub(super) fn had(&self, id: &Id) -> bool {
        self.was.as_ref().is_some_and(|was| was.contains(id))
    }

    /// Whether going back to either leads to the same.
    fn is_as(&self, other: &Point, history: &History) -> bool {
        let applied = || history.applied().filter(|applied| !applied.id.is_repeatable());
        applied().all(|applied| self.has(applied) == other.has(applied))
            && self.missing(history) == other.missing(history)
    }

    /// What belongs to the state and is not applied at present, in the order in which it was.
    pub fn missing(&self, history: &History) -> Vec<Id> {
        let Some(was) = &self.was else { return Vec::new() };
        let mut missing: Vec<Id> = Vec::new();
        for entry in history.entries().iter().filter(|entry| entry.seq <= self.seq) {
            let Some(id) = entry.id.as_ref().filter(|id| was.contains(id) && !id.is_repeatable()) else { continue };
            if history.find(id).is_none() && !missing.contains(id) {
                missing.push(id.clone());
            }
        }
        missing
    }
}

/// What kind of name it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mark {
    /// A migration, by version or name.
    Migration(Id),
    /// A tag.
    Tag(String),
    /// A release.
    Release(String),
    /// The word `0`, `zero` or `empty`: before everything.
    Empty,
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Mark::Migration(id) => write!(f, "migration {id}"),
            Mark::Tag(tag) => write!(f, "tag {tag}"),
            Mark::Release(release) => write!(f, "release {release}"),
            Mark::Empty => f.write_str("the empty schema"),
        }
    }
}

/// A name that means nothing here, or too much.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unresolved {
    /// Nothing has this name.
    #[error("`{name}` is no version, migration, tag or release {place}")]
    Unknown {
        /// The name.
        name: String,
        /// Where it was looked for.
        place: &'static str,
        /// Names that are near.
        near: Vec<String>,
    },
    /// A file has this name, and its migration is not applied.
    #[error("`{title}` is not applied")]
    NotApplied {
        /// The migration's version and name.
        title: String,
    },
    /// Several migrations have this name.
    #[error("`{name}` is the name of several migrations: {}", versions.join(", "))]
    Ambiguous {
        /// The name.
        name: String,
        /// Their versions.
        versions: Vec<String>,
    },
    /// It stands for several states.
    #[error("`{name}` is {}", meanings.iter().map(Mark::to_string).collect::<Vec<_>>().join(" and "))]
    Several {
        /// The name.
        name: String,
        /// What it stands for.
        meanings: Vec<Mark>,
    },
    /// The state has migrations that are not applied, and going back cannot bring them.
    #[error("{mark} has {}, which {} not applied", listed(missing), if missing.len() == 1 { "is" } else { "are" })]
    NotThere {
        /// The state.
        mark: Mark,
        /// What it has.
        missing: Vec<Id>,
    },
    /// To apply what the state has is not enough: there is more than it has.
    #[error("{mark} has {}, which {} not applied, and there is more than it has", listed(missing), if missing.len() == 1 { "is" } else { "are" })]
    BothWays {
        /// The state.
        mark: Mark,
        /// What it has.
        missing: Vec<Id>,
    },
    /// There are not so many.
    #[error("{asked} are more than the {there} that can be undone")]
    TooMany {
        /// How many were asked for.
        asked: usize,
        /// How many there are.
        there: usize,
    },
    /// What is to be applied has no files.
    #[error("there is no file for {}", listed(ids))]
    NoFiles {
        /// What is to be applied.
        ids: Vec<Id>,
    },
}

/// Names as a sentence has them.
pub(crate) fn listed(ids: &[Id]) -> String {
    ids.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ")
}

/// The state in history that a name stands for. What it stands for can be said before it: `tag:v1`, `release:v1`,
/// `version:1`.
///
/// # Errors
///
/// When nothing applied has the name, or it stands for several states.
pub(crate) fn in_history(name: &str, history: &History) -> Result<Point, Unresolved> {
    let (kinds, own) = match name.split_once(':') {
        Some(("version", own)) => (&[migration_of as Meaning][..], own),
        Some(("tag", own)) => (&[tag_of as Meaning][..], own),
        Some(("release", own)) => (&[release_of as Meaning][..], own),
        _ => (&[migration_of as Meaning, tag_of, release_of][..], name),
    };
    let mut points: Vec<Point> = Vec::new();
    // An empty variable names nothing, whatever was recorded without a name.
    let kinds = if own.trim().is_empty() { &[] } else { kinds };
    for meaning in kinds {
        if let Some(point) = meaning(own, history)?
            && !points.iter().any(|other| other.is_as(&point, history))
        {
            points.push(point);
        }
    }
    if points.len() > 1 {
        let meanings = points.into_iter().map(|point| point.mark).collect();
        return Err(Unresolved::Several { name: name.to_owned(), meanings });
    }
    if let Some(point) = points.pop() {
        return Ok(point);
    }
    if matches!(own, "0" | "00" | "000" | "0000") {
        return Ok(Point::until(Mark::Empty, 0));
    }
    let places = history.applied().filter(|applied| !applied.id.is_repeatable());
    let mut names: Vec<String> = places.flat_map(|a| [a.id.to_string(), a.name.to_string()]).collect();
    names.extend(history.entries().iter().filter_map(|entry| entry.tag.as_deref().map(str::to_owned)));
    names.extend(history.entries().iter().filter_map(|entry| entry.release.as_deref().map(str::to_owned)));
    Err(Unresolved::Unknown { name: name.to_owned(), place: "in the history", near: near(name, names) })
}

type Meaning = fn(&str, &History) -> Result<Option<Point>, Unresolved>;

fn migration_of(name: &str, history: &History) -> Result<Option<Point>, Unresolved> {
    let point = |applied: &Applied| Some(Point::until(Mark::Migration(applied.id.clone()), applied.seq));
    let version = name.parse::<Version>().ok().and_then(|version| history.find(&Id::Version(version)));
    if let Some(applied) = version.or_else(|| history.find(&Id::Named(name.to_owned()))) {
        return Ok(point(applied));
    }
    // Repeatable ones have no place in the order.
    let named: Vec<_> = history
        .applied()
        .filter(|applied| !applied.id.is_repeatable() && is_called(name, &applied.id, &applied.name))
        .collect();
    match named.as_slice() {
        [] => Ok(None),
        [one] => Ok(point(one)),
        several => {
            let versions = several.iter().map(|applied| applied.id.to_string()).collect();
            Err(Unresolved::Ambiguous { name: name.to_owned(), versions })
        }
    }
}

fn tag_of(name: &str, history: &History) -> Result<Option<Point>, Unresolved> {
    let seq = last(history, |entry| entry.kind == Kind::Tag && entry.tag.as_deref() == Some(name));
    Ok(seq.map(|seq| Point::at(Mark::Tag(name.to_owned()), seq, history)))
}

/// The state a release left: its last entry that went forward, not a later roll-back that merely names it.
fn release_of(name: &str, history: &History) -> Result<Option<Point>, Unresolved> {
    let forward = |entry: &Entry| {
        matches!(entry.kind, Kind::Apply | Kind::Release | Kind::Baseline) && entry.release.as_deref() == Some(name)
    };
    Ok(last(history, forward).map(|seq| Point::at(Mark::Release(name.to_owned()), seq, history)))
}

/// The number of the last entry of this kind.
fn last(history: &History, wanted: impl Fn(&Entry) -> bool) -> Option<u64> {
    let mut entries = history.entries().iter().rev().filter(|entry| entry.state == State::Done);
    entries.find(|entry| wanted(entry)).map(|entry| entry.seq)
}

/// The migration among the files that a version or name stands for.
///
/// # Errors
///
/// When no file has the name, or several have.
pub(crate) fn in_files<'m>(name: &str, migrations: &'m [Migration]) -> Result<&'m Migration, Unresolved> {
    if let Some(exact) = migrations.iter().find(|migration| matches!(&migration.id, Id::Named(own) if own == name)) {
        return Ok(exact);
    }
    if let Ok(version) = name.parse::<Version>()
        && let Some(found) = migrations.iter().find(|migration| migration.id.version() == Some(&version))
    {
        return Ok(found);
    }
    let named: Vec<&Migration> = migrations
        .iter()
        .filter(|migration| !migration.id.is_repeatable() && !name.trim().is_empty())
        .filter(|migration| is_called(name, &migration.id, &migration.name))
        .collect();
    match named.as_slice() {
        [one] => Ok(one),
        [] => {
            let places = migrations.iter().filter(|migration| !migration.id.is_repeatable());
            let names = places.flat_map(|m| [m.id.to_string(), m.name.clone()]).collect();
            Err(Unresolved::Unknown { name: name.to_owned(), place: "among the files", near: near(name, names) })
        }
        several => {
            let versions = several.iter().map(|migration| migration.id.to_string()).collect();
            Err(Unresolved::Ambiguous { name: name.to_owned(), versions })
        }
    }
}

/// Whether a name means this migration: its name, its version as it is written, or both as files have them.
pub(crate) fn is_called(name: &str, id: &Id, own: &str) -> bool {
    own == name || id.to_string() == name || name.strip_suffix(own).is_some_and(|before| before == format!("{id}_"))
}

/// Up to three names that look like this one.
fn near(name: &str, mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names.dedup();
    let mut scored: Vec<(f32, String)> = names
        .into_iter()
        .filter(|other| !other.is_empty())
        .map(|other| (similar::TextDiff::from_chars(name, other.as_str()).ratio(), other))
        .filter(|(ratio, _)| *ratio > 0.6)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    scored.into_iter().take(3).map(|(_, name)| name).collect()
}
