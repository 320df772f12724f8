//! Resolving what an interrupted run left behind.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ecow::EcoString;

use crate::databases::{Limits, Probe};
use crate::history::{Entry, Fact, Head, Kind, State};
use crate::migration::{Id, Migration, Script, title};
use crate::plan::{Bracket, Direction, Drift, Prepared, Step};

use super::event::{Event, Listener};
use super::failure::{Aftermath, Done};
use super::locked::Locked;
use super::message::{Composer, Cut};
use super::watch::Owner;
use super::work::{Trouble, Work};
use super::{Interrupt, RunError};

/// How long clearing up may wait for others when the user wants to stop.
const HURRIED: Duration = Duration::from_secs(2);

/// What is known of the statement that was in flight.
enum Finding {
    /// It took effect.
    Took,
    /// It did not.
    DidNot,
    /// Nobody can tell.
    Unknown(String),
}

impl Locked {
    /// Finishes the migration that an earlier run left half-done, if there is one.
    ///
    /// # Errors
    ///
    /// When nobody can tell what is done ([`RunError::HalfDone`]), or the rest of it fails.
    pub async fn recover(
        &mut self,
        migrations: &[Migration],
        listener: &mut Listener<'_>,
    ) -> Result<Option<Done>, RunError> {
        let Some(entry) = self.history.unfinished().cloned() else { return Ok(None) };
        let id = entry.id.clone();
        let file = migrations.iter().find(|migration| Some(&migration.id) == id.as_ref());
        let undoes = entry.kind == Kind::Revert;
        let script = file.and_then(|file| if undoes { file.down.clone() } else { Some(Arc::clone(&file.up)) });
        self.resume(entry, file, script, listener).await.map(Some)
    }

    /// After a lost connection: finishes what was in flight.
    pub(super) async fn finish_interrupted(
        &mut self,
        next: Option<&Prepared>,
        listener: &mut Listener<'_>,
    ) -> Result<Option<Done>, RunError> {
        let Some(entry) = self.history.unfinished().cloned() else { return Ok(None) };
        let own = next.filter(|prepared| Some(&prepared.step.id) == entry.id.as_ref());
        let script = own.map(|prepared| Arc::clone(&prepared.step.script));
        self.resume(entry, None, script, listener).await.map(Some)
    }

    async fn resume(
        &mut self,
        entry: Entry,
        file: Option<&Migration>,
        script: Option<Arc<Script>>,
        listener: &mut Listener<'_>,
    ) -> Result<Done, RunError> {
        if let Some(broken) = self.history.broken_link() {
            let drift = Drift::BrokenChain { seq: broken.seq };
            return Err(RunError::History(format!("{drift}; {}", drift.hint())));
        }
        let name = file.map(|file| file.name.clone());
        let stored = self.stored(&entry, name, script.as_deref()).await?;
        if entry.kind == Kind::Adopt && !self.is_decided(&entry) {
            let tool = entry.tag.as_deref().unwrap_or("another tool");
            return Err(half_done(&entry, &stored, format!("{tool} left it half-done")));
        }
        self.take_over(&entry).await?;
        let recorded = entry.statements_done;
        let mut done = recorded;
        let mut finding = self.find_out(&entry, &stored).await?;
        while let (Finding::Took, Some(before)) = (&finding, stored.foreseen(done + 1, self.dialect())) {
            done += 1;
            finding = self.look(&stored, done, Some(before)).await?;
        }
        let (from, resolution) = match finding {
            Finding::Unknown(reason) => return Err(half_done(&entry, &stored, reason)),
            Finding::Took => (done + 1, format!("statement {} had taken effect", done + 1)),
            Finding::DidNot => (done, format!("statement {} had not taken effect and runs again", done + 1)),
        };
        let prepared = match self.edited(&entry, &stored, file, from)? {
            Some(edited) => edited,
            None => stored.clone(),
        };
        if from > recorded && from < prepared.pieces.len() {
            // The next crash must find the before-image of the statement that is next.
            self.advance(&prepared, entry.seq, from).await?;
        }
        if let Some((statement, what)) = prepared.irretrievable(from) {
            let (id, name, of) = (prepared.step.id.clone(), entry.name.to_string(), prepared.pieces.len());
            return Err(RunError::SessionGone { id, name, done: from, of, statement, what });
        }
        let resolution = if done >= stored.pieces.len() { "every statement had run".to_owned() } else { resolution };
        if let Some(id) = &entry.id {
            listener(&Event::Recovered { id, name: &entry.name, resolution: &resolution });
        }
        let started = Instant::now();
        let mut finished = Vec::new();
        self.run_rest(&prepared, entry.seq, from, &mut finished, listener).await?;
        if prepared.step.script.text != stored.step.script.text && entry.kind == Kind::Apply {
            let step = &prepared.step;
            let repair = Fact {
                up: step.up.as_deref(),
                down: step.down.as_deref(),
                ..Fact::new(Kind::Repair, entry.id.as_ref(), &step.name)
            };
            self.record(&[repair]).await?;
        }
        self.read_history().await?;
        Ok(finished.pop().unwrap_or(Done {
            id: prepared.step.id.clone(),
            name: prepared.step.name.clone(),
            direction: prepared.step.direction,
            milliseconds: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        }))
    }

