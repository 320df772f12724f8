//! SQLite, as this program brings it along.

mod dialect;
mod errors;
mod handle;
mod lockfile;
mod mounts;
mod observer;
mod session;

use std::time::{Duration, Instant};

use async_trait::async_trait;

use super::address::SQLITE;
use super::{Address, Addressing, ConnectError, Database, Dialect, Session};

/// How long a file may be busy when it is opened.
const OPENING: Duration = Duration::from_secs(10);

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
        let start = Instant::now();
        loop {
            match session::SqliteSession::open(address, who).await {
                // Opening writes nothing, and reads the header: a moment in which another process commits is no failure.
                Err(error) if error.starting && start.elapsed() < OPENING => {
                    tokio::time::sleep(self.poll_every()).await
                }
                result => return Ok(Box::new(result?)),
            }
        }
    }

    fn poll_every(&self) -> Duration {
        // Asking costs two calls of the system and disturbs nobody.
        Duration::from_millis(50)
    }
}
