//! How sessions are opened.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::databases::{Address, ConnectError, Database, HistoryTable, LockName, Session};
use crate::history::Store;

use super::event::{Event, Listener};
use super::{Interrupt, answering, lock_name};

/// How to reach the database, again and again if need be.
#[derive(Clone)]
pub struct Connector {
    /// The product.
    pub database: &'static dyn Database,
    /// Where it is.
    pub address: Address,
    /// Where the history is kept; its schema may be left to the database.
    pub table: HistoryTable,
    /// What identifies this run.
    pub run: String,
    /// The machine or pipeline.
    pub host: String,
    /// Whether somebody asks us to stop.
    pub interrupt: Interrupt,
    /// What came of [`Connector::begin`].
    pub begun: Begun,
}

/// The outcome of a first attempt to connect, until somebody wants it.
#[derive(Clone, Default)]
pub struct Begun(Arc<Mutex<Option<Attempt>>>);

type Attempt = Result<Box<dyn Session>, ConnectError>;

impl Begun {
    fn swap(&self, attempt: Option<Attempt>) -> Option<Attempt> {
        std::mem::replace(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner), attempt)
    }
}

impl Connector {
    /// Tries to connect once, ahead of the first [`connect`](Connector::connect), which takes what comes of it: while a
    /// server starts a session for us, there is other work to do. Nothing is created by it.
    pub async fn begin(&self) {
        if !self.address.would_create() {
            let attempt = self.attempt().await;
            self.begun.swap(Some(attempt));
        }
    }

    /// Ends what [`begin`](Connector::begin) has opened, when nobody is to have it.
    pub async fn abandon(&self) {
        if let Some(Ok(session)) = self.begun.swap(None) {
            session.close().await;
        }
    }

    /// Opens a session, waiting this long for a server that is still starting.
    ///
    /// # Errors
    ///
    /// When the server cannot be reached in time.
    pub async fn connect(&self, wait: Duration, listener: &mut Listener<'_>) -> Result<Box<dyn Session>, ConnectError> {
        let start = Instant::now();
        let mut begun = self.begun.swap(None);
        let mut pause = Duration::from_millis(100);
        loop {
            let attempt = match begun.take() {
                Some(attempt) => attempt,
                None => self.attempt().await,
            };
            let error = match attempt {
                Err(error) => error,
                Ok(session) => {
                    let about = session.about();
                    listener(&Event::Connected {
                        product: &about.product,
                        database: &about.database,
                        warnings: &about.warnings,
                    });
                    return Ok(session);
                }
            };
            let waited = start.elapsed();
            if !error.starting || waited >= wait || self.interrupt.requested() {
                return Err(error);
            }
            listener(&Event::WaitingForServer { reason: &error.message, waited, limit: wait });
            if self.interrupt.during(tokio::time::sleep(pause.min(wait - waited))).await.is_none() {
                return Err(error);
            }
            pause = (pause * 2).min(Duration::from_secs(5));
        }
    }

    async fn attempt(&self) -> Attempt {
        let who = format!("migrate/{} {} {}", env!("CARGO_PKG_VERSION"), self.run, self.host);
        let silence = answering::silence(&self.address);
        match answering::within(silence, self.database.connect(&self.address, &who)).await {
            Err(silent) => Err(ConnectError { message: silent.message, hint: None, starting: true }),
            Ok(connected) => connected.map(|session| super::failpoint_wrap(answering::wrap(session, silence))),
        }
    }

    /// The history table and the lock that belong to this session.
    pub fn home(&self, session: &dyn Session) -> (Store, LockName) {
        let dialect = self.database.dialect();
        let about = session.about();
        let mut table = self.table.clone();
        table.schema = table.schema.or_else(|| dialect.home(about));
        let lock = lock_name(&about.database, &table);
        (Store::new(dialect, table, &self.run, &self.host), lock)
    }
}
