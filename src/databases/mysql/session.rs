//! One connection to MySQL or MariaDB.

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use ecow::EcoString;
use futures_util::StreamExt as _;
use sqlx::mysql::{MySqlConnectOptions, MySqlRow};
use sqlx::{AssertSqlSafe, Connection as _, Either, MySql, MySqlConnection, Row as _, ValueRef as _};

use super::batch::{Message, messages};
use super::dialect::{WARNINGS, literal, quote};
use super::error::{from_driver, from_row, locate};
use super::observer::Watch;
use super::traces::{Trace, chosen, is_unread, reports_in_rows, trace};
use crate::databases::{
    About, BatchError, ErrorKind, Holder, LockName, Notice, Notices, Observer, Row, Session, Severity, SqlError,
};
use crate::sql::Lexis;

/// How [`Session::announce`] begins.
pub(super) const DOING: &str = "SET @coexist_doing=";

/// A message is no longer than this, unless one statement is: more would save no round trips worth having.
const COMFORTABLE: usize = 1 << 20;

/// How long a farewell may take.
const FAREWELL: Duration = Duration::from_secs(1);

/// Errors that say a variable cannot be set for one session: then no script has, either.
const NOT_OURS: [&str; 4] = ["1193", "1229", "1238", "1621"];

/// Variables that differ by themselves.
const RESTLESS: [&str; 13] = [
    "timestamp",
    "rand_seed1",
    "rand_seed2",
    "last_insert_id",
    "identity",
    "insert_id",
    "error_count",
    "warning_count",
    "in_transaction",
    "pseudo_thread_id",
    "gtid_executed",
    "last_gtid",
    "gtid_binlog_pos",
];

/// One connection.
pub(super) struct MySqlSession {
    link: Link,
    about: About,
    options: MySqlConnectOptions,
    patience: Option<Duration>,
    is_mariadb: bool,
    /// The server's limit for one message.
    largest: usize,
    /// Whether a script may have changed the session since it was opened or reset.
    dirty: bool,
    /// The variables as they were before the first script that may have changed them.
    variables: Option<HashMap<EcoString, EcoString>>,
    /// The database in use, as far as scripts have said.
    database: String,
    /// What takes away things that no list of the server shows.
    litter: Vec<String>,
    notices: Notices,
}

impl MySqlSession {
    pub(super) fn new(
        link: Link,
        about: About,
        options: MySqlConnectOptions,
        patience: Option<Duration>,
        facts: Facts,
    ) -> Self {
        MySqlSession {
            link,
            database: about.database.clone(),
            about,
            options,
            patience,
            is_mariadb: facts.is_mariadb,
            largest: facts.largest,
            dirty: false,
            variables: None,
            litter: Vec::new(),
            notices: Notices::default(),
        }
    }

    async fn variables(&mut self) -> Result<HashMap<EcoString, EcoString>, SqlError> {
        let rows = self.link.query("SHOW SESSION VARIABLES").await?;
        let pair = |row: Row| {
            let mut cells = row.into_iter().flatten();
            Some((cells.next()?, cells.next()?))
        };
        Ok(rows.into_iter().filter_map(pair).collect())
    }

    /// Remembers what these statements will do to the session, before they do it.
    async fn brace(&mut self, parts: &[&str]) -> Result<(), SqlError> {
        let mut traces = Vec::new();
        for part in parts {
            traces.push(trace(part, &self.database));
            if let Some(database) = chosen(part) {
                self.database = database;
            }
        }
        traces.retain(|trace| *trace != Trace::None);
        if traces.is_empty() {
            return Ok(());
        }
        if self.variables.is_none() {
            self.variables = Some(self.variables().await?);
        }
        self.dirty = true;
        self.litter.extend(traces.into_iter().filter_map(|trace| match trace {
            Trace::Litter(statement) => Some(statement),
            Trace::None | Trace::Dirt => None,
        }));
        Ok(())
    }

    /// What the statement was refused for: the part, and the error as seen from it.
    async fn send(&mut self, message: &Message, parts: &[&str]) -> Result<(), BatchError> {
        let (mut results, mut reported) = (0, None);
        let notices = self.notices.clone();
        let heard = |item: Either<_, MySqlRow>| match item {
            Either::Left(_) => results += 1,
            Either::Right(row) => {
                let part = message.part_after(results);
                if parts[part] == WARNINGS {
                    notices.push(warning(part, text(&row)));
                } else if reports_in_rows(parts[part]) {
                    reported = reported.take().or_else(|| from_row(&text(&row)));
                }
            }
        };
        let sent = self.link.send(&message.text, heard).await;
        let part = message.part_after(results);
        if let Err(error) = sent {
            let mut refused = from_driver(&error, parts[part]);
            if refused.kind == ErrorKind::ConnectionLost {
                self.link.lost = true;
            }
            locate(&mut refused, &message.text, message.place(part));
            return Err(BatchError { part, ran: part, error: refused });
        }
        if let Some(error) = reported {
            // It is the last of its message.
            let part = message.parts.end - 1;
            return Err(BatchError { part, ran: part, error });
        }
        if let Some(expected) = message.results.filter(|expected| *expected != results) {
            let error = format!(
                "the server saw {results} statements where `migrate` sees {expected}: does a `sql_mode` change what quotes or backslashes mean?"
            );
            return Err(BatchError { part, ran: part, error: SqlError::new(ErrorKind::Other, error) });
        }
        Ok(())
    }

