//! Cancelling a statement of SQLite, which runs in this very process.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use sqlx::SqliteConnection;

use super::super::{Blocker, ErrorKind, Observer, SqlError};

/// How many steps of SQLite's virtual machine pass between two looks at the flag: some tens of microseconds.
const STEPS: i32 = 10_000;

/// What ends a statement early, shared between a session and those who watch it: a request to cancel, or its limit.
#[derive(Clone, Debug)]
pub(super) struct Cancellation(Arc<Ends>);

#[derive(Debug)]
struct Ends {
    requested: AtomicBool,
    /// In milliseconds; 0 when there is none.
    limit: AtomicU64,
    /// When the statement began, in milliseconds of our clock; `NEVER` when none runs.
    began: AtomicU64,
    expired: AtomicBool,
    clock: Instant,
}

const NEVER: u64 = u64::MAX;

impl Default for Cancellation {
    fn default() -> Self {
        Cancellation(Arc::new(Ends {
            requested: AtomicBool::new(false),
            limit: AtomicU64::new(0),
            began: AtomicU64::new(NEVER),
            expired: AtomicBool::new(false),
            clock: Instant::now(),
        }))
    }
}

impl Ends {
    fn now(&self) -> u64 {
        u64::try_from(self.clock.elapsed().as_millis()).unwrap_or(NEVER - 1)
    }

    fn has_come(&self) -> bool {
        let limit = self.limit.load(Ordering::Relaxed);
        if limit > 0 && self.now().saturating_sub(self.began.load(Ordering::Relaxed)) >= limit {
            self.expired.store(true, Ordering::Relaxed);
            return true;
        }
        self.requested.load(Ordering::Relaxed)
    }
}

impl Cancellation {
    /// Makes the connection look at it while it works.
    pub(super) async fn watch(&self, connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        let ends = Arc::clone(&self.0);
        connection.lock_handle().await?.set_progress_handler(STEPS, move || !ends.has_come());
        Ok(())
    }

    /// Forgets a request: it was for the statement before.
    pub(super) fn clear(&self) {
        self.0.requested.store(false, Ordering::Relaxed);
    }

    /// How long each statement may take from now on.
    pub(super) fn limit(&self, milliseconds: u64) {
        self.0.limit.store(milliseconds, Ordering::Relaxed);
    }

    /// A statement begins.
    pub(super) fn begin(&self) {
        self.0.began.store(self.0.now(), Ordering::Relaxed);
    }

    /// No statement runs any more. The limit, if it was that which ended the last.
    pub(super) fn end(&self) -> Option<Duration> {
        self.0.began.store(NEVER, Ordering::Relaxed);
        let limit = Duration::from_millis(self.0.limit.load(Ordering::Relaxed));
        self.0.expired.swap(false, Ordering::Relaxed).then_some(limit)
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
        self.0.0.requested.store(true, Ordering::Relaxed);
        Ok(())
    }

    async fn close(self: Box<Self>) {}
}
