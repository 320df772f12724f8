//! A run that stopped half-way: what failed, where, and what is true now.

use std::fmt;
use std::path::PathBuf;

use std::time::Duration;

use crate::databases::{Blocker, SqlError};
use crate::migration::Id;
use crate::plan::Direction;
use crate::sql::Place;

use super::RunError;

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

/// How to go on after a run that stopped early.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Next {
    /// The same command again means the rest.
    #[default]
    Same,
    /// Another command means the rest: said again, the same would mean as many once more.
    Rest(String),
    /// What was undone to be applied again is pending.
    Reapply,
    /// A plan that was written down is no longer what would be run.
    Replan,
    /// Everything was done already.
    Nothing,
}

impl Next {
    /// What to do, to follow an "and".
    pub fn again(&self) -> String {
        match self {
            Next::Same => "run the command again".to_owned(),
            Next::Rest(command) => format!("run `{command}` for what is left"),
            Next::Reapply => "run `migrate up`, which applies what is undone".to_owned(),
            Next::Replan => "make a new plan with `migrate plan` and run that".to_owned(),
            Next::Nothing => "nothing is left to be done".to_owned(),
        }
    }
}

impl RunError {
    /// The same, with how to go on, which depends on what was done, and on whether an undoing is half-done.
    #[must_use]
    pub(crate) fn leading_to(mut self, find: impl FnOnce(&[Done], bool) -> Next) -> Self {
        match &mut self {
            RunError::Interrupted { done, cut, next } => {
                let cut = cut.as_deref().map(|cut| (cut.direction, &cut.aftermath));
                *next = find(done, cut.is_some_and(half_undone));
            }
            RunError::Failed(failure) => {
                failure.next = find(&failure.done, half_undone((failure.direction, &failure.aftermath)));
            }
            RunError::Unconnected { done, next, .. } => *next = find(done, false),
            _ => {}
        }
        self
    }
}

fn half_undone((direction, aftermath): (Direction, &Aftermath)) -> bool {
    direction == Direction::Down && !matches!(aftermath, Aftermath::Nothing | Aftermath::Stays { .. })
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
    /// What was tried, and under what.
    pub circumstances: Circumstances,
    /// How to go on once it is mended.
    pub next: Next,
}

/// What was tried before a migration failed, and under what; what to do next depends on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Circumstances {
    /// How often it was tried, and for how long; nothing where it was not for locks that it failed.
    pub tries: Tries,
    /// How long its statements might take.
    pub statement_timeout: Option<Duration>,
    /// Whether everything was one transaction.
    pub all_in_one: bool,
    /// Whether nothing had ever been recorded.
    pub first_ever: bool,
    /// Whether it was the record of another tool, kept beside ours, that was refused.
    pub beside: bool,
}

/// How often something was tried, and for how long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tries {
    /// How often.
    pub attempts: u32,
    /// For how long.
    pub elapsed: Duration,
}

/// A migration that was interrupted on request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Which.
    pub id: Id,
    /// Its name.
    pub name: String,
    /// Which way it was going.
    pub direction: Direction,
    /// What it left behind.
    pub aftermath: Aftermath,
    /// Whether everything was one transaction.
    pub all_in_one: bool,
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
    /// It was rolled back, but for what it had changed in a table that knows no transactions.
    Stays {
        /// The table.
        table: String,
        /// Its engine: `MyISAM`.
        engine: String,
    },
    /// A statement was broken off and left something that could not be cleared away; the next run runs it again.
    BrokenOff {
        /// The statement's number, from 1.
        statement: usize,
        /// What it left, to follow "it leaves".
        left: String,
    },
    /// A statement that was refused may have taken effect in part; a human must decide.
    Undecided {
        /// The statement's number, from 1.
        statement: usize,
    },
    /// It could not be looked at; the next run finds out.
    Unseen {
        /// Why it could not.
        error: String,
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

/// What is said of a run that was interrupted, in this migration or between two.
pub(super) fn interrupted(cut: Option<&Cut>) -> String {
    let Some(cut) = cut else { return "interrupted; everything done so far is recorded".to_owned() };
    let title = crate::migration::title(&cut.id, &cut.name);
    // What is half undone `up` would finish, too, and then apply again.
    let (place, who) = match cut.direction {
        Direction::Up => (format!("in `{title}`"), "`migrate up`"),
        Direction::Down => (format!("while `{title}` was undone"), "the next run"),
    };
    match (&cut.aftermath, cut.direction) {
        (Aftermath::Nothing, _) if cut.all_in_one => {
            format!("interrupted in `{title}`; the whole run was rolled back")
        }
        (Aftermath::Nothing, Direction::Up) => {
            format!("interrupted in `{title}`, which was rolled back; everything done before it is recorded")
        }
        (Aftermath::Nothing, Direction::Down) => format!(
            "interrupted while `{title}` was undone, which was rolled back: it is still applied; everything done before it is recorded"
        ),
        (Aftermath::Stays { table, engine }, _) => format!(
            "interrupted {place}, which was rolled back, but for what it had changed in `{table}` ({engine} knows no transactions): put that back by hand before it runs again"
        ),
        (Aftermath::Resumable { done, of }, _) if done == of => {
            format!("interrupted {place}, all of whose statements are done; {who} records that")
        }
        (Aftermath::BrokenOff { statement, left }, _) => format!(
            "interrupted {place}, whose statement {statement} was broken off and leaves {left}; {who} runs it again"
        ),
        (Aftermath::Resumable { done, of }, _) => format!(
            "interrupted {place}, which is half-done: {done} of {of} statements are done and recorded, and {who} goes on with the next"
        ),
        (Aftermath::Undecided { statement }, _) => format!(
            "interrupted {place}, whose statement {statement} may have taken effect in part; {who} asks what is true"
        ),
        (Aftermath::Unseen { error }, _) => format!(
            "interrupted {place}, which may be half-done: how far it is could not be read ({error}); {who} finds out and goes on"
        ),
    }
}