    /// What `migrate` says of itself in another session, where the server lets us look.
    async fn doing(&mut self, connection: &str) -> Option<String> {
        let rows = self
            .link
            .query(&format!(
                "SELECT CONVERT(v.VARIABLE_VALUE USING utf8mb4) FROM performance_schema.user_variables_by_thread v
                 JOIN performance_schema.threads t ON t.THREAD_ID = v.THREAD_ID
                 WHERE t.PROCESSLIST_ID = {connection} AND v.VARIABLE_NAME = 'coexist_doing'"
            ))
            .await;
        rows.ok()?.into_iter().next()?.into_iter().next()?.map(String::from)
    }

    async fn one(&mut self, sql: &str) -> Result<Option<EcoString>, SqlError> {
        let rows = self.link.query(sql).await?;
        Ok(rows.into_iter().next().and_then(|row| row.into_iter().next()).flatten())
    }
}

#[async_trait]
impl Session for MySqlSession {
    fn about(&self) -> &About {
        &self.about
    }

    async fn execute(&mut self, parts: &[&str]) -> Result<(), BatchError> {
        let refuse = |part: usize| move |error| BatchError { part, ran: 0, error };
        if let Some(part) = parts.iter().position(|part| part.len() >= self.largest) {
            let mib = |bytes: usize| bytes.div_ceil(1 << 20);
            let mut error = SqlError::new(
                ErrorKind::Other,
                format!(
                    "the statement has {} MiB, and the server takes at most {} MiB (`max_allowed_packet`)",
                    mib(parts[part].len()),
                    mib(self.largest)
                ),
            );
            error.hint = Some("cut it into several statements, or raise `max_allowed_packet` on the server".to_owned());
            return Err(refuse(part)(error));
        }
        self.brace(parts).await.map_err(refuse(0))?;
        // A blank part would be an empty query, which is an error and in no need of being sent; so would one that is all
        // in comments for other servers.
        let lexis = if self.is_mariadb { &Lexis::MARIADB } else { &Lexis::MYSQL };
        let is_blank = |part: &str| part.trim().is_empty() || is_unread(part, lexis, &self.about.version);
        let (indexes, kept): (Vec<usize>, Vec<&str>) =
            parts.iter().enumerate().filter(|(_, part)| !is_blank(part)).map(|(index, part)| (index, *part)).unzip();
        for message in messages(&kept, self.largest.min(COMFORTABLE)) {
            let sent = self.send(&message, &kept).await;
            sent.map_err(|refused| BatchError { part: indexes[refused.part], ran: indexes[refused.part], ..refused })?;
        }
        Ok(())
    }

    async fn query(&mut self, sql: &str) -> Result<Vec<Row>, SqlError> {
        self.link.query(sql).await
    }

    async fn try_lock(&mut self, lock: &LockName) -> Result<bool, SqlError> {
        match self.one(&format!("SELECT GET_LOCK({}, 0)", literal(&lock.word))).await?.as_deref() {
            Some("1") => Ok(true),
            Some(_) => Ok(false),
            None => Err(SqlError::new(
                ErrorKind::Other,
                "the server could not tell whether the lock is free (GET_LOCK gave NULL)",
            )),
        }
    }

    async fn holder(&mut self, lock: &LockName) -> Result<Option<Holder>, SqlError> {
        let sql = format!(
            "SELECT l.id, p.USER, p.HOST, p.INFO FROM (SELECT IS_USED_LOCK({}) AS id) l
             LEFT JOIN information_schema.PROCESSLIST p ON p.ID = l.id",
            literal(&lock.word)
        );
        let row = self.link.query(&sql).await?.into_iter().next().unwrap_or_default();
        let [Some(connection), user, from, query] = &row[..] else { return Ok(None) };
        let owned = |text: &Option<EcoString>| text.as_deref().map(str::to_owned);
        let who = self.doing(connection).await;
        Ok(Some(Holder {
            who,
            connection: connection.to_string(),
            user: owned(user),
            from: owned(from),
            since: None,
            query: owned(query),
        }))
    }

    async fn unlock(&mut self, lock: &LockName) -> Result<bool, SqlError> {
        Ok(self.one(&format!("SELECT RELEASE_LOCK({})", literal(&lock.word))).await?.as_deref() == Some("1"))
    }

