//! Watches a session from a second connection.

use std::time::Duration;

use async_trait::async_trait;
use ecow::EcoString;
use sqlx::mysql::MySqlConnectOptions;

use super::connect::dial;
use super::dialect::literal;
use super::error::from_driver;
use super::session::Link;
use crate::databases::{Blocker, Observer, Row, SqlError};

/// A connection that watches another, once it is asked to.
pub(super) struct Watch {
    watched: String,
    options: MySqlConnectOptions,
    patience: Option<Duration>,
    is_mariadb: bool,
    /// Whether the server keeps a list of who has which lock on which table, and lets this login see it; none before it
    /// was asked.
    keeps_list: Option<bool>,
    link: Option<Link>,
}

/// What is asked about each connection, from a `PROCESSLIST` row `p` and perhaps an `INNODB_TRX` row `x`.
const COLUMNS: &str = "p.ID, CAST(x.trx_started AS CHAR), p.USER, p.COMMAND, TIMESTAMPDIFF(SECOND, x.trx_started, NOW()), p.TIME, LEFT(p.INFO, 1000)";

impl Watch {
    pub fn new(watched: String, options: MySqlConnectOptions, patience: Option<Duration>, is_mariadb: bool) -> Self {
        Watch { watched, options, patience, is_mariadb, keeps_list: None, link: None }
    }

    async fn ask(&mut self, sql: &str) -> Result<Vec<Row>, SqlError> {
        if self.link.is_none() {
            let connection = dial(&self.options, self.patience).await.map_err(|error| from_driver(&error, ""))?;
            let mut link = Link::new(connection);
            // InnoDB's times are the machine's own.
            link.query("SET NAMES utf8mb4, time_zone='SYSTEM', sql_mode='', wait_timeout=28800").await?;
            self.link = Some(link);
        }
        let Some(link) = &mut self.link else { return Ok(Vec::new()) };
        let answer = link.query(sql).await;
        if answer.as_ref().is_err_and(|error| error.kind.is_lost()) {
            self.link = None;
        }
        answer
    }

    /// Whether the server keeps a list of metadata locks: MySQL does, MariaDB if it was started so.
    async fn keeps_list(&mut self) -> Result<bool, SqlError> {
        if let Some(known) = self.keeps_list {
            return Ok(known);
        }
        let sql = "SELECT ENABLED FROM performance_schema.setup_instruments WHERE NAME = 'wait/lock/metadata/sql/mdl'";
        let keeps = match self.ask(sql).await {
            Ok(rows) => rows.concat().first() == Some(&Some("YES".into())),
            Err(error) if error.kind.is_lost() => return Err(error),
            // Not for everybody.
            Err(_) => false,
        };
        self.keeps_list = Some(keeps);
        Ok(keeps)
    }

    /// Who has the lock on a table that the session waits for.
    fn holders_of_tables(&self) -> String {
        let watched = &self.watched;
        format!(
            "SELECT h.PROCESSLIST_ID AS id FROM performance_schema.threads t
             JOIN performance_schema.metadata_locks w ON w.OWNER_THREAD_ID = t.THREAD_ID AND w.LOCK_STATUS = 'PENDING'
             JOIN performance_schema.metadata_locks g ON g.LOCK_STATUS = 'GRANTED' AND g.OWNER_THREAD_ID <> w.OWNER_THREAD_ID
               AND g.OBJECT_TYPE = w.OBJECT_TYPE AND g.OBJECT_SCHEMA <=> w.OBJECT_SCHEMA AND g.OBJECT_NAME <=> w.OBJECT_NAME
               AND (w.LOCK_TYPE = 'EXCLUSIVE' OR g.LOCK_TYPE NOT IN ('INTENTION_EXCLUSIVE', 'SHARED_HIGH_PRIO', 'SHARED_READ', 'SHARED_WRITE'))
             JOIN performance_schema.threads h ON h.THREAD_ID = g.OWNER_THREAD_ID
             WHERE t.PROCESSLIST_ID = {watched}"
        )
    }

