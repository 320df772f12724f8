//! What is said of a run that stopped, after a look at what it left.

use crate::databases::{ErrorKind, SqlError};
use crate::history::unwritable;
use crate::plan::{Mode, Prepared};

use super::failure::{self, Aftermath, Circumstances, Done, Failure, Next, StatementAt};
use super::locked::Locked;
use super::message::Role;
use super::work::Stopped;
use super::{RunError, Scope};

impl Locked {
    /// Turns a refusal into a failure that says where it was and what is true now.
    pub(super) async fn failed(&mut self, prepared: &Prepared, stopped: Stopped, done: Vec<Done>) -> RunError {
        let Stopped { role, known, refusal, tries, .. } = stopped;
        let error = match role {
            Role::Claim => unwritable(refusal.error.error),
            _ => refusal.error.error,
        };
        if error.kind == ErrorKind::Cancelled && self.connector.interrupt.requested() {
            let cut = self.cut(prepared, known).await;
            return RunError::interrupted(done, Some(cut));
        }
        let circumstances = Circumstances {
            tries,
            statement_timeout: prepared.statement_timeout.unwrap_or(self.settings.limits.statement),
            all_in_one: self.settings.scope == Scope::All,
            first_ever: !self.history.has_begun() && done.is_empty(),
            beside: matches!(role, Role::Record(_)) && !self.beside.statements.is_empty(),
        };
        let at = match role {
            Role::Statement(index) => prepared.pieces.get(index).map(|piece| {
                let position = error.position;
                StatementAt {
                    path: prepared.step.script.path.clone(),
                    number: index + 1,
                    of: prepared.pieces.len(),
                    place: prepared.place(piece.span.start + position.unwrap_or(0)),
                    sql: piece.sql(prepared).to_owned(),
                    position,
                }
            }),
            _ => None,
        };
        let aftermath = self.settle_failed(prepared, known, matches!(role, Role::Statement(_))).await;
        RunError::Failed(Box::new(Failure {
            done,
            id: prepared.step.id.clone(),
            name: prepared.step.name.clone(),
            direction: prepared.step.direction,
            at,
            error,
            blockers: refusal.blockers,
            aftermath,
            circumstances,
            next: Next::Same,
        }))
    }

    /// What is to be said of a migration that was interrupted on request.
    pub(super) async fn cut(&mut self, prepared: &Prepared, known: usize) -> Box<failure::Cut> {
        Box::new(failure::Cut {
            id: prepared.step.id.clone(),
            name: prepared.step.name.clone(),
            direction: prepared.step.direction,
            aftermath: self.settle_failed(prepared, known, false).await,
            all_in_one: self.settings.scope == Scope::All,
        })
    }

    /// What a failed migration left behind, after clearing away what can be.
    async fn settle_failed(&mut self, prepared: &Prepared, known: usize, is_refused: bool) -> Aftermath {
        match prepared.mode {
            Mode::Transaction => self.settle_transaction(prepared, known).await,
            Mode::Stepwise => self.settle_stepwise(prepared, known, is_refused).await,
        }
    }
}

/// What is said when the next row of the history is refused as a double, and there is no other.
pub(super) fn unclaimable(row: u64) -> RunError {
    RunError::History(format!(
        "row {row} of the history is refused as if there were one already, and none is to be seen: look for a unique index or a trigger on the history's table that is not this program's, and for row security or a lagging replica that hides rows from this login; nothing more was run"
    ))
}

/// What is said when the connection is lost again and again while a migration runs.
pub(super) fn unconnected(
    prepared: &Prepared,
    role: Role,
    times: u32,
    reachable: bool,
    error: &SqlError,
    done: Vec<Done>,
) -> RunError {
    let statement = match role {
        Role::Statement(index) | Role::Warnings(index) | Role::Conclusion(index) => {
            Some((index + 1, prepared.pieces.len()))
        }
        _ => None,
    };
    let (id, name) = (prepared.step.id.clone(), prepared.step.name.clone());
    RunError::Unconnected { id, name, statement, times, reachable, error: error.clone(), done, next: Next::Same }
}
