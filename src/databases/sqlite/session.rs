//! One connection to SQLite.

use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, SqlSafeStr};

use super::super::{
    About, Address, BatchError, ConnectError, ErrorKind, File, Holder, LockName, Notices, Observer, Row, Session,
    SqlError, Target,
};
use super::dialect::{self, GUARD};
use super::errors::{is_input_output, sql_error};
use super::handover::{BETWEEN, Verb, ask, drain, groups, shortfall};
use super::lockfile::{self, LockFile};
use super::observer::{Cancellation, SqliteObserver};
use super::{handle, lockers, mounts};

/// One connection to SQLite.
pub(super) struct SqliteSession {
    /// None once its thread is gone.
    connection: Option<SqliteConnection>,
    /// None in memory.
    file: Option<File>,
    lock_path: Option<PathBuf>,
    lock: Option<LockFile>,
    about: About,
    who: String,
    /// Whether a transaction is open, as SQLite said after the last statement.
    in_transaction: bool,
    cancellation: Cancellation,
    notices: Notices,
}

impl SqliteSession {
    pub(super) async fn open(address: &Address, who: &str) -> Result<Self, ConnectError> {
        let file = match &address.target {
            Target::File(file) => Some(file.clone()),
            _ => None,
        };
        if let Some(file) = &file {
            check_place(file)?;
        }
        let explain = |error: &sqlx::Error| refuse(address, &sql_error(error));
        let cancellation = Cancellation::default();
        let mut connection = connect(file.as_ref(), &cancellation).await.map_err(|error| explain(&error))?;
        // Reads the file's header, which nothing before did: it may be no database at all.
        let version = ask(&mut connection, "SELECT sqlite_version(), (SELECT count(*) FROM sqlite_master)").await;
        let version = version.map_err(|error| explain(&error))?;
        let version = version.into_iter().flatten().flatten().next().unwrap_or_default();
        let place = file.as_ref().map(|file| file.path.canonicalize().unwrap_or_else(|_| file.path.clone()));
        let mut warnings = address.warnings.clone();
        if let Some(kind) = place.as_deref().and_then(mounts::network_file_system) {
            warnings.push(format!(
                "`{}` lies on a network file system ({kind}), where SQLite's locks are not to be relied on",
                address.shown()
            ));
        }
        let about = About {
            product: format!("SQLite {version}"),
            version: version.split('.').filter_map(|number| number.parse().ok()).collect(),
            database: place.as_deref().map_or_else(|| ":memory:".to_owned(), |path| path.display().to_string()),
            schema: None,
            history: None,
            user: String::new(),
            connection: std::process::id().to_string(),
            warnings,
        };
        let lock_path = place.as_deref().map(lockfile::path_beside);
        let (connection, who) = (Some(connection), who.to_owned());
        Ok(SqliteSession {
            connection,
            file,
            lock_path,
            lock: None,
            about,
            who,
            in_transaction: false,
            cancellation,
            notices: Notices::default(),
        })
    }

    /// Runs one statement.
    async fn run(&mut self, sql: &str) -> Result<(), SqlError> {
        self.run_all(0, &[sql]).await.map_err(|failed| failed.error)
    }

    /// Runs statements in one go: to hand each over to the driver's thread and wait for its answer costs more than most of
    /// them take. `first` is the number of the first of them among those that are sent together.
    async fn run_all(&mut self, first: usize, parts: &[&str]) -> Result<(), BatchError> {
        let Some(last) = parts.len().checked_sub(1) else { return Ok(()) };
        let refuse = |part: usize, error| Err(BatchError { part, ran: part, error });
        let verbs: Vec<Verb> = parts.iter().map(|sql| Verb::of(sql)).collect();
        if verbs == [Verb::Rollback] && !self.in_transaction {
            // The engine has rolled back by itself, as it does when the disk is full.
            return Ok(());
        }
        let Some(connection) = self.connection.as_mut() else { return refuse(0, closed()) };
        if let Some(limit) = parts.iter().rev().find_map(|sql| dialect::limit(sql)) {
            self.cancellation.limit(limit);
        }
        let mut completed = 0;
        let notices = self.notices.clone();
        let speaks = |part: &usize| verbs[*part] != Verb::None;
        let heard = |completed: usize, row: &SqliteRow| {
            let part = (0..parts.len()).filter(speaks).nth(completed);
            part.and_then(|part| shortfall(first + part, row)).into_iter().for_each(|notice| notices.push(notice));
        };
        let drained = drain(connection, &parts.join(BETWEEN), &mut completed, &self.cancellation, heard).await;
        let expired = self.cancellation.end();
        // SQLite passes over those that say nothing.
        let mut speaking = (0..parts.len()).filter(speaks);
        let part = match (&drained, speaking.nth(completed)) {
            (Ok(()), None) => parts.len(),
            (Ok(()), Some(part)) => {
                let error = format!("SQLite saw {completed} statements where `migrate` sees {}", parts.len());
                self.look().await.map_err(|error| BatchError { part, ran: part, error })?;
                return refuse(part, SqlError::new(ErrorKind::Other, error));
            }
            (Err(_), stopped) => stopped.unwrap_or(last),
        };
        for verb in &verbs[..part] {
            match verb {
                Verb::Begin => self.in_transaction = true,
                Verb::Commit | Verb::Rollback => self.in_transaction = false,
                Verb::None | Verb::Other => {}
            }
        }
        let Err(error) = drained else { return Ok(()) };
        let (sql, verb) = (parts[part], verbs[part]);
        let mut error = sql_error(&error);
        if let Some(limit) = expired.filter(|_| error.kind == ErrorKind::Cancelled) {
            let message = format!("the statement took longer than {limit:?}");
            error = SqlError { code: error.code, ..SqlError::new(ErrorKind::StatementTimeout, message) };
        }
        let was_open = self.in_transaction;
        let state = match self.look().await {
            Ok(state) => state,
            Err(error) => return refuse(part, error),
        };
        let ended = was_open && !state.in_transaction;
        let offset = match part {
            0 => state.error_offset,
            // The driver has put the statements before away, and with them what SQLite said of this one.
            _ => self.misreading(sql).await,
        };
        let indent = sql.len() - sql.trim_start().len();
        error.position = offset.map(|offset| indent + offset).filter(|offset| sql.is_char_boundary(*offset));
        if sql.contains(GUARD) && error.message == "integer overflow" {
            error.kind = ErrorKind::GuardFailed;
        }
        if verb == Verb::Commit && ended && is_input_output(&error) {
            error.kind = ErrorKind::ConnectionLost;
        } else if verb == Verb::Other && ended {
            error.context = Some("SQLite rolled the whole transaction back".to_owned());
        }
        if error.kind == ErrorKind::ConnectionLost {
            self.connection = None;
        }
        refuse(part, error)
    }

