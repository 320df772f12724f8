//! Watching a PostgreSQL session through a second connection.

use async_trait::async_trait;

use super::super::duration::from_seconds;
use super::super::{Address, Blocker, ErrorKind, Observer, Row, Session, SqlError};
use super::connect;
use super::dialect::literal;
use super::session::PostgresSession;

/// What the transactions of other sessions are known by: every login may see it, unlike their start.
const TRANSACTION: &str = "(SELECT l.virtualtransaction FROM pg_catalog.pg_locks l \
                           WHERE l.pid = a.pid AND l.locktype = 'virtualxid' AND l.granted LIMIT 1)";

/// What the connection number of a prepared transaction is: it has no process.
const PREPARED: &str = "prepared";

/// Watches one PostgreSQL session.
pub(super) struct PostgresObserver {
    address: Address,
    who: String,
    /// The watched session's process.
    pid: i32,
    session: Option<PostgresSession>,
}

impl PostgresObserver {
    pub(super) fn new(address: Address, who: &str, pid: i32) -> Self {
        PostgresObserver { address, who: format!("{who} (watching)"), pid, session: None }
    }

    async fn session(&mut self) -> Result<&mut PostgresSession, SqlError> {
        if self.session.is_none() {
            let opened = connect::session(&self.address, &self.who).await;
            let session = opened.map_err(|error| SqlError::new(ErrorKind::ConnectionLost, error.message))?;
            self.session = Some(session);
        }
        self.session.as_mut().ok_or_else(|| SqlError::new(ErrorKind::ConnectionLost, "not connected"))
    }

    async fn ask(&mut self, sql: &str) -> Result<Vec<Row>, SqlError> {
        let answer = self.session().await?.query(sql).await;
        if matches!(&answer, Err(error) if error.kind == ErrorKind::ConnectionLost) {
            self.session = None;
        }
        answer
    }

    async fn version(&mut self) -> Result<u32, SqlError> {
        Ok(self.session().await?.about().version.first().copied().unwrap_or(0))
    }
}

#[async_trait]
impl Observer for PostgresObserver {
    async fn blockers(&mut self) -> Result<Vec<Blocker>, SqlError> {
        // Process 0 stands for transactions that were prepared and belong to nobody at present.
        let sql = format!(
            "WITH blocking AS MATERIALIZED (SELECT pg_catalog.unnest(pg_catalog.pg_blocking_pids({pid})) AS pid) \
             SELECT a.pid::text, {TRANSACTION}, a.usename, a.application_name, a.state, \
             pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - a.xact_start)::text, \
             pg_catalog.left(a.query, 200) \
             FROM pg_catalog.pg_stat_activity a WHERE a.pid IN (SELECT pid FROM blocking) \
             UNION ALL SELECT '{PREPARED}', p.gid, p.owner, NULL, 'prepared transaction', \
             pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - p.prepared)::text, NULL \
             FROM pg_catalog.pg_prepared_xacts p \
             WHERE 0 IN (SELECT pid FROM blocking) AND p.database = pg_catalog.current_database()",
            pid = self.pid
        );
        let rows = self.ask(&sql).await?;
        Ok(rows.into_iter().map(blocker).collect())
    }

    async fn remaining(&mut self, blockers: &[Blocker]) -> Result<Vec<Blocker>, SqlError> {
        let identity = |blocker: &Blocker| (blocker.connection.clone(), blocker.transaction.clone());
        if blockers.is_empty() {
            return Ok(Vec::new());
        }
        let pids = blockers.iter().filter_map(|blocker| blocker.connection.parse::<i32>().ok());
        let pids: Vec<String> = pids.map(|pid| pid.to_string()).collect();
        let gids: Vec<String> =
            blockers.iter().filter_map(|blocker| blocker.transaction.as_deref()).map(literal).collect();
        let gids = if gids.is_empty() { "NULL".to_owned() } else { gids.join(", ") };
        let sql = format!(
            "SELECT a.pid::text, {TRANSACTION} FROM pg_catalog.pg_stat_activity a WHERE a.pid = ANY ('{{{}}}') \
             UNION ALL SELECT '{PREPARED}', gid FROM pg_catalog.pg_prepared_xacts WHERE gid IN ({gids})",
            pids.join(",")
        );
        let present: Vec<(String, Option<String>)> = self
            .ask(&sql)
            .await?
            .into_iter()
            .map(|row| {
                let mut values = row.into_iter().map(|value| value.map(String::from));
                (values.next().flatten().unwrap_or_default(), values.next().flatten())
            })
            // Without a transaction it stands in nobody's way.
            .filter(|(_, transaction)| transaction.is_some())
            .collect();
        Ok(blockers.iter().filter(|blocker| present.contains(&identity(blocker))).cloned().collect())
    }

    async fn progress(&mut self) -> Result<Option<String>, SqlError> {
        let pid = self.pid;
        let mut sources = vec![
            ("building index", "pg_stat_progress_create_index", "blocks_done", "blocks_total"),
            ("vacuuming", "pg_stat_progress_vacuum", "heap_blks_scanned", "heap_blks_total"),
            ("rewriting table", "pg_stat_progress_cluster", "heap_blks_scanned", "heap_blks_total"),
        ];
        let version = self.version().await?;
        if version >= 13 {
            sources.push(("analyzing", "pg_stat_progress_analyze", "sample_blks_scanned", "sample_blks_total"));
        }
        let one = |(what, view, done, total): (&str, &str, &str, &str)| {
            format!("SELECT '{what}', phase, {done}, {total} FROM pg_catalog.{view} WHERE pid = {pid}")
        };
        let sql = sources.into_iter().map(one).collect::<Vec<_>>().join(" UNION ALL ");
        let Some(row) = self.ask(&sql).await?.into_iter().next() else { return Ok(None) };
        let mut values = row.into_iter().map(Option::unwrap_or_default);
        let mut next = || values.next().unwrap_or_default();
        let (what, phase, done, total) = (next(), next(), next(), next());
        let percent = match (done.parse::<u64>(), total.parse::<u64>()) {
            (Ok(done), Ok(total)) if total > 0 => format!(", {} %", done.min(total) * 100 / total),
            _ => String::new(),
        };
        Ok(Some(format!("{what}: {}{percent}", phase.strip_prefix("building index: ").unwrap_or(&phase))))
    }

    async fn is_busy(&mut self) -> Result<bool, SqlError> {
        let sql = format!("SELECT coalesce(state, '') FROM pg_catalog.pg_stat_activity WHERE pid = {}", self.pid);
        let state = self.ask(&sql).await?.concat().into_iter().next().flatten();
        // A server that does not keep track says nothing, or `disabled`.
        Ok(state.is_some_and(|state| !state.starts_with("idle")))
    }

    fn hang_up(&mut self) {
        self.session = None;
    }

    async fn cancel(&mut self) -> Result<(), SqlError> {
        let sql = format!("SELECT pg_catalog.pg_cancel_backend({})", self.pid);
        self.ask(&sql).await.map(|_| ())
    }

    async fn close(mut self: Box<Self>) {
        if let Some(mut session) = self.session.take() {
            session.hang_up().await;
        }
    }
}

fn blocker(row: Row) -> Blocker {
    let mut values = row.into_iter();
    let mut next = || values.next().flatten().filter(|text| !text.is_empty()).map(String::from);
    Blocker {
        connection: next().unwrap_or_default(),
        transaction: next(),
        user: next(),
        application: next(),
        state: next(),
        age: next().as_deref().and_then(from_seconds),
        query: next(),
        suspected: false,
    }
}
