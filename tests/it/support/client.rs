//! The databases' own client programs: a path to the data that shares nothing with the program under test.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use super::programs;
use super::servers::{self, Server, USER};
use super::{Engine, TestDatabase};

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum As {
    /// The user whom the program under test is, too.
    Tester,
    /// The superuser, through the server's socket.
    Administrator,
}

/// No text in a test contains these.
const FIELD: char = '\u{1f}';
const RECORD: char = '\u{1e}';
const MARK: &str = "coexist-client-mark";

/// Runs SQL on a server and returns what the client printed.
///
/// # Errors
///
/// What the client complained about.
pub fn try_sql(server: &Server, who: As, database: &str, sql: &str) -> Result<String, String> {
    run(server_client(server, who, database)?, sql)
}

/// Runs SQL in a test's database.
pub fn try_sql_in(database: &TestDatabase, sql: &str) -> Result<String, String> {
    run(database.client()?, sql)
}

/// The rows of one query, every value as text, `NULL` for null.
pub fn read_rows(engine: Engine, output: &str) -> Vec<Vec<String>> {
    match engine {
        Engine::Postgres if output.is_empty() => Vec::new(),
        Engine::Postgres => {
            let output = output.strip_suffix('\n').unwrap_or(output);
            output.split(RECORD).map(|record| record.split(FIELD).map(str::to_owned).collect()).collect()
        }
        Engine::Mariadb => output.lines().map(|line| line.split('\t').map(unescape).collect()).collect(),
        Engine::Sqlite => {
            output.split_terminator(RECORD).map(|record| record.split(FIELD).map(str::to_owned).collect()).collect()
        }
    }
}

/// MariaDB's client writes one row per line and so escapes what would break it.
fn unescape(field: &str) -> String {
    let mut text = String::with_capacity(field.len());
    let mut characters = field.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => text.push(match characters.next() {
                Some('n') => '\n',
                Some('t') => '\t',
                Some('0') => '\0',
                Some(other) => other,
                None => '\\',
            }),
            other => text.push(other),
        }
    }
    text
}

/// The client program, ready to read SQL from its input and to stop at the first error.
pub(super) fn server_client(server: &Server, who: As, database: &str) -> Result<Command, String> {
    let engine = server.engine();
    let port = server.address().port().to_string();
    let names: &[&str] = match server.dialect() {
        "mysql" => &["mysql", "mariadb"],
        "mariadb" => &["mariadb", "mysql"],
        _ => &["psql"],
    };
    let mut command = programs::command(programs::find(engine, names)?, None, server.folder());
    if engine == Engine::Postgres {
        command.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-P", "null=NULL", "-f", "-"]);
        command.args(["-F", &FIELD.to_string(), "-R", &RECORD.to_string(), "-p", &port, "-d", database]);
        command.env("PGCLIENTENCODING", "UTF8").env("PGOPTIONS", "-c client_min_messages=warning");
        match who {
            As::Tester => command.args(["-h", "127.0.0.1", "-U", USER]).env("PGPASSWORD", servers::password()),
            As::Administrator => command.arg("-h").arg(server.folder()).args(["-U", "postgres"]),
        };
    } else {
        command.args([
            "--no-defaults",
            "--batch",
            "--skip-column-names",
            "--unbuffered",
            "--default-character-set=utf8mb4",
        ]);
        match who {
            As::Tester => command
                .args(["--protocol=tcp", "--host=127.0.0.1", "--port", &port, "--user", USER])
                .env("MYSQL_PWD", servers::password()),
            As::Administrator => command.arg("--socket").arg(server.folder().join("socket")).args(["--user", "root"]),
        };
        command.arg(database);
    }
    Ok(command)
}

/// The `sqlite3` shell on a file.
pub(super) fn file_client(file: &std::path::Path) -> Result<Command, String> {
    let home = file.parent().expect("a file in a folder");
    let mut command = programs::command(programs::find(Engine::Sqlite, &["sqlite3"])?, None, home);
    // Without `-init` the shell would say on stderr that the user has no file of that kind.
    command.args(["-init", "/dev/null", "-batch", "-bail", "-ascii", "-noheader", "-nullvalue", "NULL"]);
    command.args(["-cmd", ".timeout 10000"]).arg(file);
    Ok(command)
}

