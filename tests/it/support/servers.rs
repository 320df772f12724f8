//! Private database servers: started once per run for all tests, or for one test that will kill it.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::client::{self, As, Client};
use super::programs::{self, Owner};
use super::{Engine, TestDatabase};

/// The user of every test database: may create databases, is no superuser.
pub const USER: &str = "tester";

/// Starts the server and waits for its end or ours, whichever comes first: reading from us ends when we do, however we do.
const GUARD: &str = r#"
folder=$1 signal=$2
shift 2
( "$@" </dev/null >>"$folder/log" 2>&1 & echo $! >"$folder/pid"; echo started; wait $!; echo ended ) &
read -r order
server=$(cat "$folder/pid")
kill -s "$signal" "$server" 2>/dev/null
kill -s CONT "$server" 2>/dev/null
wait
[ "$order" = keep ] || rm -rf "$folder"
"#;

/// How a server is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// As the kernel or a power cut ends it: nothing is written any more.
    Kill,
    /// At once, but by itself; the next start recovers.
    Quit,
    /// After it has put everything in order.
    Terminate,
}

impl Signal {
    fn name(self) -> &'static str {
        match self {
            Signal::Kill => "KILL",
            Signal::Quit => "QUIT",
            Signal::Terminate => "TERM",
        }
    }
}

/// A running PostgreSQL, MariaDB or MySQL server on a free port of the loopback interface.
pub struct Server {
    engine: Engine,
    dialect: &'static str,
    folder: PathBuf,
    owner: Option<Owner>,
    port: u16,
    process: Mutex<Option<Process>>,
    databases: AtomicU32,
    /// The superuser's sessions that nobody uses just now.
    idle: Mutex<Vec<Client>>,
}

/// A running server under its guard.
struct Process {
    guard: Child,
    orders: ChildStdin,
    ended: Arc<AtomicBool>,
    /// From its first answer until somebody ends it: a server that ends in between has crashed.
    wanted: Arc<AtomicBool>,
}

impl Server {
    /// The server that all tests of this run share; the first to ask starts it.
    ///
    /// # Panics
    ///
    /// When it is not installed or does not start, with what to do.
    pub fn shared(engine: Engine) -> Arc<Server> {
        static POSTGRES: OnceLock<Result<Arc<Server>, String>> = OnceLock::new();
        static MARIADB: OnceLock<Result<Arc<Server>, String>> = OnceLock::new();
        let server = match engine {
            Engine::Postgres => &POSTGRES,
            Engine::Mariadb => &MARIADB,
            Engine::Sqlite => panic!("SQLite has no server"),
        };
        server.get_or_init(|| Server::start(engine).map(Arc::new)).clone().unwrap_or_else(|error| panic!("{error}"))
    }

    /// A server for one test, which may kill it; ended and removed when it is dropped.
    pub fn private(engine: Engine) -> Arc<Server> {
        Server::start(engine).map(Arc::new).unwrap_or_else(|error| panic!("{error}"))
    }

    fn start(engine: Engine) -> Result<Server, String> {
        let owner = Owner::of(engine);
        let folder = programs::folder(engine, owner);
        let prepared = match engine {
            Engine::Postgres => prepare_postgres(&folder, owner).map(|()| "postgres"),
            Engine::Mariadb => prepare_mariadb(&folder, owner),
            Engine::Sqlite => panic!("SQLite has no server"),
        };
        let dialect = match prepared {
            Ok(dialect) => dialect,
            Err(error) => {
                fs::remove_dir_all(&folder).ok();
                return Err(error);
            }
        };
        let (process, databases, idle) = (Mutex::new(None), AtomicU32::new(0), Mutex::default());
        let mut server = Server { engine, dialect, folder, owner, port: 0, process, databases, idle };
        let mut attempt = 1;
        loop {
            server.port = free_port();
            match server.launch() {
                Ok(()) => break,
                // Another process was faster to take the port.
                Err(error) if attempt < 4 && error.to_lowercase().contains("address already in use") => attempt += 1,
                Err(error) => return Err(error),
            }
        }
        client::try_sql(&server, As::Administrator, server.engine.maintenance(), &server.first_words())?;
        Ok(server)
    }

    /// Creates the user of the tests.
    fn first_words(&self) -> String {
        let password = password();
        match self.engine {
            Engine::Postgres => format!("create role {USER} login createdb createrole password '{password}';"),
            _ => format!(
                "create user '{USER}'@'%' identified by '{password}';
                 grant all on `coexist\\_%`.* to '{USER}'@'%';
                 grant process on *.* to '{USER}'@'%';"
            ),
        }
    }

