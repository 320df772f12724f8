//! SQLite, as this program brings it along.

mod dialect;
mod errors;
mod handle;
mod handover;
mod lockers;
mod lockfile;
mod mounts;
mod observer;
mod session;

use std::time::Duration;

use async_trait::async_trait;

use super::address::SQLITE;
use super::{Address, Addressing, ConnectError, Database, Dialect, Session};

/// SQLite.
#[derive(Debug)]
pub struct Sqlite;

#[async_trait]
impl Database for Sqlite {
    fn name(&self) -> &'static str {
        "sqlite"
    }

    fn title(&self) -> &'static str {
        "SQLite"
    }

    fn schemes(&self) -> &'static [&'static str] {
        &["sqlite", "sqlite3", "file"]
    }

    fn addressing(&self) -> &'static Addressing {
        &SQLITE
    }

    fn dialect(&self) -> &'static dyn Dialect {
        &dialect::SqliteDialect
    }

    async fn connect(&self, address: &Address, who: &str) -> Result<Box<dyn Session>, ConnectError> {
        Ok(Box::new(session::SqliteSession::open(address, who).await?))
    }

    fn opens_within(&self) -> Duration {
        // Opening writes nothing, and reads the header: that another process commits at this moment is no failure.
        Duration::from_secs(10)
    }

    fn poll_every(&self) -> Duration {
        // Asking costs two calls of the system and disturbs nobody.
        Duration::from_millis(50)
    }
}
