//! What the catalog tells of statements that were broken off, and clearing their leftovers away.

use std::time::Duration;

use ecow::EcoString;

use crate::databases::{LEFT, Limits, Probe};
use crate::history::{Entry, Head, State};
use crate::migration::{Id, title};
use crate::plan::{Bracket, Piece, Prepared};

use super::failure::Aftermath;
use super::locked::Locked;
use super::watch::Owner;
use super::{Interrupt, RunError, Scope};

/// How long clearing up may wait for others when the user wants to stop.
const HURRIED: Duration = Duration::from_secs(2);

/// Stands in the place of a before-image where none can tell.
const ENDED_BY_ITSELF: &str = "the script ended its transaction by itself, and then failed";

/// Stands in the place of a before-image where none would tell, and none is needed: the statement did nothing.
pub(super) const REFUSED: &str = "the server refused the statement";

/// What is known of the statement that was in flight.
pub(super) enum Finding {
    /// It took effect.
    Took,
    /// It did not.
    DidNot,
    /// Nobody can tell.
    Unknown(String),
}

impl Locked {
    /// What became of the statement in flight, unless a human has decided that; clears its leftovers away.
    pub(super) async fn find_out(
        &mut self,
        entry: &Entry,
        stored: &Prepared,
        decided: bool,
    ) -> Result<Finding, RunError> {
        if entry.probe.as_deref() == Some(ENDED_BY_ITSELF) && !decided {
            return Ok(Finding::Unknown(ENDED_BY_ITSELF.to_owned()));
        }
        // What it had left was cleared away then; what is there now is somebody else's.
        if entry.probe.as_deref() == Some(REFUSED) {
            return Ok(Finding::DidNot);
        }
        let Some(piece) = stored.pieces.get(entry.statements_done) else { return Ok(Finding::DidNot) };
        // A statement that was in one transaction with its record took effect only if the record did.
        if piece.bracket == Bracket::Transaction {
            if decided || stored.rerunnable {
                return Ok(Finding::DidNot);
            }
            return Ok(match self.stays(piece.sql(stored)).await {
                Some((table, engine)) => {
                    Finding::Unknown(format!("what it changed in `{table}` stays, as {engine} knows no transactions"))
                }
                None => Finding::DidNot,
            });
        }
        // What a human has decided about was there when the before-image of that decision was made.
        let before = entry.probe.as_deref().filter(|_| !decided);
        let cleared = self.clear_leftovers(&stored.step.id, piece.sql(stored), before).await?;
        if decided {
            return Ok(Finding::DidNot);
        }
        let (index, before) = (entry.statements_done, entry.probe.as_deref());
        match cleared && before.is_some() {
            // It may have been cleared away by finishing it.
            true => self.compare(stored, index, before).await,
            false => self.look(stored, index, before).await,
        }
    }

    /// Whether a statement took effect, as far as that matters: what may run twice runs again.
    pub(super) async fn look(
        &mut self,
        stored: &Prepared,
        index: usize,
        before: Option<&str>,
    ) -> Result<Finding, RunError> {
        if stored.rerunnable { Ok(Finding::DidNot) } else { self.compare(stored, index, before).await }
    }

    /// Whether a statement took effect, as the catalog tells.
    async fn compare(&mut self, stored: &Prepared, index: usize, before: Option<&str>) -> Result<Finding, RunError> {
        let Some(piece) = stored.pieces.get(index) else { return Ok(Finding::DidNot) };
        Ok(match self.dialect().probe(piece.sql(stored)) {
            Probe::Rerun => Finding::DidNot,
            Probe::Unknown(reason) => Finding::Unknown(reason),
            Probe::Fingerprint(expression) => {
                let now = self.session.query(&format!("SELECT {expression}")).await;
                let now = now.map_err(RunError::sql("look the interrupted statement up in the catalog"))?;
                let now = now.into_iter().next().and_then(|row| row.into_iter().next().flatten());
                match (now, before) {
                    (Some(now), Some(before)) if self.dialect().is_unchanged(before, &now) => Finding::DidNot,
                    (Some(now), Some(_)) if now.starts_with(LEFT) => {
                        Finding::Unknown("a part of what it does is done".to_owned())
                    }
                    (Some(_), Some(_)) => Finding::Took,
                    // Null is what the catalog answers who may not look.
                    _ => Finding::Unknown("the catalog does not show this login what would tell".to_owned()),
                }
            }
        })
    }

    /// Clears away what a broken statement left, but for what its before-image tells of; whether there was anything.
    pub(super) async fn clear_leftovers(&mut self, id: &Id, sql: &str, before: Option<&str>) -> Result<bool, RunError> {
        let doing = "clear away what the interrupted statement left";
        let Some(query) = self.dialect().leftovers(sql, before) else { return Ok(false) };
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
        let before = probe.as_deref().filter(|_| done == recorded);
        if let Some(piece) = prepared.pieces.get(done)
            && self.clear_leftovers(&prepared.step.id, piece.sql(prepared), before).await?
            && done == recorded
            && matches!(self.compare(prepared, done, probe.as_deref()).await?, Finding::Took)
        {
            // What was left could only be cleared away by finishing it.
            done += 1;
        }
        if done > recorded {
            self.advance(prepared, seq, done).await?;
        }
        Ok(Some((seq, done)))
    }

