//! How long, and how, a run goes on trying for a lock that was not to be had.

use std::time::{Duration, Instant};

use crate::databases::Blocker;
use crate::plan::{Bracket, Mode, Prepared};

use super::Interrupt;
use super::event::{Event, Listener};
use super::failure::Tries;
use super::locked::Locked;
use super::message::Role;
use super::watch::Watch;
use super::work::Stopped;

/// How long to wait for known blockers at most before trying again all the same, so that the user is told anew.
const TRY_AGAIN: Duration = Duration::from_secs(60);
/// The same where the server does not say who blocks: those who were suspected may stay.
const TRY_AGAIN_SUSPECTED: Duration = Duration::from_secs(10);

/// The tries of one transaction or statement.
pub(super) struct Patience {
    began: Instant,
    deadline: Instant,
    attempt: u32,
    poll: Duration,
}

impl Patience {
    /// Goes on for this long; `poll` is how often to try where nobody can see who blocks.
    pub fn new(limit: Duration, poll: Duration) -> Self {
        let began = Instant::now();
        Patience { began, deadline: began + limit, attempt: 0, poll }
    }

    /// Counts an attempt that failed: its number, from 1.
    pub fn failed(&mut self) -> u32 {
        self.attempt += 1;
        self.attempt
    }

    /// What was tried, when the attempt that goes on has failed, too.
    pub fn tries(&self) -> Tries {
        Tries { attempts: self.attempt + 1, elapsed: self.began.elapsed() }
    }

    /// How long it will still go on.
    pub fn remaining(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// Waits until a new attempt may succeed. False when the user wants to stop.
    ///
    /// Where the blockers are known we wait, outside every queue, for exactly their end; a queued attempt would make
    /// everybody behind it wait, too.
    pub async fn pause(&self, blockers: &[Blocker], watch: &mut Watch, interrupt: &Interrupt) -> bool {
        if !blockers.is_empty() && watch.sees() {
            let suspected = blockers.iter().any(|blocker| blocker.suspected);
            let longest = if suspected { TRY_AGAIN_SUSPECTED } else { TRY_AGAIN };
            return watch.outlast(blockers, self.remaining().min(longest), interrupt).await;
        }
        let longest = if watch.sees() { Duration::from_secs(30) } else { self.poll * 8 };
        let backoff = self.poll.saturating_mul(1 << (self.attempt.saturating_sub(1)).min(6)).min(longest);
        interrupt.during(tokio::time::sleep(backoff.min(self.remaining()))).await.is_some()
    }
}

/// How the waiting for a lock ended.
pub(super) enum Waited {
    /// It is to be had, perhaps.
    Over,
    /// There was nothing to wait for, or no time left, after so much.
    InVain(Tries),
    /// The user wants to stop.
    Interrupted,
}

impl Locked {
    /// Waits until what stood in a statement's way is gone, if that is what stopped it and there is time for it. `before` has
    /// those that run again with it.
    pub(super) async fn outwait(
        &mut self,
        prepared: &Prepared,
        before: &[Prepared],
        stopped: &Stopped,
        patience: &mut Patience,
        listener: &mut Listener<'_>,
    ) -> Waited {
        let error = &stopped.refusal.error.error;
        let halfway = matches!(stopped.role, Role::Statement(index) if prepared.may_end_halfway(index, self.dialect()));
        if !error.kind.is_retryable()
            || !prepared.retry
            || halfway
            || patience.remaining().is_zero()
            || self.would_double(prepared, before, stopped.role).await
        {
            let retried = error.kind.is_retryable() && stopped.tries.attempts == 0;
            return Waited::InVain(if retried { patience.tries() } else { stopped.tries });
        }
        let statement = match stopped.role {
            Role::Statement(index) => index + 1,
            _ => 1,
        };
        listener(&Event::Blocked {
            id: &prepared.step.id,
            statement,
            attempt: patience.failed(),
            error,
            blockers: &stopped.refusal.blockers,
            remaining: patience.remaining(),
        });
        match patience.pause(&stopped.refusal.blockers, &mut self.watch, &self.connector.interrupt).await {
            true => Waited::Over,
            false => Waited::Interrupted,
        }
    }

    /// Whether another try would do again what the last one did to a table that knows no transactions.
    async fn would_double(&mut self, prepared: &Prepared, before: &[Prepared], role: Role) -> bool {
        let script = &*prepared.step.script.text;
        let piece = match role {
            Role::Statement(index) => prepared.pieces.get(index),
            _ => None,
        };
        let own = match (prepared.mode, piece) {
            (Mode::Transaction, Some(piece)) => script.get(..piece.span.end),
            (Mode::Transaction, None) => Some(script),
            (Mode::Stepwise, Some(piece)) if piece.bracket == Bracket::Transaction => Some(piece.sql(prepared)),
            (Mode::Stepwise, _) => None,
        };
        let others = before.iter().map(|prepared| &*prepared.step.script.text);
        for text in own.filter(|_| !prepared.rerunnable).into_iter().chain(others) {
            if self.stays(text).await.is_some() {
                return true;
            }
        }
        false
    }
}
