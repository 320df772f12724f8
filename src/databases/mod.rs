//! One folder per database: what its SQL means (pure) and how to talk to it (network).
//!
//! To add a database, write its folder with a [`Database`] and name it here twice.

pub mod address;
mod dialect;
mod duration;
mod error;
mod notice;
mod secret;
mod session;
mod sockets;

pub mod mariadb;
pub mod mysql;
pub mod postgres;
pub mod sqlite;

use std::time::Duration;

use async_trait::async_trait;

pub use address::{Address, AddressError, Addressing, File, Host, Lookup, Parts, Target, Tls, TlsMode};
pub use dialect::{Dialect, HistoryTable, LEFT, Limits, Probe, Suspension};
pub use error::{BatchError, ConnectError, ErrorKind, SqlError};
pub use notice::{Notice, Notices, Severity};
pub use secret::{Redactor, Secret, redact};
pub use session::{About, Blocker, Holder, LockName, Observer, Row, Session};

/// Every database, in the order in which help and documentation list them.
pub static ALL: &[&dyn Database] = &[&postgres::Postgres, &mysql::MySql, &mariadb::MariaDb, &sqlite::Sqlite];

/// A database product: what its SQL means and how to reach it.
#[async_trait]
pub trait Database: Sync {
    /// The word for `--dialect` and `migrate.toml`: `postgres`.
    fn name(&self) -> &'static str;
    /// The product as people write it: `PostgreSQL`.
    fn title(&self) -> &'static str;
    /// The URL schemes that lead here, the usual one first.
    fn schemes(&self) -> &'static [&'static str];
    /// How its addresses are written.
    fn addressing(&self) -> &'static Addressing;
    /// What its SQL means.
    fn dialect(&self) -> &'static dyn Dialect;
    /// Opens a session and learns what it is connected to.
    ///
    /// # Errors
    ///
    /// When the server cannot be reached, refuses the login or is no server that can be migrated
    /// (a standby, a read-only one, a version that is too old).
    async fn connect(&self, address: &Address, who: &str) -> Result<Box<dyn Session>, ConnectError>;
    /// How long to wait for it in any case when it cannot be opened yet, however little the user wants to wait.
    fn opens_within(&self) -> Duration {
        Duration::ZERO
    }
    /// How long to wait between polls of a lock: long enough to be polite, short enough to feel prompt.
    fn poll_every(&self) -> Duration {
        Duration::from_millis(250)
    }
}

/// The database that `--dialect NAME` or a URL's scheme means.
pub fn find(name: &str) -> Option<&'static dyn Database> {
    let is = |database: &&&dyn Database| database.name() == name || database.schemes().contains(&name);
    ALL.iter().find(is).copied()
}