    /// Who has the lock on a row that the session waits for.
    fn holders_of_rows(&self) -> String {
        let watched = &self.watched;
        match self.is_mariadb {
            true => format!(
                "SELECT x.trx_mysql_thread_id FROM information_schema.INNODB_TRX r
                 JOIN information_schema.INNODB_LOCK_WAITS l ON l.requesting_trx_id = r.trx_id
                 JOIN information_schema.INNODB_TRX x ON x.trx_id = l.blocking_trx_id
                 WHERE r.trx_mysql_thread_id = {watched}"
            ),
            false => format!(
                "SELECT h.PROCESSLIST_ID FROM performance_schema.threads t
                 JOIN performance_schema.data_lock_waits w ON w.REQUESTING_THREAD_ID = t.THREAD_ID
                 JOIN performance_schema.threads h ON h.THREAD_ID = w.BLOCKING_THREAD_ID
                 WHERE t.PROCESSLIST_ID = {watched}"
            ),
        }
    }

    /// Those that the server itself says stand in the way.
    fn known(&self, tables: bool) -> String {
        let rows = self.holders_of_rows();
        let union = if tables { format!("{} UNION ", self.holders_of_tables()) } else { String::new() };
        format!(
            "SELECT {COLUMNS} FROM information_schema.PROCESSLIST p
             LEFT JOIN information_schema.INNODB_TRX x ON x.trx_mysql_thread_id = p.ID WHERE p.ID IN ({union}{rows})"
        )
    }

    /// Those that might: in the same database, with a transaction or a statement older than the wait. Who stands before a
    /// table the server does not tell everybody, or at all.
    fn suspects(&self) -> String {
        let watched = &self.watched;
        let rows = match self.is_mariadb {
            true => String::new(),
            false => format!(
                " UNION SELECT {COLUMNS} FROM information_schema.INNODB_TRX r
                 JOIN information_schema.INNODB_TRX x ON x.trx_id <> r.trx_id AND x.trx_rows_locked > 0
                 JOIN information_schema.PROCESSLIST p ON p.ID = x.trx_mysql_thread_id
                 JOIN information_schema.PROCESSLIST w ON w.ID = r.trx_mysql_thread_id AND (p.DB = w.DB OR p.DB IS NULL)
                 WHERE r.trx_mysql_thread_id = {watched} AND r.trx_state = 'LOCK WAIT'"
            ),
        };
        format!(
            "SELECT DISTINCT {COLUMNS} FROM information_schema.PROCESSLIST w
             JOIN information_schema.PROCESSLIST p
               ON p.ID <> w.ID AND p.ID <> CONNECTION_ID() AND (p.DB = w.DB OR p.DB IS NULL)
             LEFT JOIN information_schema.INNODB_TRX x ON x.trx_mysql_thread_id = p.ID
             WHERE w.ID = {watched} AND w.STATE LIKE 'Waiting for%' AND w.STATE NOT LIKE 'Waiting for%row%'
               AND COALESCE(p.STATE, '') NOT LIKE 'Waiting for%metadata lock'
               AND (TIMESTAMPDIFF(SECOND, x.trx_started, NOW()) >= w.TIME
                 OR p.COMMAND IN ('Query', 'Execute') AND p.TIME >= w.TIME AND p.USER <> 'system user'){rows}"
        )
    }

    /// Asks MySQL in the way that only some logins may, and if this one may not, in the other.
    async fn ask_either(&mut self, better: &str, other: &str) -> Result<Vec<Row>, SqlError> {
        if self.is_mariadb {
            return self.ask(other).await;
        }
        match self.ask(better).await {
            Err(error) if !error.kind.is_lost() => self.ask(other).await,
            answer => answer,
        }
    }
}

#[async_trait]
impl Observer for Watch {
    async fn blockers(&mut self) -> Result<Vec<Blocker>, SqlError> {
        let keeps_list = self.keeps_list().await?;
        let known = match self.ask(&self.known(keeps_list)).await {
            Ok(rows) => Some(rows),
            Err(error) if error.kind.is_lost() => return Err(error),
            // MySQL's list of rows is not for everybody either.
            Err(_) => None,
        };
        if let Some(rows) = known
            && (keeps_list || !rows.is_empty())
        {
            return Ok(rows.into_iter().filter_map(blocker).collect());
        }
        let rows = self.ask(&self.suspects()).await?;
        Ok(rows.into_iter().filter_map(blocker).map(|blocker| Blocker { suspected: true, ..blocker }).collect())
    }

