//! One connection to PostgreSQL.

use std::time::Duration;

use async_trait::async_trait;
use futures_util::TryStreamExt;
use sqlx::postgres::{PgConnection, PgRow, PgValueFormat};
use sqlx::{AssertSqlSafe, Connection, Either, Row as _, ValueRef};
use tracing::instrument::WithSubscriber as _;

use super::super::duration::from_seconds;
use super::super::{
    About, Address, BatchError, ErrorKind, Holder, LockName, Notices, Observer, Row, Session, SqlError,
};
use super::catalog::passed_over;
use super::connect::{application_name, apply_settings};
use super::dialect::{literal, lock_numbers};
use super::errors::{BETWEEN, batch_error, sql_error};
use super::notices::Ear;
use super::observer::PostgresObserver;

/// How long a goodbye may take.
const GOODBYE: Duration = Duration::from_secs(2);

/// One connection to PostgreSQL.
pub(super) struct PostgresSession {
    /// None once it is lost: nothing can be sent any more, and nothing of it is true any more.
    connection: Option<PgConnection>,
    address: Address,
    who: String,
    about: About,
    /// Whether something seems to stand between us and the server.
    indirect: bool,
    ear: Ear,
}

impl PostgresSession {
    pub(super) fn new(connection: PgConnection, address: &Address, who: &str) -> Self {
        let (address, who) = (address.clone(), who.to_owned());
        PostgresSession {
            connection: Some(connection),
            address,
            who,
            about: About::default(),
            indirect: false,
            ear: Ear::new(),
        }
    }

    pub(super) fn met(&mut self, about: About, indirect: bool) {
        self.about = about;
        self.indirect = indirect;
    }

    pub(super) fn is_indirect(&self) -> bool {
        self.indirect
    }

    /// Ends the connection.
    pub(super) async fn hang_up(&mut self) {
        if let Some(connection) = self.connection.take() {
            // The server notices the end of the socket in any case, and a dead network must not hold us back.
            let _ = tokio::time::timeout(GOODBYE, connection.close()).await;
        }
    }

    /// Ends the connection without a word, as it may be in the middle of an answer.
    pub(super) fn drop_connection(&mut self) {
        self.connection = None;
    }

    /// Sends one message and returns every row of it.
    pub(super) async fn ask(&mut self, sql: &str) -> Result<Vec<Row>, sqlx::Error> {
        let connection = self.connection.as_mut().ok_or_else(closed)?;
        // Each row is read while the server is still at work on the next.
        let mut answers = sqlx::raw_sql(AssertSqlSafe(sql)).fetch(connection);
        let mut rows = Vec::new();
        while let Some(row) = answers.try_next().await? {
            rows.push(texts(&row)?);
        }
        Ok(rows)
    }

    /// Takes a success back that is none: with `IF NOT EXISTS` the server is content with an index that an earlier attempt
    /// left invalid.
    async fn assure(&mut self, statement: &str) -> Result<(), SqlError> {
        let Some(query) = passed_over(statement) else { return Ok(()) };
        let rows = self.query(&query).await?;
        let Some(index) = rows.into_iter().next().and_then(|row| row.into_iter().next().flatten()) else {
            return Ok(());
        };
        let message = format!(
            "the index `{index}` is there already and invalid, so that no query uses it: drop it first with `DROP INDEX CONCURRENTLY {index}`, or build it anew with `REINDEX INDEX CONCURRENTLY {index}`"
        );
        Err(SqlError::new(ErrorKind::Other, message))
    }

    fn lost(error: SqlError, connection: &mut Option<PgConnection>) -> SqlError {
        if error.kind == ErrorKind::ConnectionLost {
            *connection = None;
        }
        error
    }
}

fn closed() -> sqlx::Error {
    sqlx::Error::Io(std::io::Error::new(std::io::ErrorKind::NotConnected, "it was lost before"))
}

/// Every value as the server wrote it.
fn texts(row: &PgRow) -> Result<Row, sqlx::Error> {
    let mut texts = Vec::with_capacity(row.len());
    for index in 0..row.len() {
        let value = row.try_get_raw(index)?;
        debug_assert_eq!(value.format(), PgValueFormat::Text, "simple queries are answered in text");
        texts.push(match value.is_null() {
            true => None,
            false => Some(value.as_str().map_err(sqlx::Error::Decode)?.into()),
        });
    }
    Ok(texts)
}

#[async_trait]
impl Session for PostgresSession {
    fn about(&self) -> &About {
        &self.about
    }