    async fn end_idle(&mut self, connection: &str) -> Result<(), SqlError> {
        let idle = format!(
            "SELECT ID FROM information_schema.PROCESSLIST WHERE ID = {} AND COMMAND = 'Sleep'",
            literal(connection)
        );
        match self.one(&idle).await? {
            Some(id) => self.link.query(&format!("KILL {id}")).await.map(|_| ()),
            None => Ok(()),
        }
    }

    fn announce(&mut self, doing: &str) -> Option<String> {
        Some(announcement(doing))
    }

    fn notices(&self) -> Notices {
        self.notices.clone()
    }

    async fn reset(&mut self) -> Result<(), SqlError> {
        if !self.dirty {
            return Ok(());
        }
        let database = quote(&self.about.database);
        self.link
            .query(&format!(
                "ROLLBACK; UNLOCK TABLES; USE {database}; SET NAMES utf8mb4, autocommit=1, timestamp=DEFAULT, completion_type=DEFAULT, sql_select_limit=DEFAULT"
            ))
            .await?;
        self.database.clone_from(&self.about.database);
        for statement in std::mem::take(&mut self.litter) {
            match self.link.query(&statement).await {
                // 1243: the script has taken its prepared statement back itself.
                Err(error) if error.kind == ErrorKind::ConnectionLost => return Err(error),
                _ => {}
            }
        }
        let before = self.variables.take().unwrap_or_default();
        let now = self.variables().await?;
        for (name, value) in &before {
            if RESTLESS.contains(&name.as_str()) || now.get(name) == Some(value) {
                continue;
            }
            let number = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
            let value = if number { value.to_string() } else { literal(value) };
            // What some variables say before they are set cannot be set.
            for value in [value.as_str(), "DEFAULT"] {
                match self.link.query(&format!("SET SESSION {name} = {value}")).await {
                    Ok(_) => break,
                    Err(error) if error.code.as_deref().is_some_and(|code| NOT_OURS.contains(&code)) => break,
                    Err(error) if value == "DEFAULT" || error.kind == ErrorKind::ConnectionLost => return Err(error),
                    Err(_) => {}
                }
            }
        }
        self.variables = Some(before);
        self.dirty = false;
        Ok(())
    }

    fn observer(&self) -> Option<Box<dyn Observer>> {
        Some(Box::new(Watch::new(self.about.connection.clone(), self.options.clone(), self.patience, self.is_mariadb)))
    }

    async fn close(self: Box<Self>) {
        self.link.close().await;
    }
}

/// The statement by which a session says what it is doing: MySQL has no other place for it.
pub(super) fn announcement(doing: &str) -> String {
    format!("{DOING}{}", literal(doing))
}

/// A row of `SHOW WARNINGS`: level, code, message.
fn warning(part: usize, row: Row) -> Notice {
    let mut cells = row.into_iter().map(Option::unwrap_or_default);
    let mut next = || cells.next().unwrap_or_default();
    let severity = if next() == "Note" { Severity::Notice } else { Severity::Warning };
    let code = next();
    Notice { part, severity, message: format!("{} ({code})", next()) }
}

/// What a session needs to know of its server.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts {
    pub is_mariadb: bool,
    pub largest: usize,
}

/// The driver's connection, and whether it can still be used.
pub(super) struct Link {
    connection: MySqlConnection,
    lost: bool,
}

impl Link {
    pub fn new(connection: MySqlConnection) -> Self {
        Link { connection, lost: false }
    }

    async fn send(
        &mut self,
        sql: &str,
        mut heard: impl FnMut(Either<sqlx::mysql::MySqlQueryResult, MySqlRow>) + Send,
    ) -> Result<(), sqlx::Error> {
        if self.lost {
            return Err(sqlx::Error::Protocol("it is gone".to_owned()));
        }
        let mut answers = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).fetch_many(&mut self.connection);
        while let Some(answer) = answers.next().await {
            heard(answer?);
        }
        Ok(())
    }

    /// Every row of every result.
    pub async fn query(&mut self, sql: &str) -> Result<Vec<Row>, SqlError> {
        let mut rows = Vec::new();
        let sent = self.send(sql, |answer| rows.extend(answer.right().map(|row| text(&row)))).await;
        match sent {
            Ok(()) => Ok(rows),
            Err(error) => {
                let mut refused = from_driver(&error, sql);
                self.lost |= refused.kind == ErrorKind::ConnectionLost;
                locate(&mut refused, sql, 0..sql.len());
                Err(refused)
            }
        }
    }

    pub async fn close(self) {
        if !self.lost {
            let _ = tokio::time::timeout(FAREWELL, self.connection.close()).await;
        }
    }
}

fn text(row: &MySqlRow) -> Row {
    (0..row.len())
        .map(|index| {
            let value = row.try_get_raw(index).ok().filter(|value| !value.is_null())?;
            let bytes = <&[u8] as sqlx::Decode<MySql>>::decode(value).ok()?;
            Some(String::from_utf8_lossy(bytes).into())
        })
        .collect()
}
