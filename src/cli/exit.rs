//! Exit codes, a stable contract, and how a failure is told.

use std::path::Path;
use std::process::ExitCode;

use coexist::lint::Linted;
use coexist::migrator::{Difference, Error};
use coexist::plan::Refused;
use coexist::run::{Aftermath, LockError, RunError};

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done, or nothing to do.
    Done = 0,
    /// A migration failed, or the result could not be written.
    Failed = 1,
    /// Usage or configuration.
    Usage = 2,
    /// The linter found what must not pass.
    Findings = 3,
    /// Migrations are pending (`status --exit-code`).
    Pending = 4,
    /// History and files disagree.
    Disagreement = 5,
    /// Half-done: a human must decide.
    HalfDone = 6,
    /// The lock was not obtained in time.
    Locked = 7,
    /// The database cannot be reached.
    Unreachable = 8,
    /// Interrupted; the state is saved.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

/// Why the program ends without having done what it was asked.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// What happened.
    pub message: String,
    /// More about it, a line each.
    pub details: Vec<String>,
    /// How edited scripts differ from what is stored.
    pub differences: Vec<Difference>,
    /// The next step.
    pub hint: Option<String>,
}

/// How much of a long line is shown on either side of what is wrong in it, in letters.
const NEARBY: usize = 80;

impl Failure {
    /// The command cannot be understood or carried out as given.
    pub fn usage(message: impl Into<String>, hint: Option<String>) -> Self {
        let (message, details, differences) = (message.into(), Vec::new(), Vec::new());
        Failure { exit: Exit::Usage, message, details, differences, hint }
    }

    /// A file that was to be written cannot be.
    pub fn unwritten(path: &Path, error: &std::io::Error) -> Self {
        Failure { exit: Exit::Failed, ..Failure::usage(format!("cannot write `{}`: {error}", path.display()), None) }
    }

    /// What the command found or did stands, and could not be told.
    pub fn lost(error: &std::io::Error) -> Self {
        let message = format!("cannot write the result to standard output: {error}");
        let hint = Some("what the command did is done; `migrate status` shows where every migration stands".to_owned());
        Failure { exit: Exit::Failed, ..Failure::usage(message, hint) }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let exit = match &error {
            Error::Run(RunError::Connect(_) | RunError::Unconnected { reachable: false, .. }) => Exit::Unreachable,
            Error::Run(RunError::Lock(LockError::Held { .. })) => Exit::Locked,
            Error::Run(
                RunError::Lock(LockError::Interrupted) | RunError::Interrupted { .. } | RunError::NotYetConnected,
            ) => Exit::Interrupted,
            Error::Run(
                RunError::HalfDone { .. }
                | RunError::Stays { .. }
                | RunError::SessionGone { .. }
                | RunError::DeadEnd { .. },
            )
            | Error::Unfinished { .. } => Exit::HalfDone,
            Error::Run(RunError::Failed(failure))
                if matches!(failure.aftermath, Aftermath::Undecided { .. } | Aftermath::Stays { .. }) =>
            {
                Exit::HalfDone
            }
            Error::Run(RunError::History(_))
            | Error::Refused(Refused::Drift(_))
            | Error::WaysBack { .. }
            | Error::OtherDatabase(_)
            | Error::Stale(_)
            | Error::Unseen(_) => Exit::Disagreement,
            Error::Findings(_) => Exit::Findings,
            Error::Run(RunError::NoSchema { .. }) => Exit::Usage,
            Error::Run(_) | Error::Sql { .. } => Exit::Failed,
            Error::Unresolved(_)
            | Error::Irreversible(_)
            | Error::Refused(Refused::Unrunnable(_) | Refused::Findings(_))
            | Error::Usage { .. } => Exit::Usage,
        };
        let details = match &error {
            Error::Run(RunError::Failed(failure)) => failure_details(failure),
            Error::Findings(linted) => finding_lines(linted),
            _ => Vec::new(),
        };
        let (message, hint) = (error.to_string(), error.hint());
        let differences = match error {
            Error::WaysBack { differences, .. } => differences,
            _ => Vec::new(),
        };
        Failure { exit, message, details, differences, hint }
    }
}

/// Each finding in a line, those that stop the run first.
pub(super) fn finding_lines(linted: &Linted) -> Vec<String> {
    let mut findings: Vec<_> = linted.judgement.findings.iter().collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    findings.iter().map(|finding| coexist::report::finding_line(linted, finding)).collect()
}

/// As much of a line as can be read, around a column, and where that is in it. A dump has rows of megabytes.
fn excerpt(line: &str, column: usize) -> (String, usize) {
    // What was taken out of it may have made it shorter.
    let column = column.min(line.chars().count());
    let from = column.saturating_sub(NEARBY);
    let mut shown = if from > 0 { "…".to_owned() } else { String::new() };
    let at = shown.chars().count() + column - from;
    // A tab would be as wide as the terminal likes.
    let mut letters = line.chars().skip(from).map(|letter| if letter == '\t' { ' ' } else { letter });
    shown.extend(letters.by_ref().take(2 * NEARBY));
    if letters.next().is_some() {
        shown.push('…');
    }
    (shown, at)
}

/// The failing statement with a caret under the place, what the server added, and who stood in the way.
fn failure_details(failure: &coexist::run::Failure) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(at) = &failure.at {
        let position = at.sql.floor_char_boundary(at.position.unwrap_or(0).min(at.sql.len()));
        let start = at.sql[..position].rfind('\n').map_or(0, |line| line + 1);
        let line = at.sql[start..].lines().next().unwrap_or_default();
        let column = at.sql[start..position].chars().count();
        let (line, column) = excerpt(&coexist::report::redact_sql(line), column);
        lines.push(format!("{:>5} | {line}", at.place.line));
        if at.position.is_some() {
            lines.push(format!("      | {}^", " ".repeat(column)));
        }
    }
    let error = &failure.error;
    lines.extend(error.detail.iter().map(|detail| format!("detail: {detail}")));
    lines.extend(error.hint.iter().map(|hint| format!("the database suggests: {hint}")));
    lines.extend(error.context.iter().map(|context| format!("where: {context}")));
    lines.extend(coexist::report::blocker_lines("blocked by", &failure.blockers));
    if !failure.done.is_empty() {
        let done: Vec<String> = failure.done.iter().map(|done| done.id.to_string()).collect();
        lines.push(format!("done before it: {}", done.join(", ")));
    }
    lines
}
