//! `up`, `down`, `redo` and `goto`, and the plans of them.

use std::collections::HashMap;
use std::sync::Arc;

use crate::databases::Session;
use crate::history::{Applied, Detail, Entry, Fact, History, Kind, Scripts};
use crate::migration::{Id, Migration};
use crate::plan::{self, Direction, Drift, Mark, Plan, Point, Policy, Prefer, Step, Target, Unresolved};
use crate::run::event::{Event, Listener};
use crate::run::{Done, Locked, Next, Outcome};

use super::adopt::applied_by;
use super::{Error, Identity, Migrator, Proposal, Read, Request, SavedPlan};

/// A plan and which way it goes.
struct Draft {
    plan: Plan,
    direction: Direction,
    towards: Option<String>,
}

impl Migrator {
    /// What a request would run. Takes no lock and writes nothing.
    ///
    /// # Errors
    ///
    /// When it would be refused.
    pub async fn propose(&self, request: &Request, listener: &mut Listener<'_>) -> Result<Proposal, Error> {
        let mut read = self.read(Detail::Deciding, listener).await?;
        let recovers = read.history.unfinished().map(|entry| {
            let id = entry.id.as_ref().map(Id::to_string).unwrap_or_default();
            let (done, of) = (entry.statements_done, entry.statements_total);
            format!("`{id}` is half-done, {done} of {of} statements; the rest of it is run first")
        });
        let half_done = read.history.unfinished().and_then(direction_of);
        let (request, plan) = request.now(half_done)?;
        let database = match self.admit(&request, plan, &mut read).await {
            Ok(database) => database,
            Err(refused) => {
                read.close().await;
                return Err(refused);
            }
        };
        if recovers.is_some() {
            // What is shown is what there will be to do then.
            read.history = read.history.finished();
        }
        let undone = self.undone(&request, &read.history)?;
        let stored = match &mut read.session {
            Some((session, store)) if !undone.is_empty() => {
                let scripts = store.scripts(&mut **session, &seqs(&undone)).await;
                scripts.map_err(|error| Error::Sql { doing: "read the stored scripts", error })?
            }
            _ => Vec::new(),
        };
        let stored = by_id(&undone, stored);
        let draft = self.draft(&request, &read.history, &stored);
        let history = read.close().await;
        let mut draft = draft?;
        let policy = self.policy_for(&draft, &history);
        let mut linted = self.lint(&mut draft.plan, &history);
        linted.threshold = policy.threshold;
        // What would be refused for what the linter says is shown all the same.
        let approved = self.approve(draft.plan, &Policy { threshold: None, ..policy }, &linted, &stored)?;
        plan.map_or(Ok(()), |plan| plan.has_steps_of(&approved))?;
        let (direction, towards, prefer) = (draft.direction, draft.towards, request.prefer());
        Ok(Proposal { direction, towards, prefer, database, approved, linted, recovers })
    }

    /// Refuses to begin a history where another tool has one.
    async fn refuse_beside(&self, session: &mut dyn Session) -> Result<(), Error> {
        let other = self
            .other_tool(session)
            .await
            .map_err(|error| Error::Sql { doing: "look for other tools' tables", error })?;
        other.map_or(Ok(()), |tool| {
            Err(Error::usage(
                format!("{}, and `migrate` has no history here: it would begin with the first one", applied_by(tool)),
                "`migrate adopt` takes over what was applied; to begin a history of its own beside it, say `--beside`",
            ))
        })
    }

    /// Which database this is, unless it is the wrong one for the plan or the release.
    async fn admit(&self, request: &Request, plan: Option<&SavedPlan>, read: &mut Read) -> Result<Identity, Error> {
        if let Request::Up(_) = request {
            self.refuse_taken_release(&read.history)?;
        }
        let database = match &mut read.session {
            Some((session, _)) => self.identity(Some(&mut **session), &read.history).await?,
            None => self.identity(None, &read.history).await?,
        };
        if let Some(plan) = plan {
            plan.is_for(&database)?;
            plan.continues(&read.history.head().hash)?;
        }
        Ok(database)
    }

