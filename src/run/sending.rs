//! Sending work to the database, and what its refusals mean.

use std::time::Instant;

use crate::databases::{BatchError, ErrorKind, Row, SqlError};
use crate::history::{Detail, Entry, State, swallowed};
use crate::plan::Prepared;

use super::event::Listener;
use super::failure::{Done, Tries};
use super::locked::Locked;
use super::message::{Role, messages};
use super::patience::Patience;
use super::watch::{Owner, Refusal};
use super::work::{Stopped, Trouble, Work, known, owner, tell_beginning, tell_end};
use super::{RunError, Scope};

impl Locked {
    /// Sends the messages of some work and tells what happens.
    pub(super) async fn carry_out(
        &mut self,
        work: &Work<'_>,
        done: &mut Vec<Done>,
        listener: &mut Listener<'_>,
    ) -> Result<(), Trouble> {
        let started = Instant::now();
        let mut finished = 0;
        let last_of = |step: usize| work.parts.iter().rposition(|part| part.step == step);
        for message in messages(&work.parts, work.cut) {
            let parts = &work.parts[message.clone()];
            if message.start > 0
                && self.connector.interrupt.requested()
                && parts.iter().any(|part| matches!(part.role, Role::Statement(_)))
            {
                self.roll_back().await;
                self.restore(work.steps).await;
                let error = SqlError::new(ErrorKind::Cancelled, "interrupted");
                let refusal = Refusal { error: BatchError { part: 0, ran: 0, error }, blockers: Vec::new() };
                return Err(Trouble::Failed(Box::new(Stopped {
                    step: parts[0].step,
                    finished,
                    role: parts[0].role,
                    known: known(work, message.start),
                    refusal,
                    tries: Tries::default(),
                })));
            }
            tell_beginning(work, parts, &mut self.told, listener);
            let mut sent = self.send(work, &message, listener).await;
            let reached = match &sent {
                Ok(()) => message.end,
                Err(Trouble::Failed(stopped)) => message.start + stopped.refusal.error.ran,
                Err(_) => message.start,
            };
            // Of several steps the server's count would mislead where it reads a script otherwise than we do: what is
            // recorded is done.
            let recorded = match &sent {
                Err(Trouble::Failed(_)) if work.steps.len() > 1 => Some(self.recorded(work).await?),
                _ => None,
            };
            let is_done = |step: usize| match recorded {
                Some(recorded) => step < recorded,
                None => last_of(step).is_some_and(|last| last < reached),
            };
            while finished < work.steps.len() && is_done(finished) {
                if self.settings.scope == Scope::File || reached == work.parts.len() {
                    tell_end(work, finished, started, done, listener);
                    let step = &work.steps[finished].step;
                    self.told.remove(&(step.id.clone(), step.direction));
                }
                finished += 1;
            }
            if let Err(Trouble::Failed(stopped)) = &mut sent {
                stopped.finished = finished;
                stopped.step = stopped.step.max(finished.min(work.steps.len() - 1));
            }
            sent?;
        }
        Ok(())
    }

    /// How many of these steps the history has: none before all are, where they share one transaction.
    async fn recorded(&mut self, work: &Work<'_>) -> Result<usize, Trouble> {
        let history = self.store.read(&mut *self.session, Detail::Deciding).await.map_err(|error| {
            if error.kind.is_lost() {
                return Trouble::Lost { error, step: 0, role: Role::Open };
            }
            Trouble::Run(RunError::sql("read the history")(error))
        })?;
        // What this run had read before stays: what it did by itself is judged by what has been added since.
        let known = self.history.head().seq;
        let ours = |entry: &Entry| entry.seq > known && entry.state == State::Done && entry.owner == self.connector.run;
        let is_recorded = |prepared: &&Prepared| {
            let kind = prepared.step.direction.kind();
            history
                .entries()
                .iter()
                .any(|entry| ours(entry) && entry.kind == kind && entry.id.as_ref() == Some(&prepared.step.id))
        };
        Ok(work.steps.iter().take_while(is_recorded).count())
    }

