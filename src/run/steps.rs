//! Running the steps of an approved plan.

use std::time::Instant;

use ecow::EcoString;

use crate::databases::{ErrorKind, SqlError};
use crate::history::{Head, Kind, State};
use crate::plan::{Approved, Direction, Mode, Prepared};

use super::event::{Event, Listener};
use super::failure::{Done, Outcome};
use super::locked::Locked;
use super::message::{Composer, Cut, Part, Role};
use super::patience::{Patience, Waited};
use super::precondition::preconditions;
use super::stopped::{unclaimable, unconnected};
use super::work::{Stopped, Trouble, Work, tell_end};
use super::{RunError, Scope};

/// On a fresh database, how many migrations ride in one message.
const BATCH_STEPS: usize = 50;
/// On a fresh database, how many bytes of scripts ride in one message.
const BATCH_BYTES: usize = 256 * 1024;

/// How often the connection may be lost in a row without any migration done in between.
const SETBACKS: u32 = 5;
/// The same where somebody ended it on purpose: the first time it may have been the server's restart.
const TERMINATIONS: u32 = 2;
/// How often a row may be refused as a double in a row, when there is none; one may have been deleted meanwhile.
const RACES: u32 = 3;

impl Locked {
    /// Runs an approved plan to its end.
    ///
    /// # Errors
    ///
    /// When a migration fails, the user interrupts, or the connection is lost for good. Everything done is recorded.
    pub async fn run(&mut self, approved: Approved, listener: &mut Listener<'_>) -> Result<Outcome, RunError> {
        let base = approved.head().clone();
        let mut steps = approved.into_steps();
        if steps.is_empty() {
            return Ok(Outcome { done: Vec::new(), head: self.history.head().hash });
        }
        listener(&Event::Started { steps: steps.len() });
        self.create_history(listener).await?;
        let mut done = Vec::new();
        let mut next = 0;
        let (mut setbacks, mut terminations, mut races) = (0, 0, 0);
        let mut head = self.history.head();
        while next < steps.len() {
            if self.connector.interrupt.requested() {
                return Err(RunError::interrupted(done, None));
            }
            if preconditions(&steps[next]).next().is_some() || self.settings.scope == Scope::All {
                if self.ask_preconditions(&mut steps, next, listener).await? {
                    head = self.history.head();
                }
                if next >= steps.len() {
                    break;
                }
            }
            let count = self.ride_together(&steps[next..], base.seq);
            match self.attempt(&steps[next..next + count], next + 1, &mut head, &mut done, listener).await {
                Ok(()) => next += count,
                Err(Trouble::Run(error)) => return Err(error),
                Err(Trouble::Failed(stopped)) => {
                    let prepared = &steps[next + stopped.step];
                    return Err(self.failed(prepared, *stopped, done).await);
                }
                Err(mut trouble) => loop {
                    if let Trouble::Lost { error, step, role } = &trouble {
                        setbacks += 1;
                        terminations = if error.is_termination() { terminations + 1 } else { 0 };
                        if setbacks > SETBACKS || terminations >= TERMINATIONS {
                            return Err(unconnected(&steps[next + step], *role, setbacks, true, error, done));
                        }
                        match self.reconnect(&error.message, listener).await {
                            Err(RunError::Interrupted { .. }) => {
                                return Err(RunError::interrupted(done, None));
                            }
                            Err(RunError::Connect(refused)) => {
                                let error = SqlError::new(ErrorKind::ConnectionLost, refused.to_string());
                                return Err(unconnected(&steps[next + step], *role, setbacks, false, &error, done));
                            }
                            reconnected => reconnected?,
                        }
                    } else {
                        self.read_history().await?;
                        // Whoever was faster has written a row; a claim that nobody was faster with is refused for ever.
                        races = if self.history.head().seq > head.seq { 0 } else { races + 1 };
                        if races >= RACES {
                            return Err(unclaimable(head.seq + 1));
                        }
                    }
                    let known = next;
                    next = self.catch_up(&steps, &base, next, &mut done, listener)?;
                    let finished = match self.finish_interrupted(steps.get(next), next + 1, listener).await {
                        Err(RunError::Sql { error, .. }) if error.kind.is_lost() && next < steps.len() => {
                            // Lost again, and the same holds again.
                            trouble = Trouble::Lost { error, step: 0, role: Role::Open };
                            continue;
                        }
                        finished => finished?,
                    };
                    if let Some(one) = finished
                        && steps.get(next).is_some_and(|prepared| prepared.step.id == one.id)
                    {
                        // It was told of already.
                        done.push(one);
                    }
                    next = self.catch_up(&steps, &base, next, &mut done, listener)?;
                    if let (Trouble::Lost { .. }, Some(prepared)) = (&trouble, steps.get(next))
                        && prepared.mode == Mode::Transaction
                        && let Some((table, engine)) = self.stays(&prepared.step.script.text).await
                    {
                        let (id, name) = (prepared.step.id.clone(), prepared.step.name.clone());
                        return Err(RunError::Stays { id, name, table, engine });
                    }
                    if next > known {
                        (setbacks, terminations) = (0, 0);
                    }
                    head = self.history.head();
                    break;
                },
            }
        }
        if self.connector.interrupt.requested() {
            // The wish came during the last statement, which the server may have cut short without an error.
            return Err(RunError::interrupted(done, None));
        }
        Ok(Outcome { done, head: head.hash })
    }