    /// Carries a request out, under the lock. `seen` is the proposal that somebody agreed to: if the world has changed
    /// since, nothing is run. A [`Request::Goto`] without one does not go back.
    ///
    /// # Errors
    ///
    /// When it is refused or fails; everything done is recorded.
    pub async fn carry_out(
        &self,
        request: &Request,
        seen: Option<&SavedPlan>,
        listener: &mut Listener<'_>,
    ) -> Result<Outcome, Error> {
        let mut locked = Locked::take(self.connector.clone(), self.settings.clone(), listener).await?;
        let outcome = self.under_lock(&mut locked, request, seen, listener).await;
        locked.release().await;
        outcome
    }

    async fn under_lock(
        &self,
        locked: &mut Locked,
        request: &Request,
        seen: Option<&SavedPlan>,
        listener: &mut Listener<'_>,
    ) -> Result<Outcome, Error> {
        let (request, plan) = request.now(locked.history().unfinished().and_then(direction_of))?;
        if let Request::Up(_) = request {
            self.refuse_taken_release(locked.history())?;
        }
        if let Some(plan) = plan {
            let history = Arc::clone(locked.history());
            plan.is_for(&self.identity(Some(locked.session_mut()), &history).await?)?;
            plan.continues(&history.head().hash)?;
        }
        if let Some((id, name)) = locked.history().unfinished().and_then(|e| Some((e.id.clone()?, e.name.to_string())))
        {
            self.keep_beside(locked, &[(id, name)]).await?;
        }
        let recovered = locked.recover(&self.migrations, listener).await?;
        let history = Arc::clone(locked.history());
        let undone = self.undone(&request, &history)?;
        let stored = by_id(&undone, locked.scripts(&seqs(&undone)).await?);
        let mut draft = self.draft(&request, &history, &stored)?;
        let policy = self.policy_for(&draft, &history);
        let is_ahead = |drift: &&Drift| matches!(drift, Drift::Ahead { .. });
        let ahead: Vec<String> = draft.plan.drift.iter().filter(is_ahead).map(ToString::to_string).collect();
        let ways_back = edited_ways_back(&draft.plan.drift);
        let linted = self.lint(&mut draft.plan, &history);
        let approved = self.approve(draft.plan, &policy, &linted, &stored)?;
        if draft.direction == Direction::Up {
            ahead.iter().chain(&ways_back).for_each(|message| listener(&Event::Warning { message }));
        }
        plan.map_or(Ok(()), |plan| plan.has_steps_of(&approved))?;
        if !history.has_begun() && !approved.steps().is_empty() && !self.settings.beside {
            self.refuse_beside(locked.session_mut()).await?;
        }
        let undoes = draft.direction == Direction::Down && !approved.steps().is_empty();
        match seen {
            // What was finished first has changed the history, as was shown; and where nothing is run, nothing was missed.
            Some(seen) if recovered.is_some() || approved.steps().is_empty() => seen.has_steps_of(&approved),
            Some(seen) => seen.agrees(&approved),
            // Whoever saw that the way there leads forward did not agree to go back.
            None if undoes && matches!(request, Request::Goto(..)) => {
                Err(Error::Stale("something was applied since, and the way there leads back now".to_owned()))
            }
            None => Ok(()),
        }
        .map_err(Error::unseen)?;
        let steps = approved.steps().iter().map(|prepared| (prepared.step.id.clone(), prepared.step.name.clone()));
        self.keep_beside(locked, &steps.collect::<Vec<_>>()).await?;
        let planned = approved.steps().len();
        let ran = locked.run(approved, listener).await;
        let mut outcome = ran.map_err(|error| {
            error.leading_to(|done, half_undone| match plan {
                Some(_) if done.is_empty() => Next::Same,
                Some(_) => Next::Replan,
                None => request.left(planned, done, recovered.is_some(), half_undone),
            })
        })?;
        // What an older release finds there is not its state.
        if let (Request::Up(_), Some(release), true) = (&request, self.settings.release.as_deref(), ahead.is_empty()) {
            self.note_release(locked, release, &mut outcome, listener).await?;
        }
        outcome.done.splice(0..0, recovered);
        Ok(outcome)
    }

    /// A release that brought no migration is a state to go back to, too.
    async fn note_release(
        &self,
        locked: &mut Locked,
        release: &str,
        outcome: &mut Outcome,
        listener: &mut Listener<'_>,
    ) -> Result<(), Error> {
        if outcome.done.is_empty() && locked.history().release() != Some(release) {
            locked.record(&[Fact { release: Some(release), ..Fact::new(Kind::Release, None, "") }], listener).await?;
            outcome.head = locked.history().head().hash;
        }
        Ok(())
    }

