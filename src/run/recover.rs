//! Resolving what an interrupted run left behind.

use std::sync::Arc;
use std::time::Instant;

use crate::history::{Entry, Fact, Kind};
use crate::migration::{Migration, Script, title};
use crate::plan::{Direction, Drift, Prepared, Step};

use super::RunError;
use super::event::{Event, Listener};
use super::failure::Done;
use super::locked::Locked;
use super::message::{Composer, Cut};
use super::patience::{Patience, Waited};
use super::traces::{Finding, REFUSED};
use super::work::{Stopped, Trouble, Work};

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
        self.resume(entry, file, script, 1, listener).await.map(Some)
    }

    /// After a lost connection: finishes what was in flight, in the place of this step of the run.
    pub(super) async fn finish_interrupted(
        &mut self,
        next: Option<&Prepared>,
        number: usize,
        listener: &mut Listener<'_>,
    ) -> Result<Option<Done>, RunError> {
        let Some(entry) = self.history.unfinished().cloned() else { return Ok(None) };
        let own = next.filter(|prepared| Some(&prepared.step.id) == entry.id.as_ref());
        let script = own.map(|prepared| Arc::clone(&prepared.step.script));
        self.resume(entry, None, script, number, listener).await.map(Some)
    }

    async fn resume(
        &mut self,
        entry: Entry,
        file: Option<&Migration>,
        script: Option<Arc<Script>>,
        number: usize,
        listener: &mut Listener<'_>,
    ) -> Result<Done, RunError> {
        if let Some(broken) = self.history.broken_link() {
            let drift = Drift::BrokenChain { seq: broken.seq };
            return Err(RunError::History(format!("{drift}; {}", drift.hint())));
        }
        let name = file.map(|file| file.name.clone());
        let stored = self.stored(&entry, name, script.as_deref()).await?;
        if entry.kind == Kind::Adopt && self.decisions(&entry).next().is_none() {
            let tool = entry.tag.as_deref().unwrap_or("another tool");
            return Err(half_done(&entry, &stored, format!("{tool} left it half-done")));
        }
        let decided = self.is_decided_now(&entry);
        let recorded = entry.statements_done;
        self.restore_settings(&stored, recorded).await?;
        let refused = entry.probe.as_deref() == Some(REFUSED);
        let next = if decided || refused {
            // What stops it before the statement is sent must not use the decision up; and once that is used up, only a
            // before-image of today tells.
            let probe = self.rest(&entry, &stored, file, recorded)?.probe(recorded, self.dialect());
            Some(probe.unwrap_or_else(|| "NULL".to_owned()))
        } else {
            None
        };
        self.take_over(&entry, next.as_deref()).await?;
        let mut done = recorded;
        let mut finding = self.find_out(&entry, &stored, decided).await?;
        while let (Finding::Took, Some(before)) = (&finding, stored.foreseen(done + 1, self.dialect())) {
            done += 1;
            self.repeat_settings(&stored, done - 1, done).await?;
            finding = self.look(&stored, done, Some(before)).await?;
        }
        let (from, resolution) = match finding {
            Finding::Unknown(reason) => return Err(half_done(&entry, &stored, reason)),
            Finding::Took => (done + 1, format!("statement {} had taken effect", done + 1)),
            Finding::DidNot if decided => (done, format!("statement {} is next, as was decided", done + 1)),
            Finding::DidNot if refused => (done, format!("statement {} was refused and is tried again", done + 1)),
            Finding::DidNot => (done, format!("statement {} had not taken effect and runs again", done + 1)),
        };
        let prepared = self.rest(&entry, &stored, file, from)?;
        if from > recorded && from < prepared.pieces.len() {
            // The next crash must find the before-image of the statement that is next, under what those before it set.
            self.repeat_settings(&prepared, done, from).await?;
            self.advance(&prepared, entry.seq, from).await?;
        }
        let resolution = if done >= stored.pieces.len() { "every statement had run".to_owned() } else { resolution };
        if let Some(id) = &entry.id {
            listener(&Event::Recovered { id, name: &entry.name, resolution: &resolution });
        }
        let started = Instant::now();
        let mut finished = Vec::new();
        self.run_rest(&prepared, number, (entry.seq, from), &mut finished, listener).await?;
        if prepared.step.script.text != stored.step.script.text && entry.kind == Kind::Apply {
            let step = &prepared.step;
            let repair = Fact {
                up: step.up.as_deref(),
                down: step.down.as_deref(),
                ..Fact::new(Kind::Repair, entry.id.as_ref(), &step.name)
            };
            self.record(&[repair], listener).await?;
        }
        self.read_history().await?;
        Ok(finished.pop().unwrap_or(Done {
            id: prepared.step.id.clone(),
            name: prepared.step.name.clone(),
            direction: prepared.step.direction,
            milliseconds: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        }))
    }

    /// The migration as it was when its work began. Where `read` has the same text, its place is that of the text.
    pub(super) async fn stored(
        &mut self,
        entry: &Entry,
        name: Option<String>,
        read: Option<&Script>,
    ) -> Result<Prepared, RunError> {
        let scripts = self.scripts(&[entry.seq]).await?.pop().unwrap_or_default();
        let direction = if entry.kind == Kind::Revert { Direction::Down } else { Direction::Up };
        let own = if direction == Direction::Down { &scripts.down } else { &scripts.up };
        let row = entry.seq;
        let Some(id) = entry.id.clone() else {
            return Err(RunError::History(format!("row {row} of the history is half-done and names no migration")));
        };
        let dead = |reason: String| RunError::DeadEnd { id: id.clone(), name: entry.name.to_string(), reason };
        let Some(own) = own else { return Err(dead(format!("row {row} of the history has no script of it"))) };
        if !own.is_intact {
            let drift = Drift::ChangedInHistory { id: id.clone(), name: entry.name.to_string(), seq: row, direction };
            return Err(dead(format!("{drift}; restore the row from a backup if there is one")));
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
            id: id.clone(),
            name: name.unwrap_or_else(|| entry.name.to_string()),
            direction,
            up: scripts.up.as_ref().map(|up| script(&up.text)),
            down: scripts.down.as_ref().map(|down| script(&down.text)),
            script: own,
            stored: true,
            compatible: None,
        };
        Prepared::stepwise(step, self.dialect()).map_err(|error| dead(error.to_string()))
    }

    /// What is gone on with after so many statements.
    ///
    /// # Errors
    ///
    /// When what has run was edited since, or the rest may need what ended with the session.
    fn rest(
        &self,
        entry: &Entry,
        stored: &Prepared,
        file: Option<&Migration>,
        from: usize,
    ) -> Result<Prepared, RunError> {
        let prepared = self.edited(entry, stored, file, from)?.unwrap_or_else(|| stored.clone());
        match prepared.irretrievable(from) {
            Some((statement, what)) => {
                let (id, name, of) = (prepared.step.id.clone(), entry.name.to_string(), prepared.pieces.len());
                Err(RunError::SessionGone { id, name, done: from, of, statement, what })
            }
            None => Ok(prepared),
        }
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

    pub(super) async fn take_over(&mut self, entry: &Entry, probe: Option<&str>) -> Result<(), RunError> {
        let dialect = self.dialect();
        let mut parts: Vec<String> = dialect.fence(&self.lock).map(|fence| dialect.guard(&fence)).into_iter().collect();
        parts.push(self.store.take_over(entry, probe));
        parts.push(dialect.guard(&self.store.is_mine(entry.seq)));
        self.execute("take over the interrupted migration", &parts).await
    }

    /// Repeats what the first so many statements set in the session that is gone. Names mean then what they meant there: a
    /// table in `SET search_path`'s schema must not be looked for in another.
    pub(super) async fn restore_settings(&mut self, stored: &Prepared, before: usize) -> Result<(), RunError> {
        self.repeat_settings(stored, 0, before).await
    }

    /// The same of those among them that come after the first so many: what a session has set must not be set twice, as a
    /// prepared statement or an attached database of that name is there then.
    async fn repeat_settings(&mut self, stored: &Prepared, after: usize, before: usize) -> Result<(), RunError> {
        let (already, mut wanted) = (stored.repeated(after), stored.repeated(before));
        if wanted.starts_with(&already) {
            wanted.drain(..already.len());
        } else {
            wanted.retain(|sql| !already.contains(sql));
        }
        if wanted.is_empty() {
            return Ok(());
        }
        let parts: Vec<String> = self.composer().settings(0, stored, wanted).into_iter().map(|part| part.sql).collect();
        self.session_limits = None;
        self.execute("repeat what the interrupted session had set", &parts).await
    }

    /// What writes the parts of one migration by itself.
    fn composer(&self) -> Composer<'_> {
        Composer {
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
        }
    }

    async fn run_rest(
        &mut self,
        prepared: &Prepared,
        first: usize,
        (seq, from): (u64, usize),
        finished: &mut Vec<Done>,
        listener: &mut Listener<'_>,
    ) -> Result<(), RunError> {
        let mut patience = Patience::new(self.settings.retry_for, self.connector.database.poll_every());
        let (mut seq, mut from) = (seq, from);
        loop {
            let mut composer = self.composer();
            // What those before it set is set again already, and not twice: `SET @old = @@x, x = …` would lose the old one.
            let parts = composer.statements(0, prepared, seq, from, false);
            self.session_limits = None;
            let steps = std::slice::from_ref(prepared);
            let work = Work { steps, first, parts, cut: Cut::EachStatement, from };
            let outcome = match self.carry_out(&work, finished, listener).await {
                Ok(()) => self.after(steps).await,
                Err(trouble) => Err(trouble),
            };
            let stopped = match outcome {
                Ok(()) => return Ok(()),
                Err(Trouble::Failed(stopped)) => stopped,
                Err(Trouble::Run(error)) => return Err(error),
                Err(Trouble::Raced) => return Err(taken_over()),
                Err(Trouble::Lost { error, .. }) => {
                    return Err(RunError::Sql { doing: "finish the interrupted migration", error });
                }
            };
            match self.outwait(prepared, &[], &stopped, &mut patience, listener).await {
                Waited::Over => {}
                Waited::InVain(tries) => {
                    return Err(self.failed(prepared, Stopped { tries, ..*stopped }, Vec::new()).await);
                }
                Waited::Interrupted => {
                    let cut = self.cut(prepared, stopped.known).await;
                    return Err(RunError::interrupted(Vec::new(), Some(cut)));
                }
            }
            let mut head = self.history.head();
            (seq, from) = self.where_it_stands(prepared, &mut head, stopped.known).await?.ok_or_else(taken_over)?;
        }
    }
}

fn taken_over() -> RunError {
    RunError::History("another run is at work without the lock".to_owned())
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
