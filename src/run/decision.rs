//! What humans decide about a half-done migration.

use crate::history::{Entry, Fact, Kind, State};

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
        let settled = match state {
            // Whatever became of its script, a human's word about the whole is enough.
            Some(state) => self.store.settle(entry.seq, done, state),
            None => {
                let stored = self.stored(entry, None, None).await?;
                match done >= stored.pieces.len() {
                    true => self.store.settle(entry.seq, done, State::Done),
                    false => {
                        self.restore_settings(&stored, done).await?;
                        self.store.advance(entry.seq, done, stored.probe(done, dialect).as_deref())
                    }
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
