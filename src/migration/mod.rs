//! What a migration is: a version, a name, an up script and perhaps a down script. No input or output.

mod checksum;
mod directive;
mod stored;
mod version;

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::sql::{Lexis, LineIndex, Span, SplitError, Statement, split_around};

pub use checksum::{Checksum, normalise};
pub use directive::{Directive, DirectiveError, Directives, OnFailure, Phase, Precondition, Repeat, statement_after};
pub use version::{Version, VersionError};

/// One change to the schema, as files describe it.
#[derive(Clone, Debug)]
pub struct Migration {
    /// What identifies it in the history, whatever its file is called.
    pub id: Id,
    /// The words of the file name, for people.
    pub name: String,
    /// The script that applies it; shared with the plans that run it.
    pub up: Arc<Script>,
    /// The script that undoes it.
    pub down: Option<Arc<Script>>,
}

/// What a migration is known by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Id {
    /// Runs once, in the order of versions.
    Version(Version),
    /// Runs where its folder's own list has it; known by its name, as sqitch and Liquibase have it.
    Named(String),
    /// Runs after the versioned ones, again whenever its text changed; known by its name.
    Repeatable(String),
}

impl Id {
    /// The version, unless the migration is repeatable.
    pub fn version(&self) -> Option<&Version> {
        match self {
            Id::Version(version) => Some(version),
            Id::Named(_) | Id::Repeatable(_) => None,
        }
    }

    /// Which of two runs first, as far as that is said by what they are known by: those with names run in the order in
    /// which their list has them, so that sorting must leave them as they are.
    pub fn order(&self, other: &Id) -> Ordering {
        match (self, other) {
            (Id::Named(_), Id::Named(_)) => Ordering::Equal,
            _ => self.cmp(other),
        }
    }

    /// Whether the migration runs again whenever its text changed.
    pub fn is_repeatable(&self) -> bool {
        matches!(self, Id::Repeatable(_))
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Id::Version(version) => version.fmt(f),
            Id::Named(name) => f.pad(name),
            Id::Repeatable(name) => write!(f, "R__{name}"),
        }
    }
}

impl Migration {
    /// A migration of these scripts.
    pub fn new(id: Id, name: impl Into<String>, up: Script, down: Option<Script>) -> Self {
        Migration { id, name: name.into(), up: Arc::new(up), down: down.map(Arc::new) }
    }

    /// Version and name as people read them: `0007 add_phone`, or `R__views`.
    pub fn title(&self) -> String {
        title(&self.id, &self.name)
    }

    /// When it runs although it is applied.
    pub fn repeats(&self) -> Option<Repeat> {
        let asked = self.up.conventions.iter().find_map(|(_, directive)| match directive {
            Directive::Repeat(repeat) => Some(*repeat),
            _ => None,
        });
        asked.or_else(|| self.id.is_repeatable().then_some(Repeat::OnChange))
    }
}

/// Version and name as people read them: `0007 add_phone`, or `R__views`.
pub fn title(id: &Id, name: &str) -> String {
    match id {
        Id::Version(version) if name.is_empty() => version.to_string(),
        Id::Version(version) => format!("{version} {name}"),
        Id::Named(_) | Id::Repeatable(_) => id.to_string(),
    }
}

/// One SQL text, read from its file once: what is split is what is sent.
///
/// It may be a section of its file (goose, dbmate and Liquibase keep both directions, or many
/// migrations, in one). Then the text is the section alone, so that editing its neighbours does not
/// change its checksum, and [`Script::first_line`] leads back to the file.
#[derive(Clone, Debug)]
pub struct Script {
    /// Where it was read, as given by the user; for messages.
    pub path: PathBuf,
    /// The text without byte order mark and with line ends normalised.
    pub text: Arc<str>,
    /// The line of the file, from 1, on which the text begins.
    pub first_line: usize,
    /// The checksum of the text as its author wrote it: of [`Script::text`], but for a versioned
    /// script with placeholders, which keeps its checksum whatever their values.
    pub checksum: Checksum,
    /// What the script asks for by the conventions of its layout's tool, such as `-- +goose NO TRANSACTION`.
    pub conventions: Vec<(Span, Directive)>,
    /// The parts of the text that its tool sends as they are, in order: what stands between `-- +goose StatementBegin`
    /// and `StatementEnd`, say. No semicolon in them ends a statement by mistake.
    pub blocks: Vec<Span>,
    /// How much of the transaction its tool's conventions leave to the script itself.
    pub outer_transaction: OuterTransaction,
    /// The checksums by which its layout's tool would accept it in its own history, where those are not simply taken of
    /// the file: first the one that the tool would write.
    pub tool_checksums: Vec<String>,
    /// What its author does so that it runs outside a transaction, in the words of its layout's tool.
    pub way_outside: &'static str,
    /// Whether its layout's tool gives each script a session of its own.
    pub own_session: bool,
}

/// What the author of a script does so that it runs outside a transaction, where a tool has no word for it.
pub const WAY_OUTSIDE: &str = "write `-- migrate:no-transaction` at the top";

/// What pairs of `BEGIN` and `COMMIT` in a script mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OuterTransaction {
    /// Refused with the way out: the runner has a transaction of its own.
    #[default]
    Refused,
    /// A pair around the whole script is taken as the file's own transaction, as its tool does: it is left out when the
    /// script runs.
    Taken,
    /// All pairs are left out, wherever they stand: the tool sends the file as one message, and so does the file's own
    /// transaction hold whatever is between them.
    Merged,
}

impl Script {
    /// A script from the text of a file, normalised and hashed.
    pub fn new(path: impl Into<PathBuf>, text: &str) -> Self {
        Self::section(path, text, 1)
    }

    /// A script from a part of a file that begins on line `first_line`.
    pub fn section(path: impl Into<PathBuf>, text: &str, first_line: usize) -> Self {
        Self::shared(path, normalise(text).into(), first_line)
    }

    /// A script that is a whole file, and shares the text with whoever read it.
    pub fn file(path: impl Into<PathBuf>, text: Arc<str>) -> Self {
        let text = match normalise(&text) {
            Cow::Borrowed(same) if same.len() == text.len() => text,
            normalised => normalised.into(),
        };
        Self::shared(path, text, 1)
    }

    fn shared(path: impl Into<PathBuf>, text: Arc<str>, first_line: usize) -> Self {
        Script {
            path: path.into(),
            first_line,
            checksum: Checksum::of_bytes(text.as_bytes()),
            conventions: Vec::new(),
            blocks: Vec::new(),
            text,
            outer_transaction: OuterTransaction::default(),
            tool_checksums: Vec::new(),
            way_outside: WAY_OUTSIDE,
            own_session: false,
        }
    }

    /// Its statements, by the rules of a database.
    ///
    /// # Errors
    ///
    /// When the text cannot be cut into statements.
    pub fn statements(&self, lexis: &Lexis) -> Result<Vec<Statement>, SplitError> {
        split_around(&self.text, &self.blocks, lexis)
    }

    /// Finds the lines and columns of the script's text, as its file counts them.
    pub fn lines(&self) -> LineIndex<'_> {
        LineIndex::starting_at(&self.text, self.first_line)
    }

    /// What the script asks of the runner and the linter: its tool's conventions first, then its directives.
    ///
    /// Reading them needs the rules of a database, since what is a comment in one may be a string in another.
    pub fn directives(&self, lexis: &Lexis) -> Directives {
        let mut read = Directives::read(&self.text, lexis);
        read.all.splice(0..0, self.conventions.iter().cloned());
        read
    }
}
