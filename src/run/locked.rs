//! A session that holds `migrate`'s lock: the only kind on which anything is written.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::databases::{Dialect, ErrorKind, HistoryTable, Limits, LockName, Session, SqlError};
use crate::history::{Detail, Fact, History, Scripts, State, Store, lacks_schema, swallowed, unwritable};

use super::connector::{Connector, Start};
use super::event::{Event, Listener, duration};
use super::transaction::Beside;
use super::watch::Watch;
use super::work::Told;
use super::{LockError, RunError, Settings, answering, lock};

/// A session that holds the lock, with the history as read under it.
pub struct Locked {
    pub(super) connector: Connector,
    pub(super) settings: Settings,
    pub(super) session: Box<dyn Session>,
    pub(super) watch: Watch,
    pub(super) store: Store,
    pub(super) lock: LockName,
    pub(super) history: Arc<History>,
    /// The limits the session is known to be under.
    pub(super) session_limits: Option<Limits>,
    /// What another tool is told of what is done here.
    pub(super) beside: Beside,
    pub(super) told: Told,
}

impl Locked {
    /// Connects, takes the lock and reads the history.
    ///
    /// # Errors
    ///
    /// When the server cannot be reached, the lock is not to be had in time, or the history cannot be read.
    pub async fn take(connector: Connector, settings: Settings, listener: &mut Listener<'_>) -> Result<Self, RunError> {
        let mut start = connector.start(settings.wait, listener).await?;
        let (store, lock) = connector.home(&*start.session);
        if !start.is_locked() {
            let (wait, poll) = (settings.lock_wait, connector.database.poll_every());
            let interrupt = &connector.interrupt;
            let taken = lock::take(&mut *start.session, &lock, None, wait, poll, interrupt, listener).await;
            if let Err(error) = taken {
                start.session.close().await;
                return Err(error.into());
            }
            start.lock_taken();
        }
        let history = read_in_time(&mut start, &store, &connector, settings.retry_for, listener).await;
        let session = start.session;
        let mut watch = Watch::new(&connector.address);
        watch.attach(&*session).await;
        let mut locked = Locked {
            connector,
            settings,
            session,
            watch,
            store,
            lock,
            history: Arc::default(),
            session_limits: None,
            beside: Beside::default(),
            told: Told::default(),
        };
        match history {
            Ok(history) => {
                locked.history = Arc::new(history);
                Ok(locked)
            }
            Err(error) => {
                locked.release().await;
                Err(RunError::sql("read the history")(error))
            }
        }
    }

    /// The history as it was when it was last read, with everything that this session has done since.
    pub fn history(&self) -> &Arc<History> {
        &self.history
    }

    /// What the session is connected to.
    pub fn session(&self) -> &dyn Session {
        &*self.session
    }

    /// The scripts that these entries stored.
    ///
    /// # Errors
    ///
    /// When the server refuses.
    pub async fn scripts(&mut self, seqs: &[u64]) -> Result<Vec<Scripts>, RunError> {
        self.store.scripts(&mut *self.session, seqs).await.map_err(RunError::sql("read the stored scripts"))
    }

    /// Writes facts that run nothing (tags, baselines, repairs), all or none, creating the table if need be.
    ///
    /// # Errors
    ///
    /// When the server refuses, or somebody else wrote at the same time.
    pub async fn record(&mut self, facts: &[Fact<'_>], listener: &mut Listener<'_>) -> Result<(), RunError> {
        self.create_history(listener).await?;
        let dialect = self.dialect();
        let mut head = self.history.head();
        let fence = dialect.fence(&self.lock);
        let mut parts = self.opening();
        for fact in facts {
            let claim = self.store.claim(&head, fact, State::Done, None, fence.as_deref());
            parts.push(claim.sql);
            head = claim.head;
        }
        self.close(head.seq, parts).await
    }

    /// Ends a transaction that has written the history up to this row.
    pub(super) async fn close(&mut self, last: u64, mut parts: Vec<String>) -> Result<(), RunError> {
        parts.push(self.dialect().guard(&self.store.exists(last)));
        parts.push("COMMIT".to_owned());
        let written = self.execute("write the history", &parts).await;
        written.map_err(|error| match error {
            RunError::Sql { doing, error } if error.kind == ErrorKind::GuardFailed => {
                RunError::Sql { doing, error: swallowed() }
            }
            RunError::Sql { doing, error } => RunError::Sql { doing, error: unwritable(error) },
            other => other,
        })?;
        self.read_history().await
    }

    /// What opens a transaction for bookkeeping alone.
    pub(super) fn opening(&mut self) -> Vec<String> {
        let dialect = self.dialect();
        self.session_limits = None;
        [dialect.limit_session(&self.settings.limits), dialect.begin()].concat()
    }

    pub(super) async fn create_history(&mut self, listener: &mut Listener<'_>) -> Result<(), RunError> {
        self.refuse_second_history().await?;
        let limit = answering::silence(&self.connector.address);
        let create = self.store.create(&mut *self.session, self.settings.create_schema);
        match answering::within(limit, create).await.and_then(|created| created) {
            Ok(None) => Ok(()),
            Ok(Some(schema)) => {
                listener(&Event::Warning { message: &format!("there was no schema `{schema}`; it was created") });
                Ok(())
            }
            Err(error) if lacks_schema(&error) => Err(self.no_schema()),
            Err(error) => Err(RunError::sql("create the history table")(error)),
        }
    }

    /// Refuses to begin a history where another one has merely got out of sight: every migration would run again.
    async fn refuse_second_history(&mut self) -> Result<(), RunError> {
        let is_new = self.history.entries().is_empty() && self.connector.table.schema.is_none();
        let Some(question) = self.dialect().overlooked(self.store.table()).filter(|_| is_new) else { return Ok(()) };
        let rows = self.session.query(&question).await.map_err(RunError::sql("look for another history"))?;
        let Some(other) = rows.into_iter().next().and_then(|row| row.into_iter().next().flatten()) else {
            return Ok(());
        };
        let HistoryTable { schema, name } = self.store.table();
        let own = schema.as_deref().unwrap_or_default();
        Err(RunError::History(format!(
            "there is a history already, `{other}.{name}`, but this login's search path leads to `{own}`, where there is none: say `--schema {other}` to go on with it, or `--schema {own}` to begin another"
        )))
    }

    /// What is wrong where a name was mistyped, or a database is new.
    fn no_schema(&self) -> RunError {
        let dialect = self.dialect();
        let schema = self.store.table().schema.clone().unwrap_or_default();
        let create = dialect.quote(&schema);
        let flag = dialect.create_schema(&schema).map_or("", |_| ", or say `--create-schema`");
        let hint = format!(
            "if that is no typing mistake, create it (CREATE SCHEMA {create}){flag}; its history begins empty, so that every migration runs"
        );
        RunError::NoSchema { schema, hint }
    }

    pub(super) async fn read_history(&mut self) -> Result<(), RunError> {
        let read = self.store.read(&mut *self.session, Detail::Deciding).await;
        self.history = Arc::new(read.map_err(RunError::sql("read the history"))?);
        Ok(())
    }

    /// Runs bookkeeping of our own; rolls back when it fails.
    pub(super) async fn execute(&mut self, doing: &'static str, parts: &[String]) -> Result<(), RunError> {
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let limit = answering::silence(&self.connector.address);
        let executed = answering::within(limit, self.session.execute(&parts)).await;
        match executed.and_then(|executed| executed.map_err(|failed| failed.error)) {
            Ok(()) => Ok(()),
            Err(error) => {
                self.roll_back().await;
                Err(RunError::Sql { doing, error })
            }
        }
    }

    /// Ends whatever transaction is open; there may be none, and then the refusal means nothing.
    pub(super) async fn roll_back(&mut self) {
        let limit = answering::silence(&self.connector.address);
        let _ = answering::within(limit, self.session.execute(&["ROLLBACK"])).await;
    }

    /// What the database's SQL means.
    pub fn dialect(&self) -> &'static dyn Dialect {
        self.connector.database.dialect()
    }