    /// What a migration that is one transaction left behind when it was refused. Where the script ended that transaction
    /// itself, unseen, our record of its end stands with what it did before: then it is made to say what is true.
    pub(super) async fn settle_transaction(&mut self, prepared: &Prepared, known: usize) -> Aftermath {
        let before = self.history.head().seq;
        if let Err(error) = self.read_history().await {
            return Aftermath::Unseen { error: error.to_string() };
        }
        let kind = prepared.step.direction.kind();
        let all = self.settings.scope == Scope::All;
        let ours = |entry: &&Entry| entry.owner == self.connector.run && entry.state == State::Done;
        let stands = |entry: &&Entry| entry.kind == kind && entry.id.as_ref() == Some(&prepared.step.id);
        let entries = self.history.entries().iter().filter(|entry| entry.seq > before);
        // The last one ended what all share, and those before it with it.
        let Some(entry) = entries.filter(ours).rfind(|entry| all || stands(entry)).cloned() else {
            return match self.stays(&prepared.step.script.text).await {
                Some((table, engine)) => Aftermath::Stays { table, engine },
                None => Aftermath::Nothing,
            };
        };
        let reopened = [self.store.reopen(entry.seq, ENDED_BY_ITSELF)];
        match self.execute("record that the migration is half-done", &reopened).await {
            Ok(()) if !stands(&&entry) => {
                let title = entry.id.as_ref().map(|id| title(id, &entry.name)).unwrap_or_default();
                Aftermath::Unseen { error: format!("`{title}` ended the transaction that all share") }
            }
            Ok(()) => Aftermath::Undecided { statement: known + 1 },
            Err(error) => Aftermath::Unseen { error: error.to_string() },
        }
    }

    /// What a migration whose statements run one by one left behind when one was refused, or was not sent any more.
    pub(super) async fn settle_stepwise(&mut self, prepared: &Prepared, known: usize, is_refused: bool) -> Aftermath {
        let of = prepared.pieces.len();
        let mut head = self.history.head();
        let (seq, done) = match self.where_it_stands(prepared, &mut head, known).await {
            Ok(Some(stands)) => stands,
            // What another run has taken over, it goes on with.
            Ok(None) if self.history.unfinished().is_some_and(|entry| entry.id.as_ref() == Some(&prepared.step.id)) => {
                return Aftermath::Unseen { error: "another run has taken it over".to_owned() };
            }
            Ok(None) => return Aftermath::Nothing,
            Err(error) => return Aftermath::Unseen { error: error.to_string() },
        };
        if prepared.may_end_halfway(done, self.dialect()) {
            return Aftermath::Undecided { statement: done + 1 };
        }
        // Of several rows the first ones may be there.
        if let Some(piece) = prepared.pieces.get(done)
            && piece.bracket == Bracket::Transaction
            && !prepared.rerunnable
            && self.stays(piece.sql(prepared)).await.is_some()
        {
            return Aftermath::Undecided { statement: done + 1 };
        }
        // Refused, and something is otherwise than before: of several objects some were dropped.
        let image =
            self.history.unfinished().filter(|entry| entry.statements_done == done).map(|entry| entry.probe.clone());
        if let Some(Some(before)) = image
            && matches!(self.compare(prepared, done, Some(&before)).await, Ok(Finding::Took | Finding::Unknown(_)))
        {
            return match prepared.rerunnable {
                true => Aftermath::BrokenOff { statement: done + 1, left: "what it had done by then".to_owned() },
                false => Aftermath::Undecided { statement: done + 1 },
            };
        }
        match self.remains(prepared, done).await {
            Ok(None) => {}
            Ok(Some(left)) => return Aftermath::BrokenOff { statement: done + 1, left },
            Err(error) => return Aftermath::Unseen { error: error.to_string() },
        }
        if done == 0 {
            let settled = [self.store.settle(seq, 0, State::Abandoned)];
            if self.execute("record that nothing happened", &settled).await.is_ok() {
                return Aftermath::Nothing;
            }
        }
        if is_refused && prepared.stands_alone(done) {
            // The catalog would be asked, which may not tell, and the server has said it.
            let refused = self.dialect().literal(REFUSED);
            let noted = [self.store.advance(seq, done, Some(&refused))];
            if let Err(error) = self.execute("record that the statement was refused", &noted).await {
                return Aftermath::Unseen { error: error.to_string() };
            }
        }
        Aftermath::Resumable { done, of }
    }

    /// What a statement that was broken off left and could not be cleared away, to follow "it leaves".
    async fn remains(&mut self, prepared: &Prepared, index: usize) -> Result<Option<String>, RunError> {
        if prepared.may_leave_a_part(index, self.dialect()) {
            return Ok(Some("whatever it had committed by then".to_owned()));
        }
        let alone = |piece: &&Piece| matches!(piece.bracket, Bracket::Alone { .. });
        let piece = prepared.pieces.get(index).filter(alone);
        let Some(query) = piece.and_then(|piece| self.dialect().remains(piece.sql(prepared))) else { return Ok(None) };
        let rows = self.session.query(&query).await;
        let rows = rows.map_err(RunError::sql("look for what the statement left"))?;
        let things: Vec<EcoString> = rows.into_iter().filter_map(|row| row.into_iter().next().flatten()).collect();
        Ok((!things.is_empty()).then(|| things.join(", and ")))
    }

    /// Records how many statements are done, and the before-image of the next.
    pub(super) async fn advance(&mut self, prepared: &Prepared, seq: u64, done: usize) -> Result<(), RunError> {
        let probe = prepared.probe(done, self.dialect());
        self.execute("record how far it is", &[self.store.advance(seq, done, probe.as_deref())]).await
    }
}