    /// How many of these steps ride in one message.
    fn ride_together(&self, steps: &[Prepared], base: u64) -> usize {
        if self.settings.scope == Scope::All {
            return steps.len();
        }
        let mut bytes = 0;
        let fresh = base == 0;
        let rides = |(index, prepared): &(usize, &Prepared)| {
            bytes += prepared.step.script.text.len();
            let asked = *index == 0 || preconditions(prepared).next().is_none();
            bytes <= BATCH_BYTES && asked && prepared.can_ride(self.dialect())
        };
        if fresh { steps.iter().enumerate().take(BATCH_STEPS).take_while(rides).count().max(1) } else { 1 }
    }

    async fn attempt(
        &mut self,
        steps: &[Prepared],
        first: usize,
        head: &mut Head,
        done: &mut Vec<Done>,
        listener: &mut Listener<'_>,
    ) -> Result<(), Trouble> {
        let mut patience = Patience::new(self.settings.retry_for, self.connector.database.poll_every());
        let mut at = 0;
        let mut end = steps.len();
        let mut running: Option<(u64, usize)> = None;
        while at < steps.len() {
            let rest = &steps[at..end];
            let (parts, heads) = self.compose(rest, head, running).await?;
            let cut = if rest.len() > 1 { Cut::Nowhere } else { Cut::EachStatement };
            let from = running.map_or(0, |(_, from)| from);
            let work = Work { steps: rest, first: first + at, parts, cut, from };
            let stopped = match self.carry_out(&work, done, listener).await {
                Ok(()) => {
                    if let Some(last) = heads.last() {
                        head.clone_from(last);
                    }
                    self.after(rest).await?;
                    (at, end) = (end, steps.len());
                    running = None;
                    continue;
                }
                Err(Trouble::Failed(stopped)) => stopped,
                Err(other) => return Err(other),
            };
            // In one transaction with all others, nothing is finished before everything is.
            let all = self.settings.scope == Scope::All;
            let finished = if all { 0 } else { stopped.finished };
            if finished > 0 {
                head.clone_from(&heads[finished - 1]);
                running = None;
            }
            let culprit = at + stopped.step;
            at += finished;
            if !all && at < culprit {
                // One script that the server cannot read stopped others that rode in the same message.
                end = culprit;
                continue;
            }
            let prepared = &steps[culprit];
            let before = if all { &steps[..culprit] } else { &[] };
            match self.outwait(prepared, before, &stopped, &mut patience, listener).await {
                // The next try begins as the first did.
                Waited::Over if prepared.mode == Mode::Transaction => self.after(steps).await?,
                Waited::Over => {}
                Waited::InVain(tries) => {
                    return Err(Trouble::Failed(Box::new(Stopped { step: culprit, tries, ..*stopped })));
                }
                Waited::Interrupted => {
                    let cut = self.cut(&prepared.clone(), stopped.known).await;
                    return Err(Trouble::Run(RunError::interrupted(std::mem::take(done), Some(cut))));
                }
            }
            if prepared.mode == Mode::Stepwise {
                let prepared = prepared.clone();
                let stands = self.where_it_stands(&prepared, head, stopped.known).await;
                running = stands.map_err(|error| match error {
                    RunError::Sql { error, .. } if error.kind.is_lost() => {
                        Trouble::Lost { error, step: culprit, role: stopped.role }
                    }
                    error => Trouble::Run(error),
                })?;
            }
        }
        Ok(())
    }