    /// Connects anew after the connection was lost, and reads what is true now. Getting the lock proves that the old
    /// connection's work has ended one way or the other.
    pub(super) async fn reconnect(&mut self, reason: &str, listener: &mut Listener<'_>) -> Result<(), RunError> {
        let start = Instant::now();
        let limit = answering::reconnecting(&self.connector.address);
        let ours = self.session.about().connection.clone();
        // What looks dead to us may still hold the lock, and then we would wait for ourselves.
        let farewell = async {
            self.roll_back().await;
            let _ = self.session.unlock(&self.lock.clone()).await;
        };
        let _ = tokio::time::timeout(Duration::from_secs(2), farewell).await;
        loop {
            let left = limit.saturating_sub(start.elapsed());
            let mut session = match self.connector.connect(left, listener).await {
                Err(_) if self.connector.interrupt.requested() => {
                    return Err(RunError::interrupted(Vec::new(), None));
                }
                connected => connected?,
            };
            let poll = self.connector.database.poll_every();
            // Whoever does not wait for others waits at least for what is left of this very run.
            let wait = self.settings.lock_wait.max(left);
            let interrupt = &self.connector.interrupt;
            let taken = lock::take(&mut *session, &self.lock, Some(&ours), wait, poll, interrupt, listener).await;
            match taken {
                Err(LockError::Sql(error)) if error.kind.is_lost() && start.elapsed() < limit => {
                    session.close().await;
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
                // What was done before is done, and the caller knows it.
                Err(LockError::Interrupted) => return Err(RunError::interrupted(Vec::new(), None)),
                other => other?,
            }
            self.watch.attach(&*session).await;
            self.session = session;
            self.session_limits = None;
            let reach = std::sync::Arc::clone(&self.beside.reach);
            self.execute("reach the other tool's tables", &reach).await?;
            match self.read_history().await {
                Err(RunError::Sql { error, .. }) if error.kind.is_lost() && start.elapsed() < limit => {}
                other => {
                    listener(&Event::Reconnected { reason });
                    return other;
                }
            }
        }
    }

    /// Gives the lock back and ends the session.
    pub async fn release(mut self) {
        self.watch.detach().await;
        // The end of the session frees the lock in any case; unlocking first makes it prompt.
        let _ = self.session.unlock(&self.lock).await;
        self.session.close().await;
    }
}

/// Reads the history, again and again for so long while somebody has its table locked.
async fn read_in_time(
    start: &mut Start,
    store: &Store,
    connector: &Connector,
    limit: Duration,
    listener: &mut Listener<'_>,
) -> Result<History, SqlError> {
    let began = Instant::now();
    loop {
        let read = start.read(store, Detail::Deciding).await;
        let left = limit.saturating_sub(began.elapsed());
        match &read {
            Err(error) if error.kind == ErrorKind::LockTimeout && !left.is_zero() => {
                let hint = error.hint.as_deref().unwrap_or_default();
                let message = format!("{hint}; trying for {} more", duration(left));
                listener(&Event::Warning { message: &message });
                let pause = tokio::time::sleep(connector.database.poll_every().min(left));
                if connector.interrupt.during(pause).await.is_none() {
                    return read;
                }
            }
            _ => return read,
        }
    }
}