    /// Whether a human has decided about this entry since it was written.
    fn is_decided(&self, entry: &Entry) -> bool {
        let decides = |other: &&Entry| other.kind == Kind::Resolve && other.seq > entry.seq && other.id == entry.id;
        self.history.entries().iter().any(|other| decides(&other))
    }

    /// The migration as it was when its work began. Where `read` has the same text, its place is that of the text.
    async fn stored(
        &mut self,
        entry: &Entry,
        name: Option<String>,
        read: Option<&Script>,
    ) -> Result<Prepared, RunError> {
        let scripts = self.scripts(&[entry.seq]).await?.pop().unwrap_or_default();
        let direction = if entry.kind == Kind::Revert { Direction::Down } else { Direction::Up };
        let own = if direction == Direction::Down { &scripts.down } else { &scripts.up };
        let row = entry.seq;
        let (Some(id), Some(own)) = (entry.id.clone(), own) else {
            return Err(RunError::History(format!(
                "row {row} of the history is half-done, and its script was not stored"
            )));
        };
        if !own.is_intact {
            let drift = Drift::ChangedInHistory { id: id.clone(), name: entry.name.to_string(), seq: row, direction };
            return Err(RunError::History(format!(
                "{drift}; it is half-done, and its rest is not run: restore the row from a backup, or finish or undo it by hand and say so with `migrate resolve {id} --applied` or `--reverted`"
            )));
        }
        let path = format!("history:{id}");
        let script = |text: &str| Arc::new(Script::restored(&path, text));
        let own = match (script(&own.text), read) {
            (own, Some(read)) if own.text == read.text => {
                let (path, first_line) = (read.path.clone(), read.first_line);
                Arc::new(Script { path, first_line, ..Script::clone(&own) })
            }
            (own, _) => own,
        };
        let step = Step {
            id,
            name: name.unwrap_or_else(|| entry.name.to_string()),
            direction,
            up: scripts.up.as_ref().map(|up| script(&up.text)),
            down: scripts.down.as_ref().map(|down| script(&down.text)),
            script: own,
            stored: true,
            compatible: None,
        };
        Prepared::stepwise(step, self.dialect()).map_err(|error| RunError::History(error.to_string()))
    }

    /// The file's script, when it was edited after the crash in the part that has not run; none when it was not.
    fn edited(
        &self,
        entry: &Entry,
        stored: &Prepared,
        file: Option<&Migration>,
        done: usize,
    ) -> Result<Option<Prepared>, RunError> {
        let Some(file) = file else { return Ok(None) };
        let step = match entry.kind {
            Kind::Revert => file.down.as_ref().map(|down| Step { script: down.clone(), ..stored.step.clone() }),
            _ => Some(Step::apply(file)),
        };
        let Some(step) = step.filter(|step| step.script.text != stored.step.script.text) else {
            return Ok(None);
        };
        let path = step.script.path.clone();
        let prepared = Prepared::stepwise(Step { stored: false, ..step }, self.dialect());
        let prepared = prepared.map_err(|error| RunError::History(error.to_string()))?;
        let same = |index: usize| {
            let text = |prepared: &Prepared| prepared.pieces.get(index).map(|piece| piece.sql(prepared).to_owned());
            text(stored) == text(&prepared)
        };
        if (0..done).all(same) {
            return Ok(Some(prepared));
        }
        if entry.kind == Kind::Revert {
            // Then it was not the folder's script that ran.
            return Ok(None);
        }
        Err(RunError::History(format!(
            "`{}` is half-done, and the part of `{}` that has run was edited since; restore the file, or say what is true with `migrate resolve {}`",
            title(&file.id, &file.name),
            path.display(),
            file.id,
        )))
    }

