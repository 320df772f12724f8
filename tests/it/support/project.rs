//! A folder of migrations and the program that works on it.

use std::fmt;
use std::fs;
use std::io::Read;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::servers;
use super::{Signal, TestDatabase};

/// No run may take longer: whoever waits this long waits for ever.
const LIMIT: Duration = Duration::from_secs(120);

/// A temporary folder with files, and the program that runs in it.
pub struct Project {
    folder: TempDir,
    environment: Vec<(String, String)>,
    /// What differs from run to run, and the word that stands for it in snapshots.
    words: Vec<(String, &'static str)>,
}

impl Project {
    /// A folder with these files: path and text of each.
    pub fn with<P: AsRef<Path>, T: AsRef<str>>(files: impl IntoIterator<Item = (P, T)>) -> Project {
        let folder = tempfile::Builder::new().prefix("coexist-project-").tempdir().expect("a temporary folder");
        // The program may print the folder's real name, where a system has its temporary folder behind a link.
        let real = folder.path().canonicalize().expect("it exists").display().to_string();
        let mut words = vec![(real, "[DIR]")];
        words.push((folder.path().display().to_string(), "[DIR]"));
        let project = Project { folder, environment: Vec::new(), words };
        for (path, text) in files {
            project.write(path, text);
        }
        project
    }

    /// A project without files.
    pub fn empty() -> Project {
        Project::with::<&str, &str>([])
    }

    /// Points the program at a database, by `MIGRATE_DATABASE_URL`.
    pub fn on(mut self, database: &TestDatabase) -> Project {
        match database.dialect() {
            "sqlite" => {
                let file = database.file();
                self.words.insert(0, (file.display().to_string(), "[DATABASE]"));
            }
            _ => {
                self.words.insert(0, (database.server().address().to_string(), "[HOST]"));
                self.words.insert(1, (database.name().to_owned(), "[DATABASE]"));
            }
        }
        self.variable("MIGRATE_DATABASE_URL", &database.url())
    }

