//! A session whose questions are answered in time, or that counts as lost.
//!
//! A network that swallows everything tells nobody. Where the system notices, by keepalive, the driver says so; where
//! something in between goes on acknowledging, only the missing answer shows it.

use std::time::Duration;

use async_trait::async_trait;

use crate::databases::{
    About, Address, BatchError, ErrorKind, Holder, LockName, Notices, Observer, Row, Session, SqlError, Target,
};

/// How many times longer than for a new connection we wait for an answer.
const TIMES: u32 = 6;

/// How long a server may say nothing to anybody before it counts as gone; none where it is this very process, or
/// where connecting has no limit either.
pub(super) fn silence(address: &Address) -> Option<Duration> {
    match address.target {
        Target::Hosts(_) | Target::Socket { .. } => address.connect_timeout.map(|limit| limit * TIMES),
        Target::File(_) | Target::Memory => None,
    }
}

/// How long to go on trying to reconnect when a connection is lost: a server that restarts is back by then.
pub(super) fn reconnecting(address: &Address) -> Duration {
    address.connect_timeout.map_or(Duration::from_secs(120), |limit| limit * 2 * TIMES)
}

/// What is said of a server that does not answer.
pub(super) fn silent(limit: Duration) -> SqlError {
    let seconds = limit.as_secs();
    SqlError::new(
        ErrorKind::ConnectionLost,
        format!("nothing was heard from the server for {seconds} s ({TIMES} times `connect_timeout`)"),
    )
}

/// The answer, if it comes in time.
pub(super) async fn within<T>(limit: Option<Duration>, answer: impl Future<Output = T> + Send) -> Result<T, SqlError> {
    match limit {
        Some(limit) => tokio::time::timeout(limit, answer).await.map_err(|_| silent(limit)),
        None => Ok(answer.await),
    }
}

/// The session, waiting no longer than this for the answer to a question. Statements take as long as they take.
pub(super) fn wrap(session: Box<dyn Session>, limit: Option<Duration>) -> Box<dyn Session> {
    match limit {
        Some(_) => Box::new(Answering { session, limit, lost: false }),
        None => session,
    }
}

struct Answering {
    session: Box<dyn Session>,
    limit: Option<Duration>,
    /// Set when an answer did not come: it might still come, and be taken for that to the next question.
    lost: bool,
}

impl Answering {
    fn still_there(&self) -> Result<(), SqlError> {
        match self.lost {
            true => Err(SqlError::new(ErrorKind::ConnectionLost, "the connection was given up")),
            false => Ok(()),
        }
    }
}

/// Asks the session behind, within the limit.
macro_rules! ask {
    ($self:ident, $question:ident($($argument:expr),*)) => {{
        $self.still_there()?;
        let answer = within($self.limit, $self.session.$question($($argument),*)).await;
        $self.lost |= answer.is_err();
        answer?
    }};
}

#[async_trait]
impl Session for Answering {
    fn about(&self) -> &About {
        self.session.about()
    }

    async fn execute(&mut self, parts: &[&str]) -> Result<(), BatchError> {
        self.still_there().map_err(|error| BatchError { part: 0, ran: 0, error })?;
        self.session.execute(parts).await
    }

    async fn query(&mut self, sql: &str) -> Result<Vec<Row>, SqlError> {
        ask!(self, query(sql))
    }

    async fn try_lock(&mut self, lock: &LockName) -> Result<bool, SqlError> {
        ask!(self, try_lock(lock))
    }

    async fn holder(&mut self, lock: &LockName) -> Result<Option<Holder>, SqlError> {
        ask!(self, holder(lock))
    }

    async fn unlock(&mut self, lock: &LockName) -> Result<bool, SqlError> {
        ask!(self, unlock(lock))
    }

    async fn end_idle(&mut self, connection: &str) -> Result<(), SqlError> {
        ask!(self, end_idle(connection))
    }

    fn announce(&mut self, doing: &str) -> Option<String> {
        self.session.announce(doing)
    }

    fn notices(&self) -> Notices {
        self.session.notices()
    }

    async fn reset(&mut self) -> Result<(), SqlError> {
        ask!(self, reset())
    }

    fn observer(&self) -> Option<Box<dyn Observer>> {
        self.session.observer()
    }

    async fn close(self: Box<Self>) {
        if !self.lost {
            self.session.close().await;
        }
    }
}
