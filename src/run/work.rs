//! What is sent together: one step or several, what is said of it meanwhile, and how it can end early.

use std::time::Instant;

use foldhash::HashSet;

use crate::databases::SqlError;
use crate::migration::Id;
use crate::plan::{Bracket, Direction, Prepared};

use super::RunError;
use super::event::{Event, Listener};
use super::failure::{Done, Tries};
use super::message::{Cut, Part, Role};
use super::watch::{Owner, Refusal};

/// Why an attempt ended early.
pub(super) enum Trouble {
    /// The connection is gone, at this part of the work; history will tell.
    Lost { error: SqlError, step: usize, role: Role },
    /// Somebody else claimed the entry.
    Raced,
    /// A step failed; the steps before it are done, unless [`Stopped::finished`] says otherwise.
    Failed(Box<Stopped>),
    /// Something of our own failed.
    Run(RunError),
}

/// Where and why a step stopped.
pub(super) struct Stopped {
    /// The step's index among those attempted.
    pub step: usize,
    /// How many steps were finished: fewer than those before it when the server refused the whole message unread.
    pub finished: usize,
    pub role: Role,
    /// How many statements of the step are known to be done, where they run one by one; its record may know of more.
    pub known: usize,
    pub refusal: Refusal,
    /// How often it was tried.
    pub tries: Tries,
}

/// One step, or several that ride together.
pub(super) struct Work<'p> {
    pub steps: &'p [Prepared],
    /// The first step's number in the run, from 1.
    pub first: usize,
    pub parts: Vec<Part>,
    pub cut: Cut,
    /// Which statement a step that goes on begins with; 0 for those that begin.
    pub from: usize,
}

/// The migrations whose beginning the user was told of and whose end not yet, each with its direction: it is told once,
/// however often it is tried.
pub(super) type Told = HashSet<(Id, Direction)>;

/// How many statements of a step are known to be done when this part of it was refused, or not sent any more.
pub(super) fn known(work: &Work<'_>, at: usize) -> usize {
    let part = &work.parts[at.min(work.parts.len() - 1)];
    if let Role::Statement(index) | Role::Conclusion(index) = part.role {
        return index;
    }
    let before = &work.parts[..at];
    let is_statement = |other: &Part| other.step == part.step && matches!(other.role, Role::Statement(_));
    let Some(last) = before.iter().rposition(is_statement) else { return 0 };
    let Role::Statement(index) = before[last].role else { return 0 };
    // One that was in a transaction is undone with it, unless that has ended.
    let alone = matches!(work.steps[part.step].pieces[index].bracket, Bracket::Alone { .. });
    let committed = before[last..].iter().any(|other| other.role == Role::Commit);
    index + usize::from(alone || committed)
}

pub(super) fn owner<'w>(work: &Work<'w>, part: &Part) -> Owner<'w> {
    let statement = match part.role {
        Role::Statement(index) | Role::Warnings(index) | Role::Conclusion(index) => Some(index + 1),
        _ => None,
    };
    // Deferred triggers speak at the end.
    let heard = statement.is_some() || part.role == Role::Commit;
    Owner { id: &work.steps[part.step].step.id, statement, heard }
}

pub(super) fn tell_beginning(work: &Work<'_>, parts: &[Part], told: &mut Told, listener: &mut Listener<'_>) {
    for part in parts {
        let prepared = &work.steps[part.step];
        let first_of_all = match part.role {
            Role::Statement(index) => index == if part.step == 0 { work.from } else { 0 },
            Role::Claim => prepared.pieces.is_empty(),
            _ => false,
        };
        if first_of_all && told.insert((prepared.step.id.clone(), prepared.step.direction)) {
            tell_migration(work, part.step, listener);
        }
        if let Role::Statement(index) = part.role {
            listener(&Event::StatementStarted {
                id: &prepared.step.id,
                statement: index + 1,
                of: prepared.pieces.len(),
                sql: prepared.pieces[index].sql(prepared),
            });
        }
    }
}

fn tell_migration(work: &Work<'_>, step: usize, listener: &mut Listener<'_>) {
    let prepared = &work.steps[step];
    listener(&Event::MigrationStarted {
        id: &prepared.step.id,
        name: &prepared.step.name,
        direction: prepared.step.direction,
        step: work.first + step,
        statements: prepared.pieces.len(),
    });
    if prepared.pieces.is_empty() {
        // Somebody wrote the file and forgot to fill it, more often than not.
        let (title, path) = (prepared.step.title(), prepared.step.script.path.display().to_string());
        listener(&Event::Warning { message: &format!("`{title}` has no statements (`{path}`)") });
    }
}

pub(super) fn tell_end(
    work: &Work<'_>,
    step: usize,
    started: Instant,
    done: &mut Vec<Done>,
    listener: &mut Listener<'_>,
) {
    let prepared = &work.steps[step];
    let elapsed = started.elapsed();
    done.push(Done {
        id: prepared.step.id.clone(),
        name: prepared.step.name.clone(),
        direction: prepared.step.direction,
        milliseconds: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
    });
    listener(&Event::MigrationFinished {
        id: &prepared.step.id,
        name: &prepared.step.name,
        direction: prepared.step.direction,
        step: work.first + step,
        elapsed,
    });
}