    async fn execute(&mut self, parts: &[&str]) -> Result<(), BatchError> {
        if parts.is_empty() {
            return Ok(());
        }
        let Some(connection) = self.connection.as_mut() else {
            return Err(BatchError { part: 0, ran: 0, error: sql_error(&closed()) });
        };
        let mut completed = 0;
        let ear = &self.ear;
        ear.turn_to(0);
        let answered = async {
            let mut answers = sqlx::raw_sql(AssertSqlSafe(parts.join(BETWEEN))).fetch_many(connection);
            loop {
                match answers.try_next().await {
                    Ok(Some(Either::Left(_))) => {
                        completed += 1;
                        ear.turn_to(completed);
                    }
                    Ok(Some(Either::Right(_))) => {}
                    Ok(None) => break Ok(()),
                    Err(error) => break Err(error),
                }
            }
        };
        let outcome = answered.with_subscriber(ear.dispatch.clone()).await;
        if let Err(error) = outcome {
            let failed = batch_error(parts, completed, &error);
            return Err(BatchError { error: Self::lost(failed.error, &mut self.connection), ..failed });
        }
        match parts {
            [only] => self.assure(only).await.map_err(|error| BatchError { part: 0, ran: 0, error }),
            _ => Ok(()),
        }
    }

    async fn query(&mut self, sql: &str) -> Result<Vec<Row>, SqlError> {
        match self.ask(sql).await {
            Ok(rows) => Ok(rows),
            Err(error) => {
                let failed = batch_error(&[sql], 0, &error);
                Err(Self::lost(failed.error, &mut self.connection))
            }
        }
    }

    async fn try_lock(&mut self, lock: &LockName) -> Result<bool, SqlError> {
        // Twice, as the fence has it.
        let take = format!("pg_catalog.pg_try_advisory_lock({})", lock.number);
        let sql = format!("SELECT {take} AND {take}, pg_catalog.pg_backend_pid()");
        let rows = self.query(&sql).await?;
        let row = rows.first().map(Vec::as_slice).unwrap_or_default();
        let [taken, pid] = row else { return Ok(false) };
        if pid.as_deref() != Some(self.about.connection.as_str()) {
            // Another server process than the one we met: a pooler gives us whichever is free.
            if taken.as_deref() == Some("t") {
                let _ = self.unlock(lock).await;
            }
            return Err(SqlError::new(ErrorKind::Other, super::pooler::REFUSAL));
        }
        Ok(taken.as_deref() == Some("t"))
    }

    async fn holder(&mut self, lock: &LockName) -> Result<Option<Holder>, SqlError> {
        let (high, low) = lock_numbers(lock);
        let sql = format!(
            "SELECT l.pid, a.application_name, a.usename, coalesce(a.client_addr::text, 'this machine'), \
             pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - a.backend_start), \
             CASE WHEN a.state = 'active' THEN pg_catalog.left(a.query, 500) END \
             FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid \
             WHERE l.locktype = 'advisory' AND l.granted AND l.database = \
             (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()) \
             AND l.classid = {high} AND l.objid = {low} AND l.objsubid = 1 LIMIT 1"
        );
        let Some(row) = self.query(&sql).await?.into_iter().next() else { return Ok(None) };
        let mut values = row.into_iter();
        let mut next = || values.next().flatten().filter(|text| !text.is_empty()).map(String::from);
        Ok(Some(Holder {
            connection: next().unwrap_or_default(),
            who: next(),
            user: next(),
            from: next(),
            since: next().as_deref().and_then(from_seconds),
            query: next(),
        }))
    }

    async fn unlock(&mut self, lock: &LockName) -> Result<bool, SqlError> {
        let give = format!("pg_catalog.pg_advisory_unlock({})", lock.number);
        let rows = self.query(&format!("SELECT {give}, {give}")).await?;
        Ok(rows.first().and_then(|row| row.first()).is_some_and(|value| value.as_deref() == Some("t")))
    }

    async fn end_idle(&mut self, connection: &str) -> Result<(), SqlError> {
        let sql = format!(
            "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity \
             WHERE pid::text = {} AND usename = current_user AND state <> 'active'",
            literal(connection)
        );
        self.query(&sql).await.map(|_| ())
    }

    fn announce(&mut self, doing: &str) -> Option<String> {
        let name = application_name(&self.address, &self.who, doing);
        Some(format!("SET application_name = {}", literal(&name)))
    }

    fn notices(&self) -> Notices {
        self.ear.notices.clone()
    }

    async fn reset(&mut self) -> Result<(), SqlError> {
        // Not DISCARD ALL, which gives up the lock as well.
        let settings = format!("SELECT {}", apply_settings(&self.address));
        let parts = [
            "RESET SESSION AUTHORIZATION",
            "RESET ROLE",
            "RESET ALL",
            "CLOSE ALL",
            "UNLISTEN *",
            "DEALLOCATE ALL",
            "DISCARD PLANS",
            "DISCARD TEMP",
            "DISCARD SEQUENCES",
            &settings,
        ];
        self.execute(&parts).await.map_err(|failed| failed.error)
    }

    fn observer(&self) -> Option<Box<dyn Observer>> {
        let pid = self.about.connection.parse().ok()?;
        Some(Box::new(PostgresObserver::new(self.address.clone(), &self.who, pid)))
    }

    async fn close(mut self: Box<Self>) {
        self.hang_up().await;
    }
}