    fn policy_for(&self, draft: &Draft, history: &History) -> Policy {
        // What `redo` applies again was let pass before, unless it was edited since.
        let edited = |step: &Step| {
            let agrees = |applied: &Applied| step.up.as_ref().is_none_or(|up| applied.agrees(&up.checksum));
            step.direction == Direction::Up && !history.find(&step.id).is_some_and(agrees)
        };
        let threshold = self.checks.threshold.filter(|_| draft.plan.steps.iter().any(edited));
        match draft.direction {
            Direction::Up => Policy { threshold, ..self.policy },
            // Going back goes by the history: older files are what one goes back with.
            Direction::Down => Policy {
                files_must_agree: false,
                ways_back_must_agree: true,
                ahead: plan::Tolerance::Allow,
                threshold,
                ..self.policy
            },
        }
    }

    /// The entries, newest first, of what a request undoes.
    fn undone(&self, request: &Request, history: &History) -> Result<Vec<(Id, u64)>, Error> {
        let target = match request {
            Request::Up(_) => return Ok(Vec::new()),
            Request::Down(target, _) => target.clone(),
            Request::Redo(count, _) => Target::Count(*count),
            Request::Goto(name, _) => match plan::goto(name, &self.migrations, history)? {
                (Direction::Up, _) => return Ok(Vec::new()),
                (Direction::Down, target) => target,
            },
            Request::Plan(plan) => return self.undone(&plan.request()?, history),
        };
        let (undone, _) = self.to_undo(&target, history)?;
        Ok(undone.into_iter().map(|applied| (applied.id.clone(), applied.down_script)).collect())
    }

    /// The target by a name that the history knows, where only the files know the one that was given (sqitch's tags).
    fn known(&self, target: &Target, history: &History) -> Target {
        let Target::To(name) = target else { return target.clone() };
        let named = |migration: &&Migration| migration.name == *name && history.find(&migration.id).is_some();
        match self.migrations.iter().find(named) {
            Some(Migration { id: id @ Id::Named(_), .. }) => Target::To(id.to_string()),
            _ => target.clone(),
        }
    }

    /// What must be undone to reach the target. What only the files know is not applied, which is another mistake than a
    /// name that nothing has.
    fn to_undo<'h>(
        &self,
        target: &Target,
        history: &'h History,
    ) -> Result<(Vec<&'h Applied>, Option<Point>), Unresolved> {
        let unapplied = |name: &str| {
            let file = plan::in_files(name, &self.migrations).ok()?;
            history.find(&file.id).is_none().then(|| Unresolved::NotApplied { title: file.title() })
        };
        let undone = plan::undo(history, &self.known(target, history));
        // A file that is called so is meant, not the state before all files.
        if let (Ok((_, Some(Point { mark: Mark::Empty, .. }))), Target::To(name)) = (&undone, target)
            && let Some(error) = unapplied(name)
        {
            return Err(error);
        }
        undone.map_err(|error| match (&error, target) {
            (Unresolved::Unknown { .. }, Target::To(name)) => unapplied(name).unwrap_or(error),
            _ => error,
        })
    }

    fn draft(&self, request: &Request, history: &History, stored: &HashMap<Id, Scripts>) -> Result<Draft, Error> {
        let migrations = &self.migrations;
        let up = |target: &Target| -> Result<Draft, Error> {
            Ok(Draft {
                plan: plan::up(migrations, history, target, self.lexis())?,
                direction: Direction::Up,
                towards: None,
            })
        };
        let down = |target: &Target, prefer: Prefer| -> Result<Draft, Error> {
            let (undone, point) = self.to_undo(target, history)?;
            let towards = match point.map(|point| (point.missing(history), point.mark)) {
                None => None,
                Some((missing, mark)) if missing.is_empty() => Some(mark.to_string()),
                Some((missing, mark)) if undone.is_empty() => {
                    return Err(Unresolved::NotThere { mark, missing }.into());
                }
                Some((missing, mark)) => Some(format!("{mark}, but for {}, which it had", plan::listed(&missing))),
            };
            let plan = plan::down(migrations, history, &undone, stored, prefer, self.lexis())?;
            Ok(Draft { plan, direction: Direction::Down, towards })
        };
        match request {
            Request::Up(target) => up(target),
            Request::Down(target, prefer) => down(target, *prefer),
            Request::Goto(name, prefer) => match plan::goto(name, migrations, history)? {
                (Direction::Up, target) => up(&target),
                (Direction::Down, target) => down(&target, *prefer),
            },
            Request::Redo(count, prefer) => {
                let mut draft = down(&Target::Count(*count), *prefer)?;
                let files = plan::by_id(migrations);
                let again: Result<Vec<Step>, Error> = draft
                    .plan
                    .steps
                    .iter()
                    .rev()
                    .map(|step| match files.get(&step.id) {
                        // A way back that only the history has is not to be lost with the entry that has it.
                        Some(migration) if step.stored && migration.down.is_none() => {
                            Ok(Step { down: Some(Arc::clone(&step.script)), ..Step::apply(migration) })
                        }
                        Some(migration) => Ok(Step::apply(migration)),
                        None => Err(Error::usage(
                            format!("`{}` has no file to be applied again from", step.title()),
                            "restore its file, or use `migrate down`",
                        )),
                    })
                    .collect();
                draft.plan.steps.extend(again?);
                Ok(draft)
            }
            Request::Plan(plan) => self.draft(&plan.request()?, history, stored),
        }
    }
}

