//! What humans decide about a half-done migration.

use crate::history::{Entry, Fact, Kind, State};
use crate::plan::Direction;

use super::RunError;
use super::locked::Locked;

impl Locked {
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
        self.take_over(entry, None).await?;
        let dialect = self.dialect();
        let mut state = state;
        let mut probe = None;
        // Whatever became of its script, a human's word about the whole is enough.
        if state.is_none() {
            let stored = self.stored(entry, None, None).await?;
            if done >= stored.pieces.len() {
                state = Some(State::Done);
            } else {
                match self.restore_settings(&stored, done).await {
                    Ok(()) => probe = stored.probe(done, dialect),
                    // The decision stands all the same; whoever goes on meets the same refusal, and says so.
                    Err(RunError::Sql { error, .. }) if !error.kind.is_lost() => {}
                    Err(other) => return Err(other),
                }
            }
        }
        let settled = match state {
            Some(state) => self.store.settle(entry.seq, done, state),
            None => self.store.advance(entry.seq, done, probe.as_deref()),
        };
        let fence = dialect.fence(&self.lock);
        let mut parts = self.opening();
        if let (Some(State::Done), Some(id)) = (state, &entry.id) {
            let direction = if entry.kind == Kind::Revert { Direction::Down } else { Direction::Up };
            parts.extend_from_slice(self.beside.of(id, direction));
        }
        parts.push(settled);
        let claim = self.store.claim(&self.history.head(), fact, State::Done, None, fence.as_deref());
        parts.push(claim.sql);
        self.close(claim.head.seq, parts).await
    }

    /// What humans have decided about this entry since it was written.
    pub(super) fn decisions<'h>(&'h self, entry: &'h Entry) -> impl Iterator<Item = &'h Entry> {
        let decides = |other: &&Entry| other.kind == Kind::Resolve && other.seq > entry.seq && other.id == entry.id;
        self.history.entries().iter().filter(decides)
    }

    /// Whether the last that was done about this entry is a human's decision. The statement that is next has not begun
    /// then; whoever goes on takes the entry over, and from there on only its traces tell.
    pub(super) fn is_decided_now(&self, entry: &Entry) -> bool {
        self.decisions(entry).any(|decision| decision.owner == entry.owner)
    }
}