    /// The parts of these steps, and the history's head after each.
    async fn compose(
        &mut self,
        steps: &[Prepared],
        head: &Head,
        running: Option<(u64, usize)>,
    ) -> Result<(Vec<Part>, Vec<Head>), Trouble> {
        let dangling = self.dangling(steps).await?;
        let scope = self.settings.scope;
        let together = steps.len() > 1;
        let mut composer = Composer {
            dialect: self.connector.database.dialect(),
            store: &self.store,
            lock: &self.lock,
            limits: self.settings.limits,
            beside: &self.beside,
            release: self.settings.release.as_deref(),
            session_limits: self.session_limits,
            together,
            prepared: false,
            dangling,
            all_suspended: scope == Scope::All && steps.iter().any(|prepared| prepared.suspends_foreign_keys),
        };
        let dialect = composer.dialect;
        let plain = |prepared: &Prepared| prepared.mode == Mode::Transaction && prepared.can_ride(dialect);
        let mut parts = if together && steps.iter().all(plain) { composer.prepare() } else { Vec::new() };
        let mut heads: Vec<Head> = Vec::new();
        for (index, prepared) in steps.iter().enumerate() {
            let before = heads.last().unwrap_or(head).clone();
            let head = match (prepared.mode, running) {
                (Mode::Transaction, _) => {
                    let opens = scope == Scope::File || index == 0;
                    let commits = scope == Scope::File || index + 1 == steps.len();
                    let (own, head) = composer.transaction(index, prepared, &before, opens, commits);
                    parts.extend(own);
                    head
                }
                (Mode::Stepwise, Some((seq, from))) if index == 0 => {
                    parts.extend(composer.statements(index, prepared, seq, from, false));
                    before
                }
                (Mode::Stepwise, _) => {
                    let (own, head) = composer.intent(index, prepared, &before);
                    parts.extend(own);
                    parts.extend(composer.statements(index, prepared, head.seq, 0, true));
                    head
                }
            };
            heads.push(head);
        }
        self.session_limits = composer.session_limits;
        if let [only] = steps
            && let Some(sql) = self.session.announce(&only.step.title())
        {
            // Those who wait for the lock see which migration it is; of many in one message they see nothing in time.
            parts.insert(0, Part { step: 0, role: Role::Open, sql, alone: false, last: false });
        }
        Ok((parts, heads))
    }

    /// The number of rows that point nowhere at present, asked only where foreign keys are about to be suspended.
    async fn dangling(&mut self, steps: &[Prepared]) -> Result<Option<EcoString>, Trouble> {
        match self.dialect().foreign_key_suspension() {
            Some(suspension) if steps.iter().any(|prepared| prepared.suspends_foreign_keys) => {
                let rows = self.session.query(suspension.dangling).await;
                let rows = rows.map_err(|error| Trouble::Run(RunError::sql("check the foreign keys")(error)))?;
                Ok(rows.into_iter().next().and_then(|row| row.into_iter().next().flatten()))
            }
            _ => Ok(None),
        }
    }

    /// The first step that the history does not have yet; tells of those that it turned out to have.
    ///
    /// # Errors
    ///
    /// When the history has what this run did not write: the plan was not made for it.
    fn catch_up(
        &self,
        steps: &[Prepared],
        base: &Head,
        known: usize,
        done: &mut Vec<Done>,
        listener: &mut Listener<'_>,
    ) -> Result<usize, RunError> {
        let entries = self.history.entries();
        if let Some(place) = base.seq.checked_sub(1)
            && entries.get(place as usize).is_none_or(|entry| entry.hash != base.hash)
        {
            return Err(RunError::History(format!(
                "the server that answers now has another history than this run began with: row {} is not there, or is another; if this is a copy that lacks what the old server had done, nothing more must be run on it before that is mended, and `migrate status` shows what is missing",
                base.seq
            )));
        }
        let mut next = 0;
        for entry in entries.iter().filter(|entry| entry.seq > base.seq) {
            let direction = match entry.kind {
                Kind::Apply => Some(Direction::Up),
                Kind::Revert => Some(Direction::Down),
                _ => None,
            };
            let planned = steps.get(next).filter(|prepared| {
                Some(prepared.step.direction) == direction && Some(&prepared.step.id) == entry.id.as_ref()
            });
            let done_here = entry.state == State::Done && direction.is_some();
            if entry.owner != self.connector.run {
                let (seq, owner) = (entry.seq, &entry.owner);
                return Err(RunError::History(format!(
                    "run {owner} wrote row {seq} of the history while this run had lost its connection; nothing more was run: say it again, and it is planned anew"
                )));
            }
            let Some(prepared) = planned.filter(|_| done_here) else { continue };
            if next >= known && done.len() <= next {
                let one = [prepared.clone()];
                let work = Work { steps: &one, first: next + 1, parts: Vec::new(), cut: Cut::Nowhere, from: 0 };
                tell_end(&work, 0, Instant::now(), done, listener);
            }
            next += 1;
        }
        Ok(next)
    }
}