impl Request {
    /// What it comes to, and the plan that it must still be, once this has been finished which an earlier run left
    /// half-done. A plan is for then.
    fn now(&self, half_done: Option<(Direction, Id)>) -> Result<(Request, Option<&SavedPlan>), Error> {
        match self {
            Request::Plan(plan) => Ok((plan.request()?, Some(plan))),
            other => Ok((other.after(half_done)?, None)),
        }
    }

    /// What is left of it once this has been finished which an earlier run left half-done: that counts as the first of so
    /// many, since whoever says it again means the same.
    fn after(&self, half_done: Option<(Direction, Id)>) -> Result<Request, Error> {
        let less = |count: &usize| Target::Count(count.saturating_sub(1));
        Ok(match (self, half_done) {
            (Request::Up(Target::Count(count)), Some((Direction::Up, _))) => Request::Up(less(count)),
            (Request::Down(Target::Count(count), prefer), Some((Direction::Down, _))) => {
                Request::Down(less(count), *prefer)
            }
            (Request::Redo(..), Some((Direction::Down, id))) => {
                let hint = "`migrate up` finishes that, and applies it again";
                return Err(Error::usage(format!("`{id}` is half undone, and not the last one that is applied"), hint));
            }
            _ => self.clone(),
        })
    }

    /// What is to be said for the rest of it when so many steps were planned and these done, after what was recovered.
    fn left(&self, planned: usize, done: &[Done], recovered: bool, half_undone: bool) -> Next {
        let left = planned.saturating_sub(done.len());
        let begun = recovered || !done.is_empty();
        let undone = half_undone || done.iter().any(|one| one.direction == Direction::Down);
        match self {
            _ if left == 0 => Next::Nothing,
            Request::Up(Target::Count(_)) if begun => Next::Rest(format!("migrate up {left}")),
            Request::Down(Target::Count(_), _) if begun => Next::Rest(format!("migrate down {left}")),
            Request::Redo(..) if undone => Next::Reapply,
            _ => Next::Same,
        }
    }
}

/// Which way something half-done was going, and what it is.
fn direction_of(entry: &Entry) -> Option<(Direction, Id)> {
    let direction = if entry.kind == Kind::Revert { Direction::Down } else { Direction::Up };
    Some((direction, entry.id.clone()?))
}

/// What there is to know about ways back that were edited, for whoever goes forward.
fn edited_ways_back(drift: &[Drift]) -> Option<String> {
    let edited = drift.iter().filter(|drift| matches!(drift, Drift::ChangedDown { .. }));
    let ids: Vec<Id> = edited.filter_map(Drift::id).cloned().collect();
    let scripts = match ids.len() {
        0 => return None,
        1 => "the down script of",
        _ => "the down scripts of",
    };
    let were = if ids.len() == 1 { "was" } else { "were" };
    let ids = plan::listed(&ids);
    Some(format!(
        "{scripts} {ids} {were} edited since; `migrate verify` shows how, and `migrate down` will ask which to run"
    ))
}

fn seqs(undone: &[(Id, u64)]) -> Vec<u64> {
    undone.iter().map(|(_, seq)| *seq).collect()
}

fn by_id(undone: &[(Id, u64)], scripts: Vec<Scripts>) -> HashMap<Id, Scripts> {
    undone.iter().map(|(id, _)| id.clone()).zip(scripts).collect()
}
