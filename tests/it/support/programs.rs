//! Where the databases' own programs are on this machine, and as whom a server runs.

use std::ffi::OsStr;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use super::Engine;

/// The program of this name: in the folder named by the engine's environment variable, where packages put it, or on the path.
///
/// # Errors
///
/// The command that installs it, when it is nowhere.
pub fn find(engine: Engine, names: &[&str]) -> Result<PathBuf, String> {
    let mut folders: Vec<PathBuf> = std::env::var_os(engine.variable()).map(PathBuf::from).into_iter().collect();
    if engine == Engine::Postgres {
        folders.extend(postgres_folders());
    }
    if let Some(path) = std::env::var_os("PATH") {
        folders.extend(std::env::split_paths(&path));
    }
    // Not on the path of a user without rights.
    folders.extend(["/usr/sbin", "/usr/local/sbin", "/opt/homebrew/bin"].map(PathBuf::from));
    for folder in &folders {
        for name in names {
            let program = folder.join(name);
            if program.is_file() {
                return Ok(program);
            }
        }
    }
    Err(missing(engine, names[0]))
}

/// The newest installed PostgreSQL first, as `pg_config` may name one whose server is not there.
fn postgres_folders() -> Vec<PathBuf> {
    let mut folders = Vec::new();
    for (root, prefix) in
        [("/usr/lib/postgresql", ""), ("/opt/homebrew/opt", "postgresql@"), ("/usr/local/opt", "postgresql@")]
    {
        let Ok(entries) = std::fs::read_dir(root) else { continue };
        let mut versions: Vec<(u32, PathBuf)> = entries
            .filter_map(|entry| {
                let entry = entry.ok()?;
                let version = entry.file_name().to_str()?.strip_prefix(prefix)?.parse().ok()?;
                Some((version, entry.path().join("bin")))
            })
            .collect();
        versions.sort();
        folders.extend(versions.into_iter().rev().map(|(_, folder)| folder));
    }
    // Asked once: a program is looked for before each of its runs.
    static CONFIGURED: OnceLock<Option<PathBuf>> = OnceLock::new();
    folders.extend(CONFIGURED.get_or_init(configured).clone());
    folders
}

fn configured() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).trim().into())
}

fn missing(engine: Engine, program: &str) -> String {
    let (package, brew) = match engine {
        Engine::Postgres => ("postgresql", "postgresql@18"),
        Engine::Mariadb => ("mariadb-server", "mariadb"),
        Engine::Sqlite => ("sqlite3", "sqlite"),
    };
    let name = engine.name();
    format!(
        "`{program}` is not installed, and the tests on {name} need it: `apt-get install {package}` (Homebrew: `brew install {brew}`), \
         or `{variable}=FOLDER` to say where it is, or `COEXIST_TEST_DATABASES` without `{name}` to leave these tests out",
        variable = engine.variable(),
    )
}

/// A user and its group, as whom servers run when the tests run as root: servers refuse root.
#[derive(Clone, Copy, Debug)]
pub struct Owner {
    uid: u32,
    gid: u32,
}

impl Owner {
    /// The user for an engine's server, or nothing when the tests already run without rights.
    pub fn of(engine: Engine) -> Option<Owner> {
        static ROOT: OnceLock<bool> = OnceLock::new();
        let root = *ROOT.get_or_init(|| id("-u", None) == Some(0));
        if !root {
            return None;
        }
        let package_user = match engine {
            Engine::Postgres | Engine::Sqlite => "postgres",
            Engine::Mariadb => "mysql",
        };
        [package_user, "nobody"]
            .into_iter()
            .find_map(|user| Some(Owner { uid: id("-u", Some(user))?, gid: id("-g", Some(user))? }))
    }
}

fn id(what: &str, user: Option<&str>) -> Option<u32> {
    let output = Command::new("id").arg(what).args(user).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().parse().ok())?
}

/// A command that runs as the owner, in a clean environment, with a folder of its own as home.
///
/// Its temporary files are there, too: a MariaDB or MySQL server that starts deletes every `#sql*` file in its temporary
/// folder, and one that is running and finds such a file of its own gone may crash.
pub fn command(program: impl AsRef<OsStr>, owner: Option<Owner>, home: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("HOME", home).env("TMPDIR", home).env("TZ", "UTC").env("LC_ALL", "C").current_dir(home);
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    if let Some(owner) = owner {
        command.gid(owner.gid).uid(owner.uid);
    }
    command
}

/// A fresh folder that the owner may write and that nobody removes but the caller.
pub fn folder(engine: Engine, owner: Option<Owner>) -> PathBuf {
    let folder = tempfile::Builder::new()
        .prefix(&format!("coexist-{}-", engine.name()))
        .tempdir()
        .expect("a temporary folder can be made")
        .keep();
    if let Some(owner) = owner {
        chown(&folder, Some(owner.uid), Some(owner.gid)).expect("root may give a folder away");
        assert_eq!(folder.metadata().expect("just made").uid(), owner.uid);
    }
    folder
}

/// PgBouncer.
///
/// # Errors
///
/// The command that installs it, when it is nowhere.
pub fn find_pooler() -> Result<PathBuf, String> {
    find(Engine::Postgres, &["pgbouncer"]).map_err(|error| error.replace("install postgresql", "install pgbouncer"))
}
