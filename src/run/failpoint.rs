//! Named points, before and after every round trip, at which the process dies on request. For the fault tests alone.
//!
//! `MIGRATE_FAIL_AT=7` dies at the seventh point, `MIGRATE_FAIL_AT=-1` at none; `MIGRATE_FAIL_LOG=FILE` writes the name
//! of each point passed, a line each.

use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;

use crate::databases::{About, BatchError, Holder, LockName, Notices, Observer, Row, Session, SqlError};

static PASSED: AtomicUsize = AtomicUsize::new(0);

#[allow(clippy::disallowed_methods)]
fn pass(name: &str) {
    let number = PASSED.fetch_add(1, Ordering::SeqCst) + 1;
    if let Ok(path) = std::env::var("MIGRATE_FAIL_LOG")
        && let Ok(mut file) = std::fs::OpenOptions::new().append(true).create(true).open(path)
    {
        let _ = writeln!(file, "{name}");
    }
    if std::env::var("MIGRATE_FAIL_AT").is_ok_and(|at| at == number.to_string()) {
        std::process::abort();
    }
}

/// The session with a point before and after each round trip.
pub(super) fn wrap(session: Box<dyn Session>) -> Box<dyn Session> {
    Box::new(Failing(session))
}

struct Failing(Box<dyn Session>);

fn words(sql: &str) -> String {
    sql.split_whitespace().take(3).collect::<Vec<_>>().join(" ")
}

#[async_trait]
impl Session for Failing {
    fn about(&self) -> &About {
        self.0.about()
    }

    async fn execute(&mut self, parts: &[&str]) -> Result<(), BatchError> {
        let name = format!(
            "{} … {}",
            parts.first().map(|sql| words(sql)).unwrap_or_default(),
            parts.last().map(|sql| words(sql)).unwrap_or_default()
        );
        pass(&format!("before execute: {name}"));
        let result = self.0.execute(parts).await;
        pass(&format!("after execute: {name}"));
        result
    }

    async fn query(&mut self, sql: &str) -> Result<Vec<Row>, SqlError> {
        pass("before query");
        let result = self.0.query(sql).await;
        pass("after query");
        result
    }

    async fn try_lock(&mut self, lock: &LockName) -> Result<bool, SqlError> {
        pass("before lock");
        let result = self.0.try_lock(lock).await;
        pass("after lock");
        result
    }

    async fn holder(&mut self, lock: &LockName) -> Result<Option<Holder>, SqlError> {
        self.0.holder(lock).await
    }

    async fn unlock(&mut self, lock: &LockName) -> Result<bool, SqlError> {
        pass("before unlock");
        let result = self.0.unlock(lock).await;
        pass("after unlock");
        result
    }

    async fn end_idle(&mut self, connection: &str) -> Result<(), SqlError> {
        self.0.end_idle(connection).await
    }

    fn announce(&mut self, doing: &str) -> Option<String> {
        self.0.announce(doing)
    }

    fn notices(&self) -> Notices {
        self.0.notices()
    }

    async fn reset(&mut self) -> Result<(), SqlError> {
        pass("before reset");
        let result = self.0.reset().await;
        pass("after reset");
        result
    }

    fn observer(&self) -> Option<Box<dyn Observer>> {
        self.0.observer()
    }

    async fn close(self: Box<Self>) {
        self.0.close().await;
    }
}