    async fn send(
        &mut self,
        work: &Work<'_>,
        message: &std::ops::Range<usize>,
        listener: &mut Listener<'_>,
    ) -> Result<(), Trouble> {
        let parts = &work.parts[message.clone()];
        let sql: Vec<&str> = parts.iter().map(|part| part.sql.as_str()).collect();
        let owners: Vec<Owner<'_>> = parts.iter().map(|part| owner(work, part)).collect();
        let interrupt = self.connector.interrupt.clone();
        let mut skipped = 0;
        let mut patience = Patience::new(self.settings.retry_for, self.connector.database.poll_every());
        loop {
            let sent =
                self.watch.send(&mut *self.session, &sql[skipped..], &owners[skipped..], &interrupt, listener).await;
            let Err(mut refusal) = sent else { return Ok(()) };
            // What was rolled back with it may have set them.
            self.session_limits = None;
            refusal.error.part += skipped;
            refusal.error.ran += skipped;
            let at = message.start + refusal.error.part.min(parts.len() - 1);
            let part = &work.parts[at];
            let error = &refusal.error.error;
            match (part.role, error.kind) {
                (role, kind) if kind.is_lost() => {
                    return Err(Trouble::Lost { error: error.clone(), step: part.step, role });
                }
                (Role::Commit, kind) if kind.is_retryable() && self.dialect().commit_can_wait() => {
                    // The transaction is whole and open; only its end had to wait for readers.
                    skipped = refusal.error.part;
                    patience.failed();
                    if patience.remaining().is_zero() || !patience.pause(&[], &mut self.watch, &interrupt).await {
                        self.roll_back().await;
                        return Err(Trouble::Failed(Box::new(Stopped {
                            step: part.step,
                            finished: 0,
                            role: part.role,
                            known: known(work, at),
                            refusal,
                            tries: patience.tries(),
                        })));
                    }
                }
                (Role::Fence | Role::Claim, ErrorKind::GuardFailed) => {
                    self.roll_back().await;
                    return Err(Trouble::Run(RunError::Pooled));
                }
                (Role::Claim, ErrorKind::UniqueViolation) => {
                    self.roll_back().await;
                    return Err(Trouble::Raced);
                }
                (role, _) => {
                    let step = part.step;
                    self.explain(role, &mut refusal).await;
                    self.roll_back().await;
                    self.restore(work.steps).await;
                    return Err(Trouble::Failed(Box::new(Stopped {
                        step,
                        finished: 0,
                        role,
                        known: known(work, at),
                        refusal,
                        tries: Tries::default(),
                    })));
                }
            }
        }
    }

    /// Says what a guard of ours found, while the transaction that shows it is still open.
    async fn explain(&mut self, role: Role, refusal: &mut Refusal) {
        let error = &mut refusal.error.error;
        if error.kind != ErrorKind::GuardFailed {
            return;
        }
        match role {
            Role::Seal => {
                *error = SqlError::new(
                    ErrorKind::TransactionEnded,
                    "the script ended the transaction it was run in; take COMMIT and ROLLBACK out of it",
                );
            }
            Role::Claimed => *error = swallowed(),
            Role::Mine => *error = SqlError::new(ErrorKind::Other, "another run took this migration over"),
            Role::ForeignKeys => {
                let mut rows = Vec::new();
                if let Some(suspension) = self.dialect().foreign_key_suspension() {
                    rows = self.session.query(suspension.violations).await.unwrap_or_default();
                }
                let one = |row: Row| {
                    let mut words = row.into_iter().map(|word| word.unwrap_or_default());
                    format!("{} -> {}", words.next().unwrap_or_default(), words.next().unwrap_or_default())
                };
                let examples: Vec<String> = rows.into_iter().take(5).map(one).collect();
                let message = format!("rows would point nowhere after it: {}", examples.join(", "));
                *error = SqlError::new(ErrorKind::Other, message);
            }
            _ => {}
        }
    }

    /// What follows steps that are done: the session as it was before them.
    pub(super) async fn after(&mut self, steps: &[Prepared]) -> Result<(), Trouble> {
        self.restore(steps).await;
        if steps.iter().any(|prepared| prepared.changes_session) {
            self.session_limits = None;
            match self.session.reset().await {
                Err(error) if error.kind.is_lost() => {
                    return Err(Trouble::Lost { error, step: steps.len() - 1, role: Role::Commit });
                }
                Err(error) => return Err(Trouble::Run(RunError::sql("reset the session")(error))),
                Ok(()) => {}
            }
            let reach = std::sync::Arc::clone(&self.beside.reach);
            self.execute("reach the other tool's tables", &reach).await.map_err(Trouble::Run)?;
        }
        Ok(())
    }

    async fn restore(&mut self, steps: &[Prepared]) {
        if let Some(suspension) = self.dialect().foreign_key_suspension()
            && steps.iter().any(|prepared| prepared.suspends_foreign_keys)
        {
            // A session that cannot put them back is closed before anything else is run on it.
            let _ = self.session.execute(&[suspension.on]).await;
        }
    }
}
