//! A run that stopped half-way: what failed, where, and what is true now.

use std::fmt;
use std::path::PathBuf;

use crate::databases::{Blocker, SqlError};
use crate::migration::Id;
use crate::plan::Direction;
use crate::sql::Place;

/// What a run did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// Each migration it applied or undid, in order.
    pub done: Vec<Done>,
    /// The history's last hash, to be kept elsewhere.
    pub head: String,
}

/// A migration that a run applied or undid.
#[derive(Clone, Debug, PartialEq)]
pub struct Done {
    /// Which.
    pub id: Id,
    /// Its name.
    pub name: String,
    /// Applied or undone.
    pub direction: Direction,
    /// How long it took, in milliseconds.
    pub milliseconds: u64,
}

/// A migration failed.
#[derive(Clone, Debug)]
pub struct Failure {
    /// What had been done before.
    pub done: Vec<Done>,
    /// Which migration failed.
    pub id: Id,
    /// Its name.
    pub name: String,
    /// Which way it was going.
    pub direction: Direction,
    /// Where.
    pub at: Option<StatementAt>,
    /// What the database said.
    pub error: SqlError,
    /// Who stood in the way, if somebody did.
    pub blockers: Vec<Blocker>,
    /// What is true now.
    pub aftermath: Aftermath,
}

/// The statement that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementAt {
    /// The script's file.
    pub path: PathBuf,
    /// Its number in the script, from 1.
    pub number: usize,
    /// How many there are.
    pub of: usize,
    /// Where in the file the statement begins, or, where the database said it, where in it the error is.
    pub place: Place,
    /// The statement.
    pub sql: String,
    /// Where in the statement the error is, in bytes, where the database said it.
    pub position: Option<usize>,
}

/// What a failed migration left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Aftermath {
    /// Nothing: it was rolled back, or had not begun.
    Nothing,
    /// So many of its statements are done and recorded; the next `up` goes on after them.
    Resumable {
        /// How many statements are done.
        done: usize,
        /// Of how many.
        of: usize,
    },
    /// Nobody can tell whether a statement took effect; a human must decide.
    Undecided {
        /// The statement's number, from 1.
        statement: usize,
        /// Why nobody can tell.
        reason: String,
    },
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match self.direction {
            Direction::Up => "apply",
            Direction::Down => "undo",
        };
        write!(f, "cannot {verb} `{}`", crate::migration::title(&self.id, &self.name))?;
        if let Some(at) = &self.at {
            write!(
                f,
                ": statement {} of {} ({}:{}:{})",
                at.number,
                at.of,
                at.path.display(),
                at.place.line,
                at.place.column
            )?;
        }
        write!(f, ": {}", self.error)
    }
}

impl std::error::Error for Failure {}

impl Failure {
    /// What is true now and what to do next.
    pub fn hint(&self) -> String {
        let id = &self.id;
        match &self.aftermath {
            Aftermath::Nothing => {
                "the migration was rolled back; nothing of it remains. Mend it and run the command again".to_owned()
            }
            Aftermath::Resumable { done, of } => format!(
                "{done} of {of} statements are done and recorded; mend the rest of the script and run the command again: it goes on with statement {}",
                done + 1
            ),
            Aftermath::Undecided { statement, reason } => format!(
                "{reason}. Look at the schema, then say what is true: `migrate resolve {id} --statement {statement} --done` or `--again`; or `migrate resolve {id} --applied` or `--reverted` for the whole migration"
            ),
        }
    }
}