    /// Sets a variable for every run of the program.
    pub fn variable(mut self, name: &str, value: &str) -> Project {
        self.environment.retain(|(other, _)| other != name);
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The folder, or a file in it.
    pub fn path(&self, file: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(file)
    }

    /// Writes a file, and the folders that it needs.
    pub fn write(&self, file: impl AsRef<Path>, text: impl AsRef<str>) {
        let path = self.path(file);
        fs::create_dir_all(path.parent().expect("within the folder")).expect("the folder is ours");
        fs::write(path, text.as_ref()).expect("the folder is ours");
    }

    /// The text of a file.
    pub fn read(&self, file: impl AsRef<Path>) -> String {
        fs::read_to_string(self.path(&file)).unwrap_or_else(|error| panic!("{}: {error}", file.as_ref().display()))
    }

    /// Removes a file.
    pub fn remove(&self, file: impl AsRef<Path>) {
        fs::remove_file(self.path(&file)).unwrap_or_else(|error| panic!("{}: {error}", file.as_ref().display()));
    }

    /// The program with these arguments, in the folder, in an environment that holds nothing of the machine's but the path.
    pub fn command<A: AsRef<str>>(&self, arguments: impl IntoIterator<Item = A>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_migrate"));
        command.env_clear().env("HOME", self.folder.path()).env("TZ", "UTC").env("LC_ALL", "C.UTF-8");
        for name in ["PATH", "TMPDIR", "LLVM_PROFILE_FILE"] {
            command.envs(std::env::var_os(name).map(|value| (name, value)));
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.args(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
        command.current_dir(self.folder.path()).stdin(Stdio::null());
        command
    }

    /// Runs the program to its end.
    pub fn run<A: AsRef<str>>(&self, arguments: impl IntoIterator<Item = A>) -> Output {
        self.spawn(arguments).wait()
    }

    /// Runs the program to its end with more variables in its environment.
    pub fn run_with<A: AsRef<str>>(
        &self,
        variables: &[(&str, &str)],
        arguments: impl IntoIterator<Item = A>,
    ) -> Output {
        self.spawn_with(variables, arguments).wait()
    }

    /// Starts the program and does not wait for it.
    pub fn spawn<A: AsRef<str>>(&self, arguments: impl IntoIterator<Item = A>) -> Running {
        self.spawn_with(&[], arguments)
    }

    /// Starts the program with more variables in its environment and does not wait for it.
    pub fn spawn_with<A: AsRef<str>>(
        &self,
        variables: &[(&str, &str)],
        arguments: impl IntoIterator<Item = A>,
    ) -> Running {
        let mut command = self.command(arguments);
        command.envs(variables.iter().copied());
        Running::start(command, self.words.clone())
    }

    /// `migrate up`, which must succeed.
    pub fn up(&self) -> Output {
        self.run(["up"]).ok()
    }
}

/// The program, while it runs. Killed when dropped.
pub struct Running {
    child: Child,
    shown: String,
    words: Vec<(String, &'static str)>,
    stdout: Arc<Mutex<Vec<u8>>>,
    stderr: Arc<Mutex<Vec<u8>>>,
    news: Receiver<()>,
}

impl Running {
    fn start(mut command: Command, words: Vec<(String, &'static str)>) -> Running {
        let arguments: Vec<_> = command.get_args().map(|argument| argument.to_string_lossy().into_owned()).collect();
        let shown = format!("migrate {}", arguments.join(" "));
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program was just built");
        let (sender, news) = mpsc::channel();
        let stdout = collect(child.stdout.take().expect("piped"), sender.clone());
        let stderr = collect(child.stderr.take().expect("piped"), sender);
        Running { child, shown, words, stdout, stderr, news }
    }

    /// The process number.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends it as the kernel does, without a last word.
    pub fn kill(&self) {
        servers::send("KILL", self.pid());
    }

    /// What Ctrl-C does.
    pub fn interrupt(&self) {
        servers::send("INT", self.pid());
    }

    /// What a pipeline or a container does that wants it to end.
    pub fn terminate(&self) {
        servers::send("TERM", self.pid());
    }

    /// What the end of its terminal does.
    pub fn hang_up(&self) {
        servers::send("HUP", self.pid());
    }

    /// What it wrote so far to stdout and stderr together.
    pub fn so_far(&self) -> String {
        text(&self.stdout) + &text(&self.stderr)
    }

    /// Waits until it has written this text.
    ///
    /// # Panics
    ///
    /// When it ends before, or takes longer than a minute.
    pub fn wait_for(&self, expected: &str) {
        let deadline = Instant::now() + LIMIT / 2;
        while !self.so_far().contains(expected) {
            let left = deadline.saturating_duration_since(Instant::now());
            if let Err(error) = self.news.recv_timeout(left) {
                // The last words may have come between the look and the end.
                if self.so_far().contains(expected) {
                    return;
                }
                panic!("`{}` never said {expected:?} ({error}):\n{}", self.shown, self.so_far());
            }
        }
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("it is our child").is_some()
    }

    /// Waits for its end.
    ///
    /// # Panics
    ///
    /// When that takes more than two minutes, or the password is in what it wrote.
    pub fn wait(mut self) -> Output {
        let deadline = Instant::now() + LIMIT;
        while self.news.recv_timeout(deadline.saturating_duration_since(Instant::now())).is_ok() {}
        if Instant::now() >= deadline {
            self.child.kill().ok();
            panic!("`{}` still ran after {LIMIT:?}:\n{}", self.shown, self.so_far());
        }
        let status = self.child.wait().expect("it is our child");
        let (stdout, stderr) = (text(&self.stdout), text(&self.stderr));
        let output = Output { shown: self.shown.clone(), status, stdout, stderr, words: self.words.clone() };
        for written in [&output.stdout, &output.stderr] {
            assert!(!written.contains(servers::password()), "the password is in what the program wrote:\n{output}");
        }
        output
    }

    /// Stops and continues the process, to freeze it in the middle of its work.
    pub fn freeze(&self, frozen: bool) {
        servers::send(if frozen { "STOP" } else { "CONT" }, self.pid());
    }

    /// Ends the process by a signal and collects what it said.
    pub fn end(self, signal: Signal) -> Output {
        match signal {
            Signal::Kill => self.kill(),
            Signal::Quit => servers::send("QUIT", self.pid()),
            Signal::Terminate => self.terminate(),
        }
        self.wait()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Reads to the end in the background and tells of every piece; dropping the sender tells of the end.
fn collect(mut from: impl Read + Send + 'static, news: mpsc::Sender<()>) -> Arc<Mutex<Vec<u8>>> {
    let collected = Arc::new(Mutex::new(Vec::new()));
    let into = collected.clone();
    thread::spawn(move || {
        let mut piece = [0; 8192];
        while let Ok(length @ 1..) = from.read(&mut piece) {
            into.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&piece[..length]);
            news.send(()).ok();
        }
    });
    collected
}

fn text(bytes: &Mutex<Vec<u8>>) -> String {
    String::from_utf8_lossy(&bytes.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
}

/// How a run of the program ended and what it wrote.
#[derive(Clone, Debug)]
pub struct Output {
    shown: String,
    status: ExitStatus,
    /// The results.
    pub stdout: String,
    /// Everything else.
    pub stderr: String,
    words: Vec<(String, &'static str)>,
}

impl Output {
    /// The exit code; nothing when a signal ended it.
    pub fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// The number of the signal that ended it: 9 when it was killed, 6 when it aborted.
    pub fn signal(&self) -> Option<i32> {
        self.status.signal()
    }

    /// Panics with everything unless the run succeeded.
    #[track_caller]
    pub fn ok(self) -> Output {
        self.exits(0)
    }

    /// Panics with everything unless the run ended with this exit code.
    #[track_caller]
    pub fn exits(self, code: i32) -> Output {
        assert!(self.code() == Some(code), "expected exit code {code}:\n{self}");
        self
    }

    /// Panics with everything unless the run wrote this, to stdout or stderr.
    #[track_caller]
    pub fn says(self, text: &str) -> Output {
        assert!(self.stdout.contains(text) || self.stderr.contains(text), "expected {text:?}:\n{self}");
        self
    }

    /// Stdout as JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("stdout is no JSON ({error}):\n{self}"))
    }

    /// Status, stdout and stderr for a snapshot, with stable words for what differs from run to run: `[DIR]`, `[HOST]`,
    /// `[DATABASE]`, `[TIME]` for durations, `[WHEN]` for points in time and `[SHA256]`.
    pub fn snapshot(&self) -> String {
        let mut text = self.to_string();
        for (varying, word) in &self.words {
            text = text.replace(varying, word);
        }
        stable(&text)
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "$ {}\n{}", self.shown, self.status)?;
        for (name, text) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !text.is_empty() {
                write!(f, "\n--- {name}\n{}", text.trim_end())?;
            }
        }
        writeln!(f)
    }
}

/// Replaces durations, points in time and checksums.
fn stable(text: &str) -> String {
    let mut stable = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|character: char| character.is_ascii_alphanumeric()) {
        stable.push_str(&rest[..start]);
        rest = &rest[start..];
        let (length, word) = varying(rest).unwrap_or_else(|| {
            let end = rest.find(|character: char| !character.is_ascii_alphanumeric()).unwrap_or(rest.len());
            (end, &rest[..end])
        });
        stable.push_str(word);
        rest = &rest[length..];
    }
    stable + rest
}

/// How long the varying thing is with which the text starts, and the word for it.
fn varying(text: &str) -> Option<(usize, &'static str)> {
    let take = |text: &str, allowed: fn(char) -> bool| text.find(|c| !allowed(c)).unwrap_or(text.len());
    let hexadecimal = take(text, |c| c.is_ascii_hexdigit());
    if hexadecimal == 64 {
        return Some((64, "[SHA256]"));
    }
    let bytes = text.as_bytes();
    if take(text, |c| c.is_ascii_digit()) == 4 && bytes.get(4) == Some(&b'-') && bytes.get(7) == Some(&b'-') {
        let mut end = take(text, |c| c.is_ascii_digit() || "-:.TZ+".contains(c));
        // Date and time may be written with a space between them.
        if let (10, Some(time)) = (end, text.get(10..).and_then(|rest| rest.strip_prefix(' '))) {
            let length = take(time, |c| c.is_ascii_digit() || ":.Z+".contains(c));
            if time.as_bytes().get(2) == Some(&b':') && length >= 5 {
                end += 1 + length;
            }
        }
        let end = end - (text[..end].len() - text[..end].trim_end_matches(['.', ':', '-']).len());
        return Some((end, "[WHEN]"));
    }
    let number = take(text, |c| c.is_ascii_digit() || c == '.');
    let unit = &text[number..];
    let spaced = unit.strip_prefix(' ').unwrap_or(unit);
    for name in ["ms", "µs", "ns", "s", "m", "min"] {
        let Some(after) = spaced.strip_prefix(name) else { continue };
        if number > 0 && !after.starts_with(|character: char| character.is_alphanumeric() || character == '_') {
            return Some((text.len() - after.len(), "[TIME]"));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_varies_gets_a_stable_word() {
        let sum = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let text = format!("applied 3 in 12.5 ms (0.1s) at 2026-11-21T01:29:00.123Z, {sum}, 0007_s 4 m3 12 statements");
        assert_eq!(stable(&text), "applied 3 in [TIME] ([TIME]) at [WHEN], [SHA256], 0007_s 4 m3 12 statements");
        assert_eq!(stable("on 2026-11-21 01:29:00, on 2026-11-21."), "on [WHEN], on [WHEN].");
        assert_eq!(stable("é 3µs é"), "é [TIME] é");
    }

    #[test]
    fn a_project_has_its_files_and_a_clean_environment() {
        let project = Project::with([("migrations/0001_a.up.sql", "select 1;")]).variable("A", "1").variable("A", "2");
        assert_eq!(project.read("migrations/0001_a.up.sql"), "select 1;");
        project.write("deep/down/file", "x");
        assert!(project.path("deep/down/file").is_file());
        project.remove("deep/down/file");
        assert!(!project.path("deep/down/file").exists());
        let command = project.command(["up"]);
        let variable = |name: &str| command.get_envs().find(|(other, _)| *other == name).and_then(|(_, value)| value);
        assert_eq!(variable("A").unwrap(), "2");
        assert_eq!(Path::new(variable("HOME").unwrap()), project.path("."));
        assert_eq!(variable("CARGO_MANIFEST_DIR"), None);
    }

    /// Any program does for the machinery, and a shell does what the test says.
    fn shell(script: &str) -> Running {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        Running::start(command, vec![("/some/where".to_owned(), "[DIR]")])
    }

    #[test]
    fn a_run_is_told_as_it_was() {
        let output = shell("echo result in /some/where; echo trouble >&2; exit 3").wait();
        assert_eq!((output.code(), output.signal()), (Some(3), None));
        assert_eq!(output.stdout, "result in /some/where\n");
        assert_eq!(output.stderr, "trouble\n");
        let snapshot = output.snapshot();
        assert!(snapshot.ends_with("exit status: 3\n--- stdout\nresult in [DIR]\n--- stderr\ntrouble\n"), "{snapshot}");
        output.exits(3).says("trouble");
        assert_eq!(shell("echo '{\"a\": [1]}'").wait().ok().json()["a"][0], 1);
    }

    #[test]
    #[should_panic(expected = "the password is in what the program wrote")]
    fn a_password_in_the_output_fails() {
        shell(&format!("echo postgres://tester:{}@localhost", servers::password())).wait();
    }

    #[test]
    fn a_running_program_is_watched_and_ended() {
        let mut running = shell("trap 'echo asked; exit 130' INT; echo ready; while :; do sleep 0.01; done");
        running.wait_for("ready");
        assert!(!running.has_ended());
        running.freeze(true);
        running.freeze(false);
        running.interrupt();
        running.wait_for("asked");
        running.wait().exits(130);
        let sleeper = shell("echo ready; exec sleep 100");
        sleeper.wait_for("ready");
        assert_eq!(sleeper.end(Signal::Kill).signal(), Some(9));
        let sleeper = shell("echo ready; exec sleep 100");
        sleeper.wait_for("ready");
        assert_eq!(sleeper.end(Signal::Terminate).signal(), Some(15));
        let pid = shell("exec sleep 100").pid();
        let alive = format!("kill -0 {pid}");
        assert!(!Command::new("/bin/sh").args(["-c", &alive]).stderr(Stdio::null()).status().unwrap().success());
    }
}