    /// Starts the server's program on its folder and port and waits until it answers.
    fn launch(&self) -> Result<(), String> {
        let (program, arguments) = match self.engine {
            Engine::Postgres => (programs::find(self.engine, &["postgres"])?, self.postgres_arguments()),
            _ => (programs::find(self.engine, &["mariadbd", "mysqld"])?, self.mariadb_arguments()),
        };
        let stop = if self.engine == Engine::Postgres { Signal::Quit } else { Signal::Kill };
        let mut guard = programs::command("/bin/sh", self.owner, &self.folder)
            .args(["-c", GUARD, "guard"])
            .arg(&self.folder)
            .arg(stop.name())
            .arg(program)
            .args(arguments)
            // Ctrl-C on the terminal is for the tests: the guard then sees them end.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // Where the shell reports a killed server.
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("cannot start `sh`: {error}"))?;
        let orders = guard.stdin.take().expect("piped");
        let lines = BufReader::new(guard.stdout.take().expect("piped")).lines();
        let [ended, wanted] = [(); 2].map(|()| Arc::new(AtomicBool::new(false)));
        thread::spawn({
            let (ended, wanted) = (ended.clone(), wanted.clone());
            let (engine, log) = (self.engine, self.folder.join("log"));
            move || {
                lines.map_while(Result::ok).any(|line| line == "ended");
                ended.store(true, Ordering::SeqCst);
                if wanted.load(Ordering::SeqCst) {
                    // Not `eprintln`, whose output belongs to the test that happened to start the server.
                    writeln!(std::io::stderr(), "{}", obituary(engine, &log)).ok();
                }
            }
        });
        *self.process() = Some(Process { guard, orders, ended: ended.clone(), wanted: wanted.clone() });
        let deadline = Instant::now() + Duration::from_secs(90);
        loop {
            let answers = TcpStream::connect(self.address()).is_ok()
                && client::try_sql(self, As::Administrator, self.engine.maintenance(), "select 1;").is_ok();
            // Whoever answers on the port must be ours.
            if answers && !ended.load(Ordering::SeqCst) {
                wanted.store(true, Ordering::SeqCst);
                return Ok(());
            }
            if ended.load(Ordering::SeqCst) || Instant::now() > deadline {
                let log = self.log();
                self.end(Signal::Kill);
                return Err(format!("the {} server did not start; its log:\n{log}", self.engine.name()));
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn postgres_arguments(&self) -> Vec<String> {
        let (folder, port) = (self.folder.display(), self.port);
        let mut arguments: Vec<String> = [
            "-D",
            &format!("{folder}/data"),
            "-k",
            &folder.to_string(),
            "-h",
            "127.0.0.1",
            "-p",
            &port.to_string(),
            "-F",
        ]
        .map(str::to_owned)
        .into();
        // Commits are still written before they are acknowledged: only a failing machine would lose one.
        for setting in [
            "full_page_writes=off",
            "max_connections=300",
            "max_prepared_transactions=10",
            "password_encryption=scram-sha-256",
            "log_line_prefix=%m [%p] <%d> ",
        ] {
            arguments.extend(["-c".to_owned(), setting.to_owned()]);
        }
        arguments
    }

    fn mariadb_arguments(&self) -> Vec<String> {
        let folder = self.folder.display();
        let mut arguments = vec![
            "--no-defaults".to_owned(),
            format!("--datadir={folder}/data"),
            format!("--socket={folder}/socket"),
            format!("--pid-file={folder}/mariadb.pid"),
            format!("--port={}", self.port),
            "--bind-address=127.0.0.1".to_owned(),
            "--max-connections=300".to_owned(),
        ];
        arguments.extend(MARIADB_WITHOUT_SYNC.map(str::to_owned));
        arguments
    }

    /// Ends the server and keeps its data, for [`Server::restart`].
    pub fn stop(&self, signal: Signal) {
        assert!(self.is_running(), "the server is not running");
        self.end(signal);
    }

    /// Ends the server as a power cut would.
    pub fn kill(&self) {
        self.stop(Signal::Kill);
    }

    /// Starts a stopped server again on the same data and port.
    pub fn restart(&self) {
        assert!(!self.is_running(), "the server is still running");
        let deadline = Instant::now() + Duration::from_secs(30);
        // The children of a killed server end a moment after it and hold its memory and port until then.
        while let Err(error) = self.launch() {
            assert!(Instant::now() < deadline, "{error}");
            thread::sleep(Duration::from_millis(100));
        }
    }

    fn end(&self, signal: Signal) {
        let Some(mut process) = self.process().take() else { return };
        self.idle().clear();
        process.wanted.store(false, Ordering::SeqCst);
        if !process.ended.load(Ordering::SeqCst) {
            self.signal(self.pid(), signal);
        }
        if signal == Signal::Terminate {
            let deadline = Instant::now() + Duration::from_secs(60);
            while !process.ended.load(Ordering::SeqCst) && Instant::now() < deadline {
                thread::sleep(Duration::from_millis(10));
            }
        }
        process.orders.write_all(b"keep\n").ok();
        process.guard.wait().expect("the guard is our child");
    }

    /// Sends a signal to a process of the server, for example the one that serves a connection.
    pub fn signal(&self, pid: u32, signal: Signal) {
        send(signal.name(), pid);
    }

    /// The server's main process.
    pub fn pid(&self) -> u32 {
        let text = fs::read_to_string(self.folder.join("pid")).expect("the guard wrote it");
        text.trim().parse().expect("a number")
    }

    /// Whether the server was started and has not ended.
    pub fn is_running(&self) -> bool {
        self.process().as_ref().is_some_and(|process| !process.ended.load(Ordering::SeqCst))
    }

    /// A fresh, empty database on this server.
    pub fn database(self: &Arc<Self>) -> TestDatabase {
        TestDatabase::on(self)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// What the server wrote to its log so far.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.folder.join("log")).unwrap_or_default()).into_owned()
    }

    /// Runs SQL as the superuser, outside the tests' databases, in a session that stays open: each test makes a database
    /// and removes it, and the start of a client costs as much.
    ///
    /// # Errors
    ///
    /// What the client complained about.
    pub(super) fn administer(&self, sql: &str) -> Result<(), String> {
        let kept = self.idle().pop();
        let database = self.engine.maintenance();
        let mut session = match kept {
            Some(session) => session,
            None => Client::start(self.engine, client::server_client(self, As::Administrator, database)?),
        };
        session.send(sql);
        if session.wait(Duration::from_secs(60)).is_ok() {
            self.idle().push(session);
            return Ok(());
        }
        // The session is over, by the statement's fault or by the server's; a client of its own tells what is wrong.
        client::try_sql(self, As::Administrator, database, sql).map(drop)
    }

    /// PostgreSQL or the MySQL family.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// The word for `--dialect`: `postgres`, `mariadb` or `mysql`.
    pub fn dialect(&self) -> &'static str {
        self.dialect
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn next_name(&self) -> String {
        format!("coexist_{}", self.databases.fetch_add(1, Ordering::Relaxed))
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Client>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn process(&self) -> MutexGuard<'_, Option<Process>> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        match self.process().take() {
            Some(mut process) => {
                process.wanted.store(false, Ordering::SeqCst);
                drop(process.orders);
                process.guard.wait().ok();
            }
            None => drop(fs::remove_dir_all(&self.folder)),
        }
    }
}

/// What is to be known of a server that crashed: the end of its log.
fn obituary(engine: Engine, log: &Path) -> String {
    let log = String::from_utf8_lossy(&fs::read(log).unwrap_or_default()).into_owned();
    let lines: Vec<&str> = log.lines().collect();
    let end = lines[lines.len().saturating_sub(80)..].join("\n");
    format!("a {} server of the tests crashed, and tests that used it fail; the end of its log:\n{end}", engine.name())
}

/// The password of the test databases' user, another in every run, so that finding it anywhere means a leak.
pub fn password() -> &'static str {
    static PASSWORD: OnceLock<String> = OnceLock::new();
    PASSWORD.get_or_init(|| {
        let mut bytes = [0; 12];
        let mut random = fs::File::open("/dev/urandom").expect("a source of randomness");
        std::io::Read::read_exact(&mut random, &mut bytes).expect("it never ends");
        bytes.iter().fold("canary".to_owned(), |text, byte| format!("{text}{byte:02x}"))
    })
}

