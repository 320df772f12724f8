//! What happens during a run; one renderer turns the same facts into a bar, lines or JSON.

use std::time::Duration;

use crate::databases::{Blocker, Holder, Notice, SqlError};
use crate::migration::Id;
use crate::plan::Direction;

/// Something that happened during a run.
#[derive(Clone, Debug)]
pub enum Event<'a> {
    /// A connection stands.
    Connected {
        /// Product and version.
        product: &'a str,
        /// The database or file.
        database: &'a str,
        /// What the user should be warned of.
        warnings: &'a [String],
    },
    /// The server does not answer yet (`--wait`).
    WaitingForServer {
        /// Why the last attempt failed.
        reason: &'a str,
        /// How long we have waited.
        waited: Duration,
        /// When we give up.
        limit: Duration,
    },
    /// Another run has the lock.
    WaitingForLock {
        /// Who has it, as far as we may know.
        holder: Option<&'a Holder>,
        /// How long we have waited.
        waited: Duration,
        /// When we give up.
        limit: Duration,
    },
    /// An interrupted migration was found; this says how its state was resolved.
    Recovered {
        /// Which.
        id: &'a Id,
        /// Its name.
        name: &'a str,
        /// What was found and what is done about it, in a sentence.
        resolution: &'a str,
    },
    /// The run begins.
    Started {
        /// How many migrations it will apply or undo.
        steps: usize,
    },
    /// A migration begins.
    MigrationStarted {
        /// Which.
        id: &'a Id,
        /// Its name.
        name: &'a str,
        /// Applied or undone.
        direction: Direction,
        /// Its number in the run, from 1.
        step: usize,
        /// How many statements it has.
        statements: usize,
    },
    /// A statement begins.
    StatementStarted {
        /// Which migration.
        id: &'a Id,
        /// Its number in the migration, from 1.
        statement: usize,
        /// How many there are.
        of: usize,
        /// Its text.
        sql: &'a str,
    },
    /// The running statement is still running.
    StatementProgress {
        /// Which migration.
        id: &'a Id,
        /// How long it has run.
        elapsed: Duration,
        /// How far it is, if the server tells.
        progress: Option<&'a str>,
        /// Who it waits for.
        blockers: &'a [Blocker],
    },
    /// The server said something beside its answer: a `NOTICE`, a warning.
    Notice {
        /// Which migration ran.
        id: &'a Id,
        /// The statement's number in the migration, from 1, if it was one of its own.
        statement: Option<usize>,
        /// What the server said.
        notice: &'a Notice,
    },
    /// A lock was not to be had in time; nothing happened, and it will be tried again.
    Blocked {
        /// Which migration.
        id: &'a Id,
        /// Its statement, from 1.
        statement: usize,
        /// Which attempt this was, from 1.
        attempt: u32,
        /// What the server said.
        error: &'a SqlError,
        /// Who stood in the way.
        blockers: &'a [Blocker],
        /// How long retrying may go on yet.
        remaining: Duration,
    },
    /// The connection was lost and a new one stands; history will tell what took effect.
    Reconnected {
        /// How the old connection ended.
        reason: &'a str,
    },
    /// A migration is done and recorded.
    MigrationFinished {
        /// Which.
        id: &'a Id,
        /// Its name.
        name: &'a str,
        /// Applied or undone.
        direction: Direction,
        /// Its number in the run, from 1.
        step: usize,
        /// How long it took.
        elapsed: Duration,
    },
    /// Something the user should know, which stops nothing.
    Warning {
        /// One sentence.
        message: &'a str,
    },
}

/// Where events go.
pub type Listener<'a> = dyn FnMut(&Event<'_>) + Send + 'a;

/// A duration as people read it: `320 ms`, `4.2 s`, `3m12s`, `2h05m`.
pub fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0 => format!("{} ms", duration.as_millis()),
        1..60 => format!("{:.1} s", duration.as_secs_f64()),
        60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h{:02}m", seconds / 3600, seconds % 3600 / 60),
    }
}
