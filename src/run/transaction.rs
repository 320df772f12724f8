//! A transaction that its caller fills: to read what must not change meanwhile, and to write the history from it.

use std::collections::HashMap;
use std::sync::Arc;

use crate::databases::Row;
use crate::history::{Fact, State};
use crate::migration::Id;
use crate::plan::Direction;

use super::RunError;
use super::event::Listener;
use super::locked::Locked;

/// Statements that go into the same transaction as the record of a migration: another tool's record of it.
#[derive(Clone, Debug, Default)]
pub struct Beside {
    /// Statements that make their tables reachable, run whenever a session begins.
    pub reach: Arc<Vec<String>>,
    /// The statements, by migration and direction; each may be run twice.
    pub statements: Arc<HashMap<(Id, bool), Vec<String>>>,
}

impl Beside {
    /// The statements for a migration that goes this way.
    pub(super) fn of(&self, id: &Id, direction: Direction) -> &[String] {
        let found = self.statements.get(&(id.clone(), direction == Direction::Up));
        found.map_or(&[], Vec::as_slice)
    }
}

impl Locked {
    /// Opens a transaction, after these statements, which are run outside it.
    ///
    /// # Errors
    ///
    /// When the server refuses.
    pub async fn open(&mut self, before: &[String], first: &[String]) -> Result<(), RunError> {
        if !before.is_empty() {
            self.execute("reach the other tool's tables", before).await?;
        }
        let dialect = self.dialect();
        let mut parts = self.opening();
        parts.extend(dialect.fence(&self.lock).map(|condition| dialect.guard(&condition)));
        parts.extend_from_slice(first);
        self.execute("open a transaction", &parts).await
    }

    /// Asks something.
    ///
    /// # Errors
    ///
    /// When the server refuses.
    pub async fn ask_rows(&mut self, doing: &'static str, sql: &str) -> Result<Vec<Row>, RunError> {
        self.session.query(sql).await.map_err(RunError::sql(doing))
    }

    /// Writes facts into the transaction that is open, and ends it. What is not done has so many of its statements done.
    ///
    /// # Errors
    ///
    /// When the server refuses.
    pub async fn close_with(&mut self, facts: &[(Fact<'_>, State, usize)]) -> Result<(), RunError> {
        let mut head = self.history.head();
        let mut parts = Vec::new();
        for (fact, state, done) in facts {
            let claim = self.store.claim(&head, fact, *state, None, None);
            parts.push(claim.sql);
            head = claim.head;
            if *state == State::Running && *done > 0 {
                parts.push(self.store.advance(head.seq, *done, None));
            }
        }
        self.close(head.seq, parts).await
    }

    /// Ends the transaction that is open, as if it had not been.
    pub async fn abandon(&mut self) {
        self.roll_back().await;
    }

    /// Creates the history's table when it is missing.
    ///
    /// # Errors
    ///
    /// When the server refuses.
    pub async fn prepare_history(&mut self, listener: &mut Listener<'_>) -> Result<(), RunError> {
        self.create_history(listener).await
    }

    /// Keeps another tool's records beside ours from here on.
    ///
    /// # Errors
    ///
    /// When its tables cannot be reached.
    pub async fn keep_beside(&mut self, beside: Beside) -> Result<(), RunError> {
        if !beside.reach.is_empty() && self.beside.reach.is_empty() {
            let reach = Arc::clone(&beside.reach);
            self.execute("reach the other tool's tables", &reach).await?;
        }
        self.beside = beside;
        Ok(())
    }

    /// The session itself, for questions that are asked step by step.
    pub fn session_mut(&mut self) -> &mut dyn crate::databases::Session {
        &mut *self.session
    }
}