/// Sends a signal by the shell's own command: `kill` as a program is not on every machine.
pub fn send(signal: &str, pid: u32) {
    Command::new("/bin/sh")
        .args(["-c", "kill -s \"$1\" \"$2\"", "kill", signal, &pid.to_string()])
        .stderr(Stdio::null())
        .status()
        .expect("there is a shell");
}

pub(super) fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("bound").port()
}

fn prepare_postgres(folder: &Path, owner: Option<Owner>) -> Result<(), String> {
    let initdb = programs::find(Engine::Postgres, &["initdb"])?;
    run_once(
        programs::command(initdb, owner, folder)
            .arg("-D")
            .arg(folder.join("data"))
            .args(["-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync"])
            .args(["--auth-local=trust", "--auth-host=scram-sha-256"]),
    )
}

/// A killed process still loses nothing that it wrote; `loose` options are MariaDB's or MySQL's only.
const MARIADB_WITHOUT_SYNC: [&str; 11] = [
    "--innodb-flush-method=nosync",
    "--innodb-flush-log-at-trx-commit=2",
    "--innodb-doublewrite=0",
    "--loose-debug-no-sync",
    "--loose-sync-frm=0",
    "--loose-mysqlx=OFF",
    "--loose-skip-log-bin",
    "--skip-name-resolve",
    "--character-set-server=utf8mb4",
    "--log-output=TABLE",
    "--secure-file-priv=",
];