    /// Where SQLite cannot read a statement, in bytes behind its indentation, if it cannot.
    async fn misreading(&mut self, sql: &str) -> Option<usize> {
        let connection = self.connection.as_mut()?;
        let unread = connection.prepare(AssertSqlSafe(sql).into_sql_str()).await.is_err();
        self.look().await.ok()?.error_offset.filter(|_| unread)
    }

    /// Asks SQLite itself what became of the transaction.
    async fn look(&mut self) -> Result<handle::State, SqlError> {
        let connection = self.connection.as_mut().ok_or_else(closed)?;
        match handle::state(connection).await {
            Ok(state) => {
                self.in_transaction = state.in_transaction;
                Ok(state)
            }
            Err(error) => {
                self.connection = None;
                Err(sql_error(&error))
            }
        }
    }
}

fn closed() -> SqlError {
    SqlError::new(ErrorKind::ConnectionLost, "the connection was closed after an error")
}

/// Opens the file, by setters only.
async fn connect(file: Option<&File>, cancellation: &Cancellation) -> Result<SqliteConnection, sqlx::Error> {
    handle::forgo_statistics();
    let mut options = SqliteConnectOptions::new()
        // Waiting is the caller's business: it says what it waits for.
        .busy_timeout(BUSY)
        .foreign_keys(true)
        // KiB. What does not fit, the system has in its own cache; a script may say otherwise.
        .pragma("cache_size", "-1024")
        .disable_statement_logging();
    if let Some(file) = file {
        // SQLite reads a name that begins with `file:` as a URI.
        let path = if file.path.starts_with("file:") || file.path.to_string_lossy().starts_with("file:") {
            Path::new(".").join(&file.path)
        } else {
            file.path.clone()
        };
        options = options.filename(path).create_if_missing(file.create).read_only(file.read_only);
        if let Some(vfs) = &file.vfs {
            options = options.vfs(vfs.clone());
        }
    }
    let mut connection = options.connect().await?;
    cancellation.watch(&mut connection).await?;
    Ok(connection)
}

/// What can be said more clearly than SQLite's "unable to open database file".
fn check_place(file: &File) -> Result<(), ConnectError> {
    let shown = file.path.display();
    let refuse =
        |message: String, hint: &str| Err(ConnectError { message, hint: Some(hint.to_owned()), starting: false });
    if file.path.is_dir() {
        return refuse(format!("`{shown}` is a folder"), "name the database's file");
    }
    if file.path.exists() {
        return Ok(());
    }
    let folder = file.path.parent().filter(|folder| !folder.as_os_str().is_empty());
    match folder {
        Some(folder) if !folder.is_dir() => {
            refuse(format!("there is no folder `{}`", folder.display()), "create it, or correct the address")
        }
        _ if !file.create => refuse(
            format!("there is no database `{shown}`"),
            "`migrate up` creates it, unless the address says `mode=rw`",
        ),
        _ => Ok(()),
    }
}

fn refuse(address: &Address, error: &SqlError) -> ConnectError {
    let shown = address.shown();
    let starting = error.kind == ErrorKind::LockTimeout;
    if let (true, Target::File(file)) = (starting, &address.target) {
        let who = lockers::of(&file.path).unwrap_or_else(|| "another process".to_owned());
        let hint = "let it finish its transaction, or end it; `--wait 60s` gives it longer".to_owned();
        let message = format!("cannot open `{shown}`: {who} has locked it ({})", error.message);
        return ConnectError { message, hint: Some(hint), starting };
    }
    let hint = match error.code.as_deref() {
        Some("26") => Some("the file is no SQLite database".to_owned()),
        _ => None,
    };
    ConnectError { message: format!("cannot open `{shown}`: {}", error.message), hint, starting }
}

