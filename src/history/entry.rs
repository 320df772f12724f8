//! One entry of the history.

use ecow::EcoString;

use crate::migration::{Checksum, Id, Script};

/// What kind of thing happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A migration was applied.
    Apply,
    /// A migration was undone.
    Revert,
    /// A migration was declared applied, without running it.
    Baseline,
    /// A migration was taken over from another tool's history.
    Adopt,
    /// An edited file was accepted.
    Repair,
    /// A human decided what an interrupted migration did.
    Resolve,
    /// The present state got a name.
    Tag,
    /// A release was deployed that brought no migration.
    Release,
}

impl Kind {
    const ALL: [Kind; 8] =
        [Kind::Apply, Kind::Revert, Kind::Baseline, Kind::Adopt, Kind::Repair, Kind::Resolve, Kind::Tag, Kind::Release];

    /// The word in the table.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Apply => "apply",
            Kind::Revert => "revert",
            Kind::Baseline => "baseline",
            Kind::Adopt => "adopt",
            Kind::Repair => "repair",
            Kind::Resolve => "resolve",
            Kind::Tag => "tag",
            Kind::Release => "release",
        }
    }

    /// The kind that a word in the table means.
    pub fn from_word(word: &str) -> Option<Self> {
        Kind::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// How far an entry's work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Begun; `statements_done` of its statements are known to be done.
    Running,
    /// Done.
    Done,
    /// Begun, and declared not to have happened by a human.
    Abandoned,
}

impl State {
    /// The word in the table.
    pub fn word(self) -> &'static str {
        match self {
            State::Running => "running",
            State::Done => "done",
            State::Abandoned => "abandoned",
        }
    }

    /// The state that a word in the table means.
    pub fn from_word(word: &str) -> Option<Self> {
        [State::Running, State::Done, State::Abandoned].into_iter().find(|state| state.word() == word)
    }
}

/// One entry as the table has it, without the scripts' texts.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its number: dense from 1.
    pub seq: u64,
    /// What kind of thing happened.
    pub kind: Kind,
    /// The migration it happened to, if to one.
    pub id: Option<Id>,
    /// The migration's name.
    pub name: EcoString,
    /// How far it is.
    pub state: State,
    /// How many of its statements are known to be done.
    pub statements_done: usize,
    /// How many it has.
    pub statements_total: usize,
    /// What was in the catalog before the statement in flight.
    pub probe: Option<EcoString>,
    /// The run that wrote it.
    pub owner: EcoString,
    /// The checksum of the up script, and the algorithm's name.
    pub checksum: Option<(EcoString, EcoString)>,
    /// The checksum of the down script, by the same algorithm.
    pub down_checksum: Option<EcoString>,
    /// The name given to the state (kind tag), or a note.
    pub tag: Option<EcoString>,
    /// The release it came with.
    pub release: Option<EcoString>,
    /// Whether old code can run on it, as the linter judged.
    pub compatible: Option<bool>,
    /// The tool it was adopted from.
    pub source_tool: Option<EcoString>,
    /// That tool's checksum.
    pub source_checksum: Option<EcoString>,
    /// The database login.
    pub applied_by: EcoString,
    /// The machine, or pipeline, it was run on.
    pub host: EcoString,
    /// This program's version at the time.
    pub tool: EcoString,
    /// When it began, by the database's clock in UTC.
    pub started_at: EcoString,
    /// When it ended, likewise.
    pub finished_at: Option<EcoString>,
    /// Its link in the chain.
    pub hash: EcoString,
}

impl Entry {
    /// The checksum of the down script, with its algorithm's name.
    pub(super) fn recorded_way_back(&self) -> Option<(EcoString, EcoString)> {
        let algorithm = self.checksum.as_ref().map_or_else(|| Checksum::ALGORITHM.into(), |(name, _)| name.clone());
        Some((algorithm, self.down_checksum.clone()?))
    }
}

/// What is written of something that happens; the table adds number, time, owner and hash.
#[derive(Clone, Debug)]
pub struct Fact<'a> {
    /// What kind of thing happens.
    pub kind: Kind,
    /// The migration it happens to.
    pub id: Option<&'a Id>,
    /// Its name.
    pub name: &'a str,
    /// How many statements it has.
    pub statements: usize,
    /// The up script, to be stored with its checksum.
    pub up: Option<&'a Script>,
    /// The checksum of the up script where the script itself is not at hand.
    pub checksum: Option<(String, String)>,
    /// The down script, to be stored with its checksum.
    pub down: Option<&'a Script>,
    /// The tag, or a note.
    pub tag: Option<&'a str>,
    /// The release.
    pub release: Option<&'a str>,
    /// Whether old code can run on it.
    pub compatible: Option<bool>,
    /// The tool it is adopted from, and that tool's checksum.
    pub source: Option<(&'a str, Option<&'a str>)>,
}

impl<'a> Fact<'a> {
    /// A fact about no script yet.
    pub fn new(kind: Kind, id: Option<&'a Id>, name: &'a str) -> Self {
        Fact {
            kind,
            id,
            name,
            statements: 0,
            up: None,
            checksum: None,
            down: None,
            tag: None,
            release: None,
            compatible: None,
            source: None,
        }
    }

    /// The checksum to record, with its algorithm's name.
    pub fn recorded_checksum(&self) -> Option<(String, String)> {
        let known = |script: &Script| (Checksum::ALGORITHM.to_owned(), script.checksum.to_string());
        self.up.map(known).or_else(|| self.checksum.clone())
    }
}
