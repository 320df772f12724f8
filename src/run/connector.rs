//! How sessions are opened.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::databases::{Address, ConnectError, Database, HistoryTable, LockName, Session, SqlError};
use crate::history::{Detail, History, Store};

use super::event::{Event, Listener};
use super::{Interrupt, RunError, answering, lock_name};

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

/// What can be done before it is known what a run will do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ahead {
    /// Connect.
    #[default]
    Session,
    /// Connect and read the history.
    History(Detail),
    /// Connect, take the lock if nobody has it, and read the history under it.
    Lock,
}

/// What was done ahead, until somebody wants it.
#[derive(Clone, Default)]
pub struct Begun(Arc<Mutex<Option<Attempt>>>);

type Attempt = Result<Start, ConnectError>;

/// A session with what was done ahead on it.
pub(crate) struct Start {
    /// The session.
    pub session: Box<dyn Session>,
    locked: bool,
    history: Option<(Detail, Result<History, SqlError>)>,
}

impl Start {
    fn new(session: Box<dyn Session>) -> Self {
        Start { session, locked: false, history: None }
    }

    /// Whether it holds the lock.
    pub fn is_locked(&self) -> bool {
        self.locked
    }

    /// From now on it holds the lock: what was read before may be out of date.
    pub fn lock_taken(&mut self) {
        self.locked = true;
        self.history = None;
    }

    /// The history: what was read ahead, or what is read now.
    pub async fn read(&mut self, store: &Store, detail: Detail) -> Result<History, SqlError> {
        match self.history.take() {
            Some((read, history)) if read == detail => history,
            _ => store.read(&mut *self.session, detail).await,
        }
    }
}

impl Begun {
    fn swap(&self, attempt: Option<Attempt>) -> Option<Attempt> {
        std::mem::replace(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner), attempt)
    }
}

impl Connector {
    /// Does what can be done ahead of [`connect`](Connector::connect), which then takes what came of it: while the server is
    /// at work for us, there is other work to do. It tries once, waits for nobody, and creates nothing.
    pub async fn begin(&self, ahead: Ahead) {
        if self.address.would_create() {
            return;
        }
        let mut attempt = self.attempt().await;
        if let Ok(start) = &mut attempt {
            let (store, lock) = self.home(&*start.session);
            let detail = match ahead {
                Ahead::Session => None,
                Ahead::History(detail) => Some(detail),
                Ahead::Lock => {
                    // What the server has against it, it will say again.
                    start.locked = start.session.try_lock(&lock).await.unwrap_or(false);
                    start.locked.then_some(Detail::Deciding)
                }
            };
            if let Some(detail) = detail {
                start.history = Some((detail, store.read(&mut *start.session, detail).await));
            }
        }
        self.begun.swap(Some(attempt));
    }

    /// Ends what [`begin`](Connector::begin) has opened, when nobody is to have it.
    pub async fn abandon(&self) {
        if let Some(Ok(start)) = self.begun.swap(None) {
            start.session.close().await;
        }
    }

    /// Opens a session, waiting this long for a server that is still starting, and a while for a file that is in use.
    ///
    /// # Errors
    ///
    /// When the server cannot be reached in time, or the user does not want to wait.
    pub async fn connect(&self, wait: Duration, listener: &mut Listener<'_>) -> Result<Box<dyn Session>, RunError> {
        self.start(wait, listener).await.map(|start| start.session)
    }

    /// As [`connect`](Connector::connect), with what was done ahead.
    pub(crate) async fn start(&self, wait: Duration, listener: &mut Listener<'_>) -> Result<Start, RunError> {
        let start = Instant::now();
        let wait = if wait.is_zero() { self.database.opens_within() } else { wait };
        let mut begun = self.begun.swap(None);
        let mut pause = Duration::from_millis(100);
        loop {
            let attempt = match begun.take() {
                Some(attempt) => attempt,
                None => self.attempt().await,
            };
            let error = match attempt {
                Err(error) => error,
                Ok(begun) => {
                    let about = begun.session.about();
                    listener(&Event::Connected {
                        product: &about.product,
                        database: &about.database,
                        warnings: &about.warnings,
                    });
                    return Ok(begun);
                }
            };
            let waited = start.elapsed();
            if self.interrupt.requested() {
                return Err(RunError::NotYetConnected);
            }
            if !error.starting || waited >= wait {
                return Err(error.into());
            }
            listener(&Event::WaitingForServer { reason: &error.message, waited, limit: wait });
            if self.interrupt.during(tokio::time::sleep(pause.min(wait - waited))).await.is_none() {
                return Err(RunError::NotYetConnected);
            }
            pause = (pause * 2).min(Duration::from_secs(5));
        }
    }

    async fn attempt(&self) -> Attempt {
        let who = format!("migrate/{} {} {}", env!("CARGO_PKG_VERSION"), self.run, self.host);
        let silence = answering::silence(&self.address);
        // What is found is where the history and its lock are, so that both are asked for in the message that connects.
        let mut address = self.address.clone();
        address.history_table = self.table.schema.is_none().then(|| self.table.name.clone());
        match answering::within(silence, self.database.connect(&address, &who)).await {
            Err(silent) => Err(ConnectError { message: silent.message, hint: None, starting: true }),
            Ok(connected) => {
                connected.map(|session| Start::new(super::failpoint_wrap(answering::wrap(session, silence))))
            }
        }
    }

    /// The history table and the lock that belong to this session.
    pub fn home(&self, session: &dyn Session) -> (Store, LockName) {
        let dialect = self.database.dialect();
        let about = session.about();
        let mut table = self.table.clone();
        table.schema = table.schema.or_else(|| dialect.home(about));
        // Where a schema is a database, runs that are connected to others share the history and must meet.
        let database = if dialect.schemas_are_databases() { "" } else { &about.database };
        let lock = lock_name(database, &table);
        (Store::new(dialect, table, &self.run, &self.host), lock)
    }
}