/// How long SQLite itself waits for a file that another process is writing: long enough for a commit to pass, short
/// enough that whoever waits longer can be told.
const BUSY: Duration = Duration::from_secs(1);

#[async_trait]
impl Session for SqliteSession {
    fn about(&self) -> &About {
        &self.about
    }

    async fn execute(&mut self, parts: &[&str]) -> Result<(), BatchError> {
        self.cancellation.clear();
        // SQLite would stop reading there, and the driver ask it to go on for ever.
        if let Some(part) = parts.iter().position(|sql| sql.contains('\0')) {
            let error = SqlError::new(ErrorKind::Other, "the statement contains a NUL character");
            return Err(BatchError { part, ran: 0, error });
        }
        let mut start = 0;
        for group in groups(parts) {
            let before =
                |failed: BatchError| BatchError { part: failed.part + start, ran: failed.ran + start, ..failed };
            self.run_all(start, group).await.map_err(before)?;
            start += group.len();
        }
        let Some(part) = parts.len().checked_sub(1) else { return Ok(()) };
        // Once for all parts: none of them ends a transaction in silence, but that must not be taken on trust.
        let expected = self.in_transaction;
        let state = self.look().await.map_err(|error| BatchError { part, ran: part, error })?;
        match expected && !state.in_transaction {
            true => Err(BatchError {
                part,
                ran: part,
                error: SqlError::new(ErrorKind::TransactionEnded, "the transaction was ended"),
            }),
            false => Ok(()),
        }
    }

    async fn query(&mut self, sql: &str) -> Result<Vec<Row>, SqlError> {
        if sql.contains('\0') {
            return Err(SqlError::new(ErrorKind::Other, "the query contains a NUL character"));
        }
        let connection = self.connection.as_mut().ok_or_else(closed)?;
        ask(connection, sql).await.map_err(|error| sql_error(&error))
    }

    async fn try_lock(&mut self, _lock: &LockName) -> Result<bool, SqlError> {
        let Some(path) = &self.lock_path else { return Ok(true) };
        if self.lock.is_some() {
            return Ok(true);
        }
        match LockFile::try_take(path, &self.who) {
            Ok(lock) => {
                self.lock = lock;
                Ok(self.lock.is_some())
            }
            Err(error) => {
                let kind = match error.kind() {
                    std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
                        ErrorKind::ReadOnly
                    }
                    std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => ErrorKind::Full,
                    _ => ErrorKind::Other,
                };
                let message = format!("cannot create the lock file `{}` beside the database: {error}", path.display());
                Err(SqlError::new(kind, message))
            }
        }
    }

    async fn holder(&mut self, _lock: &LockName) -> Result<Option<Holder>, SqlError> {
        Ok(self.lock_path.as_deref().and_then(lockfile::holder))
    }

    async fn unlock(&mut self, _lock: &LockName) -> Result<bool, SqlError> {
        if self.lock_path.is_none() {
            return Ok(true);
        }
        Ok(self.lock.take().is_some_and(LockFile::release))
    }

    async fn end_idle(&mut self, _connection: &str) -> Result<(), SqlError> {
        Ok(())
    }

    fn announce(&mut self, doing: &str) -> Option<String> {
        if let Some(lock) = &mut self.lock {
            // Nothing depends on it but what those who wait are told.
            let _ = lock.sign(&format!("{} {doing}", self.who));
        }
        None
    }

    fn notices(&self) -> Notices {
        self.notices.clone()
    }

    async fn reset(&mut self) -> Result<(), SqlError> {
        if self.in_transaction {
            self.run("ROLLBACK").await?;
        }
        if let Some(file) = &self.file {
            // Nothing of a session outlives its connection, and the lock does not belong to the connection.
            let file = File { create: false, ..file.clone() };
            let new = connect(Some(&file), &self.cancellation).await.map_err(|error| sql_error(&error))?;
            if let Some(old) = self.connection.replace(new) {
                let _ = old.close().await;
            }
            return Ok(());
        }
        let names = "SELECT 'DETACH ' || quote(name) FROM pragma_database_list WHERE name NOT IN ('main', 'temp') \
                     UNION ALL SELECT 'DROP ' || type || ' temp.' || '\"' || replace(name, '\"', '\"\"') || '\"' \
                     FROM sqlite_temp_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%'";
        for undo in self.query(names).await?.into_iter().flatten().flatten() {
            self.run(&undo).await?;
        }
        self.run("PRAGMA foreign_keys = ON").await
    }

    fn observer(&self) -> Option<Box<dyn Observer>> {
        Some(Box::new(SqliteObserver(self.cancellation.clone())))
    }

    async fn close(mut self: Box<Self>) {
        if let Some(connection) = self.connection.take() {
            let _ = connection.close().await;
        }
        if let Some(lock) = self.lock.take() {
            lock.release();
        }
    }
}