    async fn remaining(&mut self, blockers: &[Blocker]) -> Result<Vec<Blocker>, SqlError> {
        let ids: Vec<&str> = blockers.iter().map(|blocker| blocker.connection.as_str()).collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let ids = ids.iter().map(|id| literal(id)).collect::<Vec<_>>().join(", ");
        let sql = format!(
            "SELECT {COLUMNS} FROM information_schema.PROCESSLIST p
             LEFT JOIN information_schema.INNODB_TRX x ON x.trx_mysql_thread_id = p.ID WHERE p.ID IN ({ids})"
        );
        let present: Vec<Blocker> = self.ask(&sql).await?.into_iter().filter_map(blocker).collect();
        let same = |before: &&Blocker, now: &Blocker| {
            now.connection == before.connection
                && match &before.transaction {
                    Some(_) => now.transaction == before.transaction,
                    None => now.query == before.query,
                }
        };
        Ok(blockers.iter().filter(|before| present.iter().any(|now| same(before, now))).cloned().collect())
    }

    fn renewed_after(&self) -> Duration {
        // InnoDB renews its list of transactions for whoever asks when nobody has asked for a tenth of a second: who asks more
        // often sees the same for ever.
        Duration::from_millis(300)
    }

    async fn progress(&mut self) -> Result<Option<String>, SqlError> {
        let watched = self.watched.clone();
        let stage = format!(
            "SELECT p.STATE, (SELECT CONCAT(ROUND(100 * s.WORK_COMPLETED / s.WORK_ESTIMATED), ' %')
               FROM performance_schema.events_stages_current s JOIN performance_schema.threads t ON t.THREAD_ID = s.THREAD_ID
               WHERE t.PROCESSLIST_ID = p.ID AND s.WORK_ESTIMATED > 0 LIMIT 1)
             FROM information_schema.PROCESSLIST p WHERE p.ID = {watched} AND p.COMMAND <> 'Sleep'"
        );
        let progress = "/*M!, CASE WHEN MAX_STAGE > 0 THEN CONCAT('stage ', STAGE, ' of ', MAX_STAGE, ', ', ROUND(PROGRESS), ' %') END */";
        let state = format!(
            "SELECT STATE {progress} FROM information_schema.PROCESSLIST WHERE ID = {watched} AND COMMAND <> 'Sleep'"
        );
        let row = self.ask_either(&stage, &state).await?.into_iter().next().unwrap_or_default();
        let said: Vec<EcoString> = row.into_iter().flatten().filter(|text| !text.is_empty()).collect();
        Ok((!said.is_empty()).then(|| said.join(": ")))
    }

    async fn is_busy(&mut self) -> Result<bool, SqlError> {
        let sql = format!("SELECT COMMAND FROM information_schema.PROCESSLIST WHERE ID = {}", self.watched);
        let command = self.ask(&sql).await?.concat().into_iter().next().flatten();
        Ok(command.is_some_and(|command| command != "Sleep"))
    }

    fn hang_up(&mut self) {
        self.link = None;
    }

    async fn cancel(&mut self) -> Result<(), SqlError> {
        let sql = format!("KILL QUERY {}", self.watched);
        self.ask(&sql).await.map(|_| ())
    }

    async fn close(self: Box<Self>) {
        if let Some(link) = self.link {
            link.close().await;
        }
    }
}

fn blocker(row: Row) -> Option<Blocker> {
    let [connection, transaction, user, command, age, time, query] = <[Option<EcoString>; 7]>::try_from(row).ok()?;
    let seconds = |text: &Option<EcoString>| text.as_deref()?.parse().ok().map(Duration::from_secs);
    let state = match (command.as_deref(), &transaction) {
        (Some("Sleep"), Some(_)) => Some("idle in transaction".to_owned()),
        (Some("Sleep"), None) => Some("idle".to_owned()),
        (Some(_), _) => Some("active".to_owned()),
        (None, _) => None,
    };
    Some(Blocker {
        connection: connection?.into(),
        age: seconds(&age).or(seconds(&time)),
        transaction: transaction.map(String::from),
        user: user.map(String::from),
        application: None,
        state,
        query: query.map(String::from),
        suspected: false,
    })
}