fn run(mut command: Command, sql: &str) -> Result<String, String> {
    let program = command.get_program().display().to_string();
    let failed = |error| format!("cannot run `{program}`: {error}");
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(failed)?;
    let mut stdin = child.stdin.take().expect("piped");
    let sql = sql.to_owned();
    // A client that stops at an error does not read the rest: not being heard is no failure here.
    let writer = thread::spawn(move || drop(stdin.write_all(sql.as_bytes())));
    let output = child.wait_with_output().map_err(failed)?;
    writer.join().expect("writing does not panic");
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

/// An open session of the database's own client, for tests that hold a transaction or a lock while the program runs.
///
/// Dropping it kills the client; the server then rolls its transaction back.
pub struct Client {
    engine: Engine,
    child: Child,
    stdin: ChildStdin,
    lines: Receiver<String>,
}

impl Client {
    pub(super) fn start(engine: Engine, mut command: Command) -> Client {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create("/dev/null").expect("it exists"))
            .spawn()
            .expect("the client program starts");
        let stdin = child.stdin.take().expect("piped");
        let stdout = BufReader::new(child.stdout.take().expect("piped"));
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Client { engine, child, stdin, lines }
    }

    /// Sends SQL and does not wait for its end.
    pub fn send(&mut self, sql: &str) {
        writeln!(self.stdin, "{sql}").expect("the client still reads");
        match self.engine {
            Engine::Postgres => writeln!(self.stdin, "\\echo {MARK}"),
            Engine::Mariadb => writeln!(self.stdin, "select '{MARK}';"),
            Engine::Sqlite => writeln!(self.stdin, ".print {MARK}"),
        }
        .expect("the client still reads");
        self.stdin.flush().expect("the client still reads");
    }

    /// Waits until everything sent has ended, and returns what the client printed.
    ///
    /// # Errors
    ///
    /// When that takes longer than `limit`, or a statement failed: the client ends at the first error.
    pub fn wait(&mut self, limit: Duration) -> Result<String, String> {
        let mut text = String::new();
        loop {
            let line = self.lines.recv_timeout(limit).map_err(|error| format!("{error}, after: {text}"))?;
            if let Some(rest) = line.strip_suffix(MARK) {
                text.push_str(rest);
                return Ok(text);
            }
            text.push_str(&line);
            text.push('\n');
        }
    }

    /// Runs SQL and returns what the client printed.
    ///
    /// # Panics
    ///
    /// When it fails or takes longer than a minute.
    pub fn sql(&mut self, sql: &str) -> String {
        self.send(sql);
        self.wait(Duration::from_secs(60)).unwrap_or_else(|error| panic!("`{sql}` in an open session: {error}"))
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_client_escaped_is_read_back() {
        assert_eq!(unescape(r"a\tb\nc\\n\0"), "a\tb\nc\\n\0");
        assert_eq!(read_rows(Engine::Mariadb, "1\tNULL\n\t\n"), [["1", "NULL"], ["", ""]]);
        assert_eq!(read_rows(Engine::Postgres, ""), Vec::<Vec<String>>::new());
        assert_eq!(read_rows(Engine::Postgres, "\n"), [[""]]);
        assert_eq!(read_rows(Engine::Postgres, "1\u{1f}a\nb\u{1e}2\u{1f}\n"), [["1", "a\nb"], ["2", ""]]);
        assert_eq!(read_rows(Engine::Sqlite, "1\u{1f}a\u{1e}2\u{1f}\u{1e}"), [["1", "a"], ["2", ""]]);
    }

    each_database! {
        /// A marker after each text tells where its answer ends, also within a transaction.
        fn an_open_session_holds_its_transaction(db: TestDatabase) {
            db.sql("create table t (a int); insert into t values (1);");
            let mut session = db.open();
            session.sql("begin;");
            session.sql("update t set a = 2;");
            assert_eq!(session.sql("select a from t;").trim_matches(['\n', RECORD]), "2");
            assert_eq!(db.rows("select a from t"), [["1"]], "nobody else sees it yet");
            drop(session);
            std::thread::sleep(Duration::from_millis(200));
            assert_eq!(db.rows("select a from t"), [["1"]], "nobody ever will");
        }

        fn an_open_session_tells_of_an_error(db: TestDatabase) {
            let mut session = db.open();
            session.send("select * from nothing;");
            assert!(session.wait(Duration::from_secs(10)).is_err());
        }
    }
}
