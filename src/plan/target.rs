//! What a name on the command line means: a version, a migration's name, a tag or a release.

use std::fmt;

use crate::history::{History, Kind, State};
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
}

/// A state of the schema that had a name.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// What the name turned out to be.
    pub mark: Mark,
    /// The last history entry that belongs to the state; 0 is the empty schema.
    pub seq: u64,
}

/// What kind of name it was.
#[derive(Clone, Debug, PartialEq)]
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
    /// Several migrations have this name.
    #[error("`{name}` is the name of several migrations: {}", versions.join(", "))]
    Ambiguous {
        /// The name.
        name: String,
        /// Their versions.
        versions: Vec<String>,
    },
}

/// The state in history that a name stands for.
///
/// # Errors
///
/// When nothing applied has the name, or several migrations have.
pub(super) fn in_history(name: &str, history: &History) -> Result<Point, Unresolved> {
    if let Ok(version) = name.parse::<Version>() {
        let id = Id::Version(version);
        if let Some(applied) = history.find(&id) {
            return Ok(Point { mark: Mark::Migration(id), seq: applied.seq });
        }
        if matches!(name, "0" | "00" | "000" | "0000") {
            return Ok(Point { mark: Mark::Empty, seq: 0 });
        }
    }
    if let Some(applied) = history.find(&Id::Named(name.to_owned())) {
        return Ok(Point { mark: Mark::Migration(applied.id.clone()), seq: applied.seq });
    }
    let named: Vec<_> =
        history.applied().filter(|applied| applied.name == name || applied.id.to_string() == name).collect();
    match named.as_slice() {
        [one] => return Ok(Point { mark: Mark::Migration(one.id.clone()), seq: one.seq }),
        [] => {}
        several => {
            let versions = several.iter().map(|applied| applied.id.to_string()).collect();
            return Err(Unresolved::Ambiguous { name: name.to_owned(), versions });
        }
    }
    let last = |wanted: &dyn Fn(&crate::history::Entry) -> bool| {
        history.entries().iter().rev().find(|entry| entry.state == State::Done && wanted(entry)).map(|entry| entry.seq)
    };
    if let Some(seq) = last(&|entry| entry.kind == Kind::Tag && entry.tag.as_deref() == Some(name)) {
        return Ok(Point { mark: Mark::Tag(name.to_owned()), seq });
    }
    // The state a release left: its last entry that went forward, not a later roll-back that merely names it.
    let forward = |entry: &crate::history::Entry| {
        matches!(entry.kind, Kind::Apply | Kind::Release | Kind::Baseline) && entry.release.as_deref() == Some(name)
    };
    if let Some(seq) = last(&forward) {
        return Ok(Point { mark: Mark::Release(name.to_owned()), seq });
    }
    let mut names: Vec<String> = history.applied().flat_map(|a| [a.id.to_string(), a.name.to_string()]).collect();
    names.extend(history.entries().iter().filter_map(|entry| entry.tag.as_deref().map(str::to_owned)));
    names.extend(history.entries().iter().filter_map(|entry| entry.release.as_deref().map(str::to_owned)));
    Err(Unresolved::Unknown { name: name.to_owned(), place: "in the history", near: near(name, names) })
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
        .filter(|migration| !migration.id.is_repeatable())
        .filter(|migration| {
            migration.name == name
                || migration.id.to_string() == name
                || format!("{}_{}", migration.id, migration.name) == name
        })
        .collect();
    match named.as_slice() {
        [one] => Ok(one),
        [] => {
            let names = migrations.iter().flat_map(|m| [m.id.to_string(), m.name.clone()]).collect();
            Err(Unresolved::Unknown { name: name.to_owned(), place: "among the files", near: near(name, names) })
        }
        several => {
            let versions = several.iter().map(|migration| migration.id.to_string()).collect();
            Err(Unresolved::Ambiguous { name: name.to_owned(), versions })
        }
    }
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