fn prepare_mariadb(folder: &Path, owner: Option<Owner>) -> Result<&'static str, String> {
    let server = programs::find(Engine::Mariadb, &["mariadbd", "mysqld"])?;
    let version =
        Command::new(&server).arg("--version").output().map_err(|error| format!("cannot run `mariadbd`: {error}"))?;
    let data = format!("--datadir={}/data", folder.display());
    if String::from_utf8_lossy(&version.stdout).contains("MariaDB") {
        let install = programs::find(Engine::Mariadb, &["mariadb-install-db"])?;
        let mut command = programs::command(install, owner, folder);
        command.args(["--no-defaults", &data, "--auth-root-authentication-method=normal", "--skip-test-db"]);
        run_once(command.args(["--innodb-flush-method=nosync", "--debug-no-sync", "--innodb-log-file-size=16M"]))?;
        Ok("mariadb")
    } else {
        let mut command = programs::command(server, owner, folder);
        run_once(command.args(["--no-defaults", &data, "--initialize-insecure", "--innodb-flush-method=nosync"]))?;
        Ok("mysql")
    }
}

fn run_once(command: &mut Command) -> Result<(), String> {
    let program = command.get_program().display().to_string();
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("cannot run `{program}`: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    Err(format!("`{program}` failed:\n{said}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn survives_a_kill(engine: Engine) {
        if !engine.is_wanted() {
            return;
        }
        let server = Server::private(engine);
        let db = server.database();
        db.sql("create table kept (id int primary key); insert into kept values (1);");
        for signal in [Signal::Kill, Signal::Terminate] {
            let pid = server.pid();
            server.stop(signal);
            assert!(!server.is_running());
            assert!(db.try_sql("select 1;").is_err(), "nobody listens any more");
            server.restart();
            assert_ne!(server.pid(), pid);
            assert_eq!(db.rows("select id from kept"), [["1"]]);
        }
        let folder = server.folder().to_owned();
        drop(db);
        drop(server);
        assert!(!folder.exists(), "a server takes its folder with it");
    }

    #[test]
    fn postgres_survives_a_kill() {
        survives_a_kill(Engine::Postgres);
    }

    #[test]
    fn mariadb_survives_a_kill() {
        survives_a_kill(Engine::Mariadb);
    }

    /// Another server's start must not take away what a running one is about to open: MariaDB crashes then.
    #[test]
    fn mariadb_servers_share_no_temporary_folder() {
        if !Engine::Mariadb.is_wanted() {
            return;
        }
        let server = Server::shared(Engine::Mariadb);
        let folder = client::try_sql(&server, As::Administrator, "mysql", "select @@tmpdir;").unwrap();
        assert_eq!(folder.trim(), server.folder().to_str().unwrap());
    }

    const CHILD: &str = "COEXIST_TEST_CHILD";

    /// Not a test of its own: what the test below runs in another process and kills.
    #[test]
    fn starts_servers_and_never_ends() {
        if std::env::var_os(CHILD).is_none() {
            return;
        }
        let servers: Vec<_> = [Engine::Postgres, Engine::Mariadb]
            .into_iter()
            .filter(|engine| engine.is_wanted())
            .map(Server::private)
            .collect();
        let mut stdout = std::io::stdout();
        for server in &servers {
            writeln!(stdout, "running {} {}", server.address(), server.folder().display()).unwrap();
        }
        writeln!(stdout, "complete").unwrap();
        loop {
            thread::park();
        }
    }

    #[test]
    fn no_server_outlives_a_killed_test_process() {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--nocapture", "support::servers::tests::starts_servers_and_never_ends"])
            .env(CHILD, "1")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut servers: Vec<(SocketAddr, PathBuf)> = Vec::new();
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            if line == "complete" {
                break;
            }
            // The test harness may have begun the line.
            if let Some((_, server)) = line.split_once("running 127") {
                let (address, folder) = server.split_once(' ').unwrap();
                servers.push((format!("127{address}").parse().unwrap(), folder.into()));
            }
        }
        let wanted = [Engine::Postgres, Engine::Mariadb].into_iter().filter(|engine| engine.is_wanted()).count();
        assert_eq!(servers.len(), wanted);
        assert!(servers.iter().all(|(address, folder)| TcpStream::connect(address).is_ok() && folder.exists()));
        child.kill().unwrap();
        child.wait().unwrap();
        let deadline = Instant::now() + Duration::from_secs(20);
        for (address, folder) in servers {
            while TcpStream::connect(address).is_ok() || folder.exists() {
                assert!(Instant::now() < deadline, "{} outlived the tests", folder.display());
                thread::sleep(Duration::from_millis(20));
            }
        }
    }
}
