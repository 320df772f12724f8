//! Running the steps of an approved plan.

use std::time::Instant;

use ecow::EcoString;

use crate::databases::{BatchError, ErrorKind, Row, SqlError};
use crate::history::{Head, Kind, State};
use crate::plan::{Approved, Bracket, Direction, Mode, Prepared};

use super::event::{Event, Listener};
use super::failure::{Aftermath, Done, Failure, Outcome, StatementAt};
use super::locked::Locked;
use super::message::{Composer, Cut, Part, Role, messages};
use super::patience::Patience;
use super::precondition::preconditions;
use super::watch::{Owner, Refusal};
use super::{RunError, Scope};

/// On a fresh database, how many migrations ride in one message.
const BATCH_STEPS: usize = 50;
/// On a fresh database, how many bytes of scripts ride in one message.
const BATCH_BYTES: usize = 256 * 1024;

/// How often the connection may be lost in a row without any migration done in between.
const SETBACKS: u32 = 5;

/// Why an attempt ended early.
pub(super) enum Trouble {
    /// The connection is gone; history will tell.
    Lost(SqlError),
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
    /// Of how many of the steps the user was told already, in an earlier attempt.
    pub told: usize,
}

impl Locked {
    /// Runs an approved plan to its end.
    ///
    /// # Errors
    ///
    /// When a migration fails, the user interrupts, or the connection is lost for good. Everything done is recorded.
    pub async fn run(&mut self, approved: Approved, listener: &mut Listener<'_>) -> Result<Outcome, RunError> {
        let base = approved.head().seq;
        let mut steps = approved.into_steps();
        if steps.is_empty() {
            return Ok(Outcome { done: Vec::new(), head: self.history.head().hash });
        }
        listener(&Event::Started { steps: steps.len() });
        self.create_history().await?;
        let mut done = Vec::new();
        let mut next = 0;
        let mut setbacks = 0;
        let mut head = self.history.head();
        while next < steps.len() {
            if self.connector.interrupt.requested() {
                return Err(RunError::Interrupted { done });
            }
            if preconditions(&steps[next]).next().is_some() || self.settings.scope == Scope::All {
                if self.ask_preconditions(&mut steps, next, listener).await? {
                    head = self.history.head();
                }
                if next >= steps.len() {
                    break;
                }
            }
            let count = self.ride_together(&steps[next..], base);
            match self.attempt(&steps[next..next + count], next + 1, &mut head, &mut done, listener).await {
                Ok(()) => next += count,
                Err(Trouble::Run(error)) => return Err(error),
                Err(Trouble::Failed(stopped)) => {
                    let prepared = &steps[next + stopped.step];
                    return Err(self.failed(prepared, *stopped, done).await);
                }
                Err(trouble) => {
                    if let Trouble::Lost(error) = &trouble {
                        setbacks += 1;
                        if setbacks > SETBACKS {
                            return Err(RunError::Sql { doing: "keep a connection", error: error.clone() });
                        }
                        match self.reconnect(&error.message, listener).await {
                            Err(RunError::Interrupted { .. }) => return Err(RunError::Interrupted { done }),
                            reconnected => reconnected?,
                        }
                    } else {
                        self.read_history().await?;
                    }
                    self.finish_interrupted(listener).await?;
                    let known = next;
                    next = self.catch_up(&steps, base, known, &mut done, listener);
                    if next > known {
                        setbacks = 0;
                    }
                    head = self.history.head();
                }
            }
        }
        if self.connector.interrupt.requested() {
            // The wish came during the last statement, which the server may have cut short without an error.
            return Err(RunError::Interrupted { done });
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
        let mut told = 0;
        while at < steps.len() {
            let rest = &steps[at..end];
            let (parts, heads) = self.compose(rest, head, running).await?;
            let cut = if rest.len() > 1 { Cut::Nowhere } else { Cut::EachStatement };
            let from = running.map_or(0, |(_, from)| from);
            let work = Work { steps: rest, first: first + at, parts, cut, from, told: usize::saturating_sub(told, at) };
            told = told.max(end);
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
            let retry =
                stopped.refusal.error.error.kind.is_retryable() && prepared.retry && !patience.remaining().is_zero();
            if !retry {
                return Err(Trouble::Failed(Box::new(Stopped { step: culprit, ..*stopped })));
            }
            let statement = match stopped.role {
                Role::Statement(index) => index + 1,
                _ => 1,
            };
            listener(&Event::Blocked {
                id: &prepared.step.id,
                statement,
                attempt: patience.failed(),
                error: &stopped.refusal.error.error,
                blockers: &stopped.refusal.blockers,
                remaining: patience.remaining(),
            });
            let again = patience.pause(&stopped.refusal.blockers, &mut self.watch, &self.connector.interrupt).await;
            if !again {
                return Err(Trouble::Run(RunError::Interrupted { done: std::mem::take(done) }));
            }
            if prepared.mode == Mode::Stepwise {
                let prepared = prepared.clone();
                running = self.where_it_stands(&prepared, head, stopped.known).await.map_err(Trouble::Run)?;
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
                })));
            }
            tell_beginning(work, parts, listener);
            let mut sent = self.send(work, &message, listener).await;
            let reached = match &sent {
                Ok(()) => message.end,
                Err(Trouble::Failed(stopped)) => message.start + stopped.refusal.error.ran,
                Err(_) => message.start,
            };
            while finished < work.steps.len() && last_of(finished).is_some_and(|last| last < reached) {
                if self.settings.scope == Scope::File || reached == work.parts.len() {
                    tell_end(work, finished, started, done, listener);
                }
                finished += 1;
            }
            if let Err(Trouble::Failed(stopped)) = &mut sent {
                stopped.finished = finished;
            }
            sent?;
        }
        Ok(())
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
                (_, kind) if kind.is_lost() => return Err(Trouble::Lost(error.clone())),
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
                Err(error) if error.kind.is_lost() => return Err(Trouble::Lost(error)),
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

    /// The first step that the history does not have yet; tells of those that it turned out to have.
    fn catch_up(
        &self,
        steps: &[Prepared],
        base: u64,
        known: usize,
        done: &mut Vec<Done>,
        listener: &mut Listener<'_>,
    ) -> usize {
        let mut next = 0;
        for entry in self.history.entries().iter().filter(|entry| entry.seq > base && entry.state == State::Done) {
            let Some(prepared) = steps.get(next) else { break };
            let same_way = match prepared.step.direction {
                Direction::Up => entry.kind == Kind::Apply,
                Direction::Down => entry.kind == Kind::Revert,
            };
            if same_way && entry.id.as_ref() == Some(&prepared.step.id) {
                if next >= known && entry.owner == self.connector.run && done.len() <= next {
                    let one = [prepared.clone()];
                    let work =
                        Work { steps: &one, first: next + 1, parts: Vec::new(), cut: Cut::Nowhere, from: 0, told: 1 };
                    tell_end(&work, 0, Instant::now(), done, listener);
                }
                next += 1;
            }
        }
        next
    }

    /// Turns a refusal into a failure that says where it was and what is true now.
    pub(super) async fn failed(&mut self, prepared: &Prepared, stopped: Stopped, done: Vec<Done>) -> RunError {
        let Stopped { role, known, refusal, .. } = stopped;
        let error = refusal.error.error;
        if error.kind == ErrorKind::Cancelled && self.connector.interrupt.requested() {
            self.settle_failed(prepared, known).await;
            return RunError::Interrupted { done };
        }
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
        let aftermath = self.settle_failed(prepared, known).await;
        RunError::Failed(Box::new(Failure {
            done,
            id: prepared.step.id.clone(),
            name: prepared.step.name.clone(),
            direction: prepared.step.direction,
            at,
            error,
            blockers: refusal.blockers,
            aftermath,
        }))
    }

    /// What a failed migration left behind, after clearing away what can be.
    async fn settle_failed(&mut self, prepared: &Prepared, known: usize) -> Aftermath {
        match prepared.mode {
            Mode::Transaction => Aftermath::Nothing,
            Mode::Stepwise => self.settle_stepwise(prepared, known).await,
        }
    }
}

/// How many statements of a step are known to be done when this part of it was refused, or not sent any more.
fn known(work: &Work<'_>, at: usize) -> usize {
    let part = &work.parts[at.min(work.parts.len() - 1)];
    if let Role::Statement(index) = part.role {
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

fn owner<'w>(work: &Work<'w>, part: &Part) -> Owner<'w> {
    let statement = match part.role {
        Role::Statement(index) | Role::Warnings(index) => Some(index + 1),
        _ => None,
    };
    // Deferred triggers speak at the end.
    let heard = statement.is_some() || part.role == Role::Commit;
    Owner { id: &work.steps[part.step].step.id, statement, heard }
}

fn tell_beginning(work: &Work<'_>, parts: &[Part], listener: &mut Listener<'_>) {
    for part in parts {
        let prepared = &work.steps[part.step];
        let first_of_all = match part.role {
            Role::Statement(index) => index == if part.step == 0 { work.from } else { 0 },
            Role::Claim => prepared.pieces.is_empty(),
            _ => false,
        };
        if first_of_all && part.step >= work.told {
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

fn tell_end(work: &Work<'_>, step: usize, started: Instant, done: &mut Vec<Done>, listener: &mut Listener<'_>) {
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
