//! Cancelling a statement of SQLite, which runs in this very process.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use sqlx::SqliteConnection;

use super::super::{Blocker, ErrorKind, Observer, SqlError};

/// How many steps of SQLite's virtual machine pass between two looks at the flag: some tens of microseconds.
const STEPS: i32 = 10_000;

/// A request to cancel, shared between a session and those who watch it.
#[derive(Clone, Debug, Default)]
pub(super) struct Cancellation(Arc<AtomicBool>);

impl Cancellation {
    /// Makes the connection look at the request while it works.
    pub(super) async fn watch(&self, connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        let flag = self.0.clone();
        connection.lock_handle().await?.set_progress_handler(STEPS, move || !flag.load(Ordering::Relaxed));
        Ok(())
    }

    /// Forgets a request: it was for the statement before.
    pub(super) fn clear(&self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

/// Watches a SQLite session; all it can do is to cancel.
pub(super) struct SqliteObserver(pub(super) Cancellation);

fn unknown() -> SqlError {
    SqlError::new(ErrorKind::Other, "SQLite does not tell")
}

#[async_trait]
impl Observer for SqliteObserver {
    async fn blockers(&mut self) -> Result<Vec<Blocker>, SqlError> {
        Err(unknown())
    }

    async fn remaining(&mut self, _blockers: &[Blocker]) -> Result<Vec<Blocker>, SqlError> {
        Err(unknown())
    }

    async fn progress(&mut self) -> Result<Option<String>, SqlError> {
        Ok(None)
    }

    async fn is_busy(&mut self) -> Result<bool, SqlError> {
        Ok(true)
    }

    fn hang_up(&mut self) {}

    async fn cancel(&mut self) -> Result<(), SqlError> {
        self.0.0.store(true, Ordering::Relaxed);
        Ok(())
    }

    async fn close(self: Box<Self>) {}
}