    async fn take_over(&mut self, entry: &Entry) -> Result<(), RunError> {
        let dialect = self.dialect();
        let mut parts: Vec<String> = dialect.fence(&self.lock).map(|fence| dialect.guard(&fence)).into_iter().collect();
        parts.push(self.store.take_over(entry));
        parts.push(dialect.guard(&self.store.is_mine(entry.seq)));
        self.execute("take over the interrupted migration", &parts).await
    }

    /// Records what a human decided about the half-done entry: its end, or how many of its statements are done, together
    /// with a fact that says so.
    ///
    /// # Errors
    ///
    /// When the server refuses.
    pub async fn settle(
        &mut self,
        entry: &Entry,
        state: Option<State>,
        done: usize,
        fact: &Fact<'_>,
    ) -> Result<(), RunError> {
        self.take_over(entry).await?;
        let dialect = self.dialect();
        let settled = match state {
            // Whatever became of its script, a human's word about the whole is enough.
            Some(state) => self.store.settle(entry.seq, done, state),
            None => {
                let stored = self.stored(entry, None, None).await?;
                match done >= stored.pieces.len() {
                    true => self.store.settle(entry.seq, done, State::Done),
                    false => self.store.advance(entry.seq, done, stored.probe(done, dialect).as_deref()),
                }
            }
        };
        let fence = dialect.fence(&self.lock);
        let mut parts = self.opening();
        parts.push(settled);
        parts.push(self.store.claim(&self.history.head(), fact, State::Done, None, fence.as_deref()).sql);
        parts.push("COMMIT".to_owned());
        self.execute("record the decision", &parts).await?;
        self.read_history().await
    }

    /// What became of the statement in flight; clears its leftovers away.
    async fn find_out(&mut self, entry: &Entry, stored: &Prepared) -> Result<Finding, RunError> {
        let Some(piece) = stored.pieces.get(entry.statements_done) else { return Ok(Finding::DidNot) };
        // A statement that was in one transaction with its record took effect only if the record did.
        if piece.bracket == Bracket::Transaction {
            return Ok(Finding::DidNot);
        }
        self.clear_leftovers(&stored.step.id, piece.sql(stored)).await?;
        self.look(stored, entry.statements_done, entry.probe.as_deref()).await
    }

    /// Whether a statement took effect, as the catalog tells.
    async fn look(&mut self, stored: &Prepared, index: usize, before: Option<&str>) -> Result<Finding, RunError> {
        let Some(piece) = stored.pieces.get(index) else { return Ok(Finding::DidNot) };
        Ok(match self.dialect().probe(piece.sql(stored)) {
            _ if stored.rerunnable => Finding::DidNot,
            Probe::Rerun => Finding::DidNot,
            Probe::Unknown(reason) => Finding::Unknown(reason),
            Probe::Fingerprint(expression) => {
                let now = self.session.query(&format!("SELECT {expression}")).await;
                let now = now.map_err(RunError::sql("look the interrupted statement up in the catalog"))?;
                let now = now.into_iter().next().and_then(|row| row.into_iter().next().flatten());
                match (now, before) {
                    (Some(now), Some(before)) if now == before => Finding::DidNot,
                    (Some(_), Some(_)) => Finding::Took,
                    // Null is what the catalog answers who may not look.
                    _ => Finding::Unknown(
                        "this login may not see what would tell (it takes the right `PROCESS`)".to_owned(),
                    ),
                }
            }
        })
    }

    /// Clears away what a broken statement left; whether there was anything.
    pub(super) async fn clear_leftovers(&mut self, id: &Id, sql: &str) -> Result<bool, RunError> {
        let doing = "clear away what the interrupted statement left";
        let Some(query) = self.dialect().leftovers(sql) else { return Ok(false) };
        let rows = self.session.query(&query).await.map_err(RunError::sql(doing))?;
        let cures: Vec<EcoString> = rows.into_iter().filter_map(|row| row.into_iter().next().flatten()).collect();
        if cures.is_empty() {
            return Ok(false);
        }
        // A cure may have to wait for others as long as the statement itself; not when the user wants to stop.
        let hurried = self.connector.interrupt.requested();
        let interrupt = if hurried { Interrupt::default() } else { self.connector.interrupt.clone() };
        let limits = Limits { lock: hurried.then_some(HURRIED), statement: None };
        self.session_limits = None;
        self.execute(doing, &self.dialect().limit_session(&limits)).await?;
        for cure in &cures {
            let owner = Owner { id, statement: None, heard: false };
            let cured = self.watch.send(&mut *self.session, &[cure], &[owner], &interrupt, &mut |_| {}).await;
            cured.map_err(|refusal| RunError::Sql { doing, error: refusal.error.error })?;
        }
        Ok(true)
    }

