//! Why a command could not do what it was asked.

use crate::databases::{ConnectError, SqlError};
use crate::lint::Linted;
use crate::migration::Id;
use crate::plan::{Drift, Irreversible, Refused, Unresolved};
use crate::run::{LockError, Next, RunError};

use super::Difference;

/// Why a command could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The run failed.
    #[error(transparent)]
    Run(#[from] RunError),
    /// A name on the command line means nothing here.
    #[error(transparent)]
    Unresolved(#[from] Unresolved),
    /// There is no way back.
    #[error(transparent)]
    Irreversible(#[from] Irreversible),
    /// Files and history disagree, or a script cannot be run.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Nobody said which of two ways back is meant.
    #[error("{}", Refused::Drift(drift.clone()))]
    WaysBack {
        /// Each, with whatever else disagrees.
        drift: Vec<Drift>,
        /// How the folder's differ from the stored ones.
        differences: Vec<Difference>,
    },
    /// The linter found what must not run.
    #[error("{}", findings(.0))]
    Findings(Box<Linted>),
    /// A saved plan does not fit the world any more.
    #[error("the plan was made for another state: {0}")]
    Stale(String),
    /// What would be run now is not what was shown.
    #[error("nothing was run, since it is not what was shown any more: {0}")]
    Unseen(String),
    /// A saved plan was made on another database.
    #[error("the plan was made on {0}")]
    OtherDatabase(String),
    /// A migration is half-done, and what was asked for would be built on it.
    #[error("`{}` is half-done, and {wish} would be built on that", crate::migration::title(id, name))]
    Unfinished {
        /// Which migration.
        id: Id,
        /// Its name.
        name: String,
        /// What was asked for: `a tag`.
        wish: &'static str,
    },
    /// The server refused a question of ours.
    #[error("cannot {doing}: {error}")]
    Sql {
        /// What we were doing, after "cannot".
        doing: &'static str,
        /// What the server said.
        error: SqlError,
    },
    /// What was asked for makes no sense here.
    #[error("{message}")]
    Usage {
        /// What is wrong.
        message: String,
        /// The next step.
        hint: String,
    },
}

impl From<ConnectError> for Error {
    fn from(error: ConnectError) -> Self {
        Error::Run(RunError::Connect(error))
    }
}

impl Error {
    pub(super) fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Error::Usage { message: message.into(), hint: hint.into() }
    }

    /// The same of a plan that was only shown, not written down.
    pub(super) fn unseen(self) -> Self {
        match self {
            Error::Stale(why) => Error::Unseen(why),
            other => other,
        }
    }

    /// The next step, where there is one.
    pub fn hint(&self) -> Option<String> {
        match self {
            Error::Run(error) => run_hint(error),
            Error::Unresolved(Unresolved::Unknown { near, .. }) if !near.is_empty() => {
                Some(format!("did you mean `{}`?", near.join("` or `")))
            }
            Error::Unresolved(Unresolved::Unknown { .. }) => {
                Some("`migrate status` lists versions and names, `migrate log` tags and releases".to_owned())
            }
            Error::Unresolved(Unresolved::NotApplied { .. }) => Some(
                "`migrate status` shows what is applied; `--to` takes one of those, a tag or a release, and undoes what came after it".to_owned(),
            ),
            Error::Unresolved(Unresolved::Ambiguous { .. }) => Some("give the version instead".to_owned()),
            Error::Unresolved(Unresolved::Several { name, .. }) => {
                Some(format!("say which: `version:{name}`, `tag:{name}` or `release:{name}`"))
            }
            Error::Unresolved(Unresolved::NotThere { .. }) => Some("`migrate goto` the same name applies it".to_owned()),
            Error::Unresolved(Unresolved::BothWays { .. }) => {
                Some("`migrate down --to` the same name first, and `migrate goto` it then".to_owned())
            }
            Error::Unresolved(Unresolved::TooMany { .. }) => Some(
                "`migrate status` shows what is applied; a version is given with `--to`, and everything is undone with `--all`"
                    .to_owned(),
            ),
            Error::Unresolved(Unresolved::NoFiles { .. }) => Some("restore the files, or give another name".to_owned()),
            Error::Irreversible(_) => {
                Some("write a down script, or restore from a backup; `--to` a later state undoes less".to_owned())
            }
            Error::Refused(Refused::Drift(drift)) => drift.first().map(Drift::hint),
            Error::WaysBack { drift, .. } => Some(which_way_back(drift)),
            Error::Refused(Refused::Findings(_)) => None,
            Error::Refused(Refused::Unrunnable(scripts)) => scripts.first().map(|script| script.hint.clone()),
            Error::Findings(_) => Some(
                "mend the scripts; or write `-- migrate:allow RULE: reason` before a statement; or run with `--no-lint`".to_owned(),
            ),
            Error::OtherDatabase(_) => Some(
                "run it there, or make one for this database with `migrate plan -o FILE`; if it was tried on a copy first, `--any-database` runs it here".to_owned(),
            ),
            Error::Unseen(_) => {
                Some("another run was at work meanwhile; run the command again to see what it would do now".to_owned())
            }
            Error::Stale(_) => Some("make a new one with `migrate plan -o FILE` and have it reviewed".to_owned()),
            Error::Unfinished { id, .. } => Some(format!(
                "`migrate up` finishes it; where that needs a human, `migrate resolve {id}` records what is true"
            )),
            Error::Sql { error, .. } => error.hint.clone(),
            Error::Usage { hint, .. } => Some(hint.clone()),
        }
    }
}

fn findings(linted: &Linted) -> String {
    let stops =
        |finding: &&crate::lint::Finding| linted.threshold.is_some_and(|threshold| finding.severity >= threshold);
    match linted.judgement.findings.iter().filter(stops).count() {
        1 => "the linter found something that must not run; nothing was run".to_owned(),
        count => format!("the linter found {count} things that must not run; nothing was run"),
    }
}

/// How to go on where the folder has another way back than the history, unless something weighs more.
fn which_way_back(drift: &[Drift]) -> String {
    if let Some(other) = drift.iter().find(|drift| !matches!(drift, Drift::ChangedDown { .. })) {
        return other.hint();
    }
    let hint = "say `--use file` to run what the folder has, or `--use stored` to run what was stored";
    let lasting = drift.iter().filter(|drift| matches!(drift, Drift::ChangedDown { again: false, .. }));
    let ids: Vec<String> = lasting.filter_map(Drift::id).map(ToString::to_string).collect();
    match ids.join(" ") {
        ids if ids.is_empty() => hint.to_owned(),
        ids => format!("{hint}; if the folder is right for good, `migrate repair {ids}` records it"),
    }
}

fn run_hint(error: &RunError) -> Option<String> {
    match error {
        RunError::Connect(error) => error.hint.clone(),
        RunError::Lock(LockError::Held { .. }) => Some(
            "another deployment is at work: wait for it, or give it longer with `--lock-wait 30m`; a dead holder's lock frees itself".to_owned(),
        ),
        RunError::Lock(LockError::Interrupted) => Some("run the command again".to_owned()),
        RunError::Lock(LockError::Sql(error)) | RunError::Sql { error, .. } => error.hint.clone(),
        RunError::Failed(failure) => Some(failure.hint()),
        RunError::Pooled => Some(
            "give the database's direct address, not the pooler's, in MIGRATE_DATABASE_URL or `--database-url`".to_owned(),
        ),
        RunError::Interrupted { next: Next::Same, .. } | RunError::NotYetConnected => {
            Some("run the command again to go on".to_owned())
        }
        RunError::Interrupted { next, .. } => Some(next.again()),
        RunError::Unconnected { reachable: false, next, .. } => Some(format!(
            "the server could not be reached again: once it answers, {}; it goes on from what is recorded",
            next.again()
        )),
        RunError::Unconnected { times, error, next, .. } => Some(match error.is_termination() {
            true => format!("somebody who may end connections did so twice in a row: ask who and why, then {}; it goes on from what is recorded", next.again()),
            false => format!("it was lost {times} times in a row: look at the server's log, then {}; it goes on from what is recorded", next.again()),
        }),
        RunError::Stays { .. } => Some(
            "look at the rows and put them back by hand, then run the command again: it would change them once more"
                .to_owned(),
        ),
        RunError::NoSchema { hint, .. } => Some(hint.clone()),
        RunError::HalfDone { id, statement, .. } => Some(format!(
            "look at the schema, then record what is true: `migrate resolve {id} --statement {statement} --done` or `--again`; or, for the whole migration, `migrate resolve {id} --applied` or `--reverted`"
        )),
        RunError::DeadEnd { id, .. } => Some(format!(
            "finish or undo it by hand, and say so with `migrate resolve {id} --applied` or `--reverted`"
        )),
        RunError::SessionGone { id, done, .. } => Some(format!(
            "run the statements after the first {done} by hand, with what they need, and record it with `migrate resolve {id} --applied`; or undo what the first {done} did, and record that with `migrate resolve {id} --reverted`"
        )),
        RunError::Precondition { .. } => Some(
            "make it true, or say in the changeset what shall happen otherwise: `onFail:MARK_RAN`, `CONTINUE` or `WARN`".to_owned(),
        ),
        RunError::History(_) => None,
    }
}