    async fn run_rest(
        &mut self,
        prepared: &Prepared,
        seq: u64,
        from: usize,
        finished: &mut Vec<Done>,
        listener: &mut Listener<'_>,
    ) -> Result<(), RunError> {
        let mut composer = Composer {
            dialect: self.connector.database.dialect(),
            store: &self.store,
            lock: &self.lock,
            limits: self.settings.limits,
            beside: &self.beside,
            release: self.settings.release.as_deref(),
            session_limits: None,
            together: false,
            prepared: false,
            dangling: None,
            all_suspended: false,
        };
        let mut parts = composer.settings(0, prepared, from);
        parts.extend(composer.statements(0, prepared, seq, from, false));
        self.session_limits = None;
        let steps = std::slice::from_ref(prepared);
        let work = Work { steps, first: 1, parts, cut: Cut::EachStatement, from, told: 0 };
        let outcome = match self.carry_out(&work, finished, listener).await {
            Ok(()) => self.after(steps).await,
            Err(trouble) => Err(trouble),
        };
        match outcome {
            Ok(()) => Ok(()),
            Err(Trouble::Failed(stopped)) => Err(self.failed(prepared, *stopped, Vec::new()).await),
            Err(Trouble::Run(error)) => Err(error),
            Err(Trouble::Raced) => Err(RunError::History("another run is at work without the lock".to_owned())),
            Err(Trouble::Lost { error, .. }) => Err(RunError::Sql { doing: "finish the interrupted migration", error }),
        }
    }

    /// The running entry of this migration, if it has one: its number and how many statements are done.
    pub(super) async fn where_it_stands(
        &mut self,
        prepared: &Prepared,
        head: &mut Head,
        known: usize,
    ) -> Result<Option<(u64, usize)>, RunError> {
        self.read_history().await?;
        let Some(entry) = self.history.unfinished() else { return Ok(None) };
        if entry.owner != self.connector.run || entry.id.as_ref() != Some(&prepared.step.id) {
            return Ok(None);
        }
        let (seq, recorded, probe) = (entry.seq, entry.statements_done, entry.probe.clone());
        *head = self.history.head();
        // The record of the statement before rides with the next one and may not have been sent.
        let mut done = known.max(recorded);
        if let Some(piece) = prepared.pieces.get(done)
            && self.clear_leftovers(&prepared.step.id, piece.sql(prepared)).await?
            && done == recorded
            && matches!(self.look(prepared, done, probe.as_deref()).await?, Finding::Took)
        {
            // What was left could only be cleared away by finishing it.
            done += 1;
        }
        if done > recorded {
            self.advance(prepared, seq, done).await?;
        }
        Ok(Some((seq, done)))
    }

    /// What a migration whose statements run one by one left behind when one was refused.
    pub(super) async fn settle_stepwise(&mut self, prepared: &Prepared, known: usize) -> Aftermath {
        let of = prepared.pieces.len();
        let mut head = self.history.head();
        let Ok(stands) = self.where_it_stands(prepared, &mut head, known).await else {
            return Aftermath::Resumable { done: 0, of };
        };
        let Some((seq, done)) = stands else { return Aftermath::Nothing };
        if done == 0 {
            let settled = [self.store.settle(seq, 0, State::Abandoned)];
            if self.execute("record that nothing happened", &settled).await.is_ok() {
                return Aftermath::Nothing;
            }
        }
        Aftermath::Resumable { done, of }
    }

    /// Records how many statements are done, and the before-image of the next.
    async fn advance(&mut self, prepared: &Prepared, seq: u64, done: usize) -> Result<(), RunError> {
        let probe = prepared.probe(done, self.dialect());
        self.execute("record how far it is", &[self.store.advance(seq, done, probe.as_deref())]).await
    }
}

fn half_done(entry: &Entry, stored: &Prepared, reason: String) -> RunError {
    let index = entry.statements_done;
    RunError::HalfDone {
        id: stored.step.id.clone(),
        name: entry.name.to_string(),
        statement: index + 1,
        of: stored.pieces.len(),
        sql: stored.pieces.get(index).map(|piece| piece.sql(stored).to_owned()).unwrap_or_default(),
        reason,
    }
}
