//! Where a database is and how to log in: read from a URL, from parts, from the variables and files that the
//! database's own tools use.
//!
//! Nothing here reads the environment: callers pass a look-up. No error ever repeats the URL or a password.

mod environment;
mod error;
mod mysql;
mod parameters;
mod passfile;
mod postgres;
mod sqlite;
mod tls;
mod url;

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use error::AddressError;
pub use tls::{Tls, TlsMode};

use super::{Database, Secret};

/// How environment variables are looked up.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// How long a connection may take to stand unless the address says otherwise, for each host.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Where a database is and how to log in.
#[derive(Clone)]
pub struct Address {
    database: &'static dyn Database,
    /// Where it is.
    pub target: Target,
    /// The login; none where there are no logins.
    pub user: Option<String>,
    /// The password, if one is known.
    pub password: Option<Secret>,
    /// The database's name on its server.
    pub database_name: Option<String>,
    /// Whether and how the connection is encrypted.
    pub tls: Tls,
    /// How long each host may take to answer; none has no end.
    pub connect_timeout: Option<Duration>,
    /// What the address wants the connection to call itself, after what `migrate` says of itself.
    pub application: Option<String>,
    /// Whether only a server that accepts writes will do, so that the others of the list are passed over.
    pub writable: bool,
    /// Whether nothing is going to be written, so that a server that can only be read will do.
    pub reads: bool,
    /// The connection's character set (MySQL).
    pub charset: Option<String>,
    /// The connection's collation (MySQL).
    pub collation: Option<String>,
    /// Server settings for the session, such as `search_path` (PostgreSQL).
    pub settings: Vec<(String, String)>,
    /// The history table whose schema is looked for when a session begins, where the user names no schema (PostgreSQL).
    pub history_table: Option<String>,
    /// What the user should be told about this address.
    pub warnings: Vec<String>,
    /// Secrets as the URL wrote them, for the redactor.
    raw_secrets: Vec<Secret>,
}

/// Where a database is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Servers, to be tried in this order.
    Hosts(Vec<Host>),
    /// A local socket: MySQL's file, or PostgreSQL's directory and port.
    Socket {
        /// The socket, or the directory it is in.
        path: PathBuf,
        /// PostgreSQL's port, which is part of the socket's name.
        port: u16,
    },
    /// A file.
    File(File),
    /// A database in memory, which ends with its connection.
    Memory,
}

/// One server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// Its name or number, IPv6 without brackets.
    pub name: String,
    /// Its port.
    pub port: u16,
}

/// A database in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// The file.
    pub path: PathBuf,
    /// Whether connecting may create it.
    pub create: bool,
    /// Whether it must not be written.
    pub read_only: bool,
    /// Whether the address itself says that the file must exist (`mode=rw`, `mode=ro`).
    pub must_exist: bool,
    /// The VFS module to open it with.
    pub vfs: Option<String>,
}

/// What `--host`, `--user` and their kin say: instead of a URL, or on top of one.
#[derive(Clone, Debug, Default)]
pub struct Parts {
    /// The product, when there is no URL to say it: a name or a scheme.
    pub database: Option<String>,
    /// `--host`
    pub host: Option<String>,
    /// `--port`
    pub port: Option<u16>,
    /// `--socket`: MySQL's socket, or PostgreSQL's directory of sockets.
    pub socket: Option<PathBuf>,
    /// `--user`
    pub user: Option<String>,
    /// A password that was typed or piped in.
    pub password: Option<Secret>,
    /// `--password-file`
    pub password_file: Option<PathBuf>,
    /// `--database-name`, or SQLite's file.
    pub database_name: Option<String>,
    /// `--tls`
    pub tls: Option<TlsMode>,
    /// `--tls-root-cert`
    pub root_cert: Option<PathBuf>,
    /// `--tls-cert`
    pub client_cert: Option<PathBuf>,
    /// `--tls-key`
    pub client_key: Option<PathBuf>,
    /// `--connect-timeout`
    pub connect_timeout: Option<Duration>,
}

/// How the addresses of one database are written.
pub struct Addressing {
    /// The port when none is said; none where there are no ports.
    default_port: u16,
    /// What may stand after the `?`.
    parameters: &'static [parameters::Parameter],
    /// Reads what follows the scheme.
    read: fn(&mut Address, &str) -> Result<(), AddressError>,
    /// Fills in what was left out, from variables, files and defaults.
    complete: fn(&mut Address, Lookup<'_>) -> Result<(), AddressError>,
}

impl fmt::Debug for Addressing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Addressing").finish_non_exhaustive()
    }
}

/// PostgreSQL's addresses.
pub static POSTGRES: Addressing = postgres::ADDRESSING;
/// MySQL's and MariaDB's addresses.
pub static MYSQL: Addressing = mysql::ADDRESSING;
/// SQLite's addresses.
pub static SQLITE: Addressing = sqlite::ADDRESSING;

impl Address {
    /// Reads a URL, and takes what it leaves out from the variables and files that the database's own tools use.
    ///
    /// # Errors
    ///
    /// When the URL cannot be read in exactly one way, names something unknown, or a file it needs cannot be read.
    pub fn parse(url: &str, lookup: Lookup<'_>) -> Result<Self, AddressError> {
        Self::new(Some(url), &Parts::default(), lookup)
    }

    /// Puts an address together from parts, and takes what they leave out from the variables and files that the
    /// database's own tools use.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse); and when the parts do not say which database is meant.
    pub fn from_parts(parts: &Parts, lookup: Lookup<'_>) -> Result<Self, AddressError> {
        Self::new(None, parts, lookup)
    }

    /// Reads a URL, or none, with parts on top of it.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse) and [`from_parts`](Self::from_parts).
    pub fn new(url: Option<&str>, parts: &Parts, lookup: Lookup<'_>) -> Result<Self, AddressError> {
        let mut address = match url {
            Some(url) => url::read(url)?,
            None => {
                let name = parts.database.as_deref().ok_or(AddressError::NoDatabase)?;
                let database = super::find(name)
                    .ok_or_else(|| AddressError::UnknownDatabase { known: url::product_names(), file: None })?;
                Address::empty(database)
            }
        };
        address.overlay(parts)?;
        (address.database.addressing().complete)(&mut address, lookup)?;
        address.tls.settle();
        address.check()?;
        Ok(address)
    }

    fn empty(database: &'static dyn Database) -> Self {
        Address {
            database,
            target: Target::Hosts(Vec::new()),
            user: None,
            password: None,
            database_name: None,
            tls: Tls::default(),
            connect_timeout: Some(CONNECT_TIMEOUT),
            application: None,
            writable: false,
            reads: false,
            charset: None,
            collation: None,
            settings: Vec::new(),
            history_table: None,
            warnings: Vec::new(),
            raw_secrets: Vec::new(),
        }
    }

    fn overlay(&mut self, parts: &Parts) -> Result<(), AddressError> {
        let default_port = self.database.addressing().default_port;
        if let Target::File(_) | Target::Memory = self.target {
            return parts.none_for_files();
        }
        let port = parts.port.unwrap_or(match &self.target {
            Target::Hosts(hosts) => hosts.first().map_or(default_port, |host| host.port),
            Target::Socket { port, .. } => *port,
            Target::File(_) | Target::Memory => default_port,
        });
        match (&parts.socket, &parts.host) {
            (Some(_), Some(_)) => return Err(AddressError::HostAndSocket),
            (Some(path), None) => self.target = Target::Socket { path: path.clone(), port },
            (None, Some(host)) => self.set_hosts(host, &port.to_string())?,
            (None, None) => {}
        }
        if parts.port.is_some() {
            match &mut self.target {
                // Remembered for the host that the environment or the default will name.
                Target::Hosts(hosts) if hosts.is_empty() => hosts.push(Host { name: String::new(), port }),
                Target::Hosts(hosts) => hosts.iter_mut().for_each(|host| host.port = port),
                Target::Socket { port: old, .. } => *old = port,
                Target::File(_) | Target::Memory => {}
            }
        }
        if let Some(path) = &parts.password_file {
            self.password = Some(read_secret(path)?);
        }
        replace(&mut self.user, &parts.user);
        replace(&mut self.password, &parts.password);
        replace(&mut self.database_name, &parts.database_name);
        replace(&mut self.tls.mode, &parts.tls);
        replace(&mut self.tls.root_cert, &parts.root_cert);
        replace(&mut self.tls.client_cert, &parts.client_cert);
        replace(&mut self.tls.client_key, &parts.client_key);
        replace(&mut self.connect_timeout, &parts.connect_timeout);
        Ok(())
    }

    /// Sets the servers from a list such as `a,b` with its ports, `5432,5433` or one for all.
    fn set_hosts(&mut self, hosts: &str, ports: &str) -> Result<(), AddressError> {
        let default_port = self.database.addressing().default_port;
        if hosts.starts_with('/') || hosts.starts_with('@') {
            let port = url::port(ports, default_port)?;
            self.target = Target::Socket { path: PathBuf::from(hosts), port };
            return Ok(());
        }
        let ports: Vec<&str> = ports.split(',').collect();
        let count = hosts.split(',').count();
        if ports.len() != 1 && ports.len() != count {
            return Err(AddressError::Ports);
        }
        let list = hosts.split(',').enumerate().map(|(index, name)| {
            let port = url::port(ports.get(index).or(ports.first()).copied().unwrap_or(""), default_port)?;
            let name = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
            Ok(Host { name: name.to_owned(), port })
        });
        self.target = Target::Hosts(list.collect::<Result<_, AddressError>>()?);
        Ok(())
    }

    /// What no driver should ever see.
    fn check(&self) -> Result<(), AddressError> {
        let texts = [self.user.as_deref(), self.database_name.as_deref(), self.password.as_ref().map(Secret::expose)];
        let hosts = match &self.target {
            Target::Hosts(hosts) => hosts.as_slice(),
            _ => &[],
        };
        if texts.into_iter().flatten().any(|text| text.contains('\0')) {
            return Err(AddressError::ControlCharacter);
        }
        for host in hosts {
            let strange = |c: char| c.is_control() || c.is_whitespace() || "/?#@\\'\"".contains(c);
            if host.name.is_empty() || host.name.contains(strange) {
                return Err(AddressError::Host);
            }
        }
        if self.tls.client_cert.is_some() != self.tls.client_key.is_some() {
            return Err(AddressError::HalfClientCertificate);
        }
        Ok(())
    }

    /// The product that is there.
    pub fn database(&self) -> &'static dyn Database {
        self.database
    }

    /// The address for messages: where and which database, never the password.
    pub fn shown(&self) -> String {
        let name = self.database_name.as_deref().unwrap_or("");
        match &self.target {
            Target::Hosts(hosts) => {
                let hosts: Vec<String> = hosts.iter().map(Host::to_string).collect();
                format!("{}/{name}", hosts.join(","))
            }
            Target::Socket { path, .. } => format!("{}/{name}", path.display()),
            Target::File(file) => file.path.display().to_string(),
            Target::Memory => ":memory:".to_owned(),
        }
    }

    /// Every secret in this address, in every form in which the address wrote it.
    pub fn secrets(&self) -> impl Iterator<Item = &Secret> {
        self.password.iter().chain(&self.raw_secrets)
    }

    /// The address for commands that read: connecting never creates a file, and a server that can only be read will do.
    pub fn for_reading(mut self) -> Self {
        self.reads = true;
        if let Target::File(file) = &mut self.target {
            file.create = false;
        }
        self
    }

    /// The address for commands that write: a missing file is created, unless the address says that it must exist.
    pub fn for_writing(mut self) -> Self {
        self.reads = false;
        if let Target::File(file) = &mut self.target {
            file.create = !file.must_exist;
        }
        self
    }

    /// Whether it is for a command that reads.
    pub fn reads(&self) -> bool {
        self.reads
    }

    /// The same address, for a database that must be there already.
    pub fn existing(mut self) -> Self {
        if let Target::File(file) = &mut self.target {
            file.create = false;
        }
        self
    }

    /// Whether a server that can only be read will do. Of several one that accepts writes is looked for: the others may be
    /// behind it.
    pub(super) fn takes_readable(&self) -> bool {
        let several = matches!(&self.target, Target::Hosts(hosts) if hosts.len() > 1);
        self.reads && !self.writable && !several
    }

    /// Whether to connect would create a file, or a database that ends with its connection.
    pub fn would_create(&self) -> bool {
        match &self.target {
            Target::File(file) => file.create && !file.path.exists(),
            Target::Memory => true,
            Target::Hosts(_) | Target::Socket { .. } => false,
        }
    }

    /// The file that does not exist yet, when that is why there is nothing to connect to.
    pub fn missing_file(&self) -> Option<&Path> {
        match &self.target {
            Target::File(file) if !file.create && !file.path.exists() => Some(&file.path),
            _ => None,
        }
    }
}

impl Parts {
    /// Passwords are left out: they may come from variables that are set for another database.
    fn none_for_files(&self) -> Result<(), AddressError> {
        let named = [
            ("--host", self.host.is_some()),
            ("--port", self.port.is_some()),
            ("--socket", self.socket.is_some()),
            ("--user", self.user.is_some()),
            ("--database-name", self.database_name.is_some()),
            ("--tls", self.tls.is_some()),
        ];
        match named.into_iter().find(|(_, given)| *given) {
            Some((flag, _)) => Err(AddressError::NotForFiles { flag }),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name.contains(':') {
            true => write!(f, "[{}]:{}", self.name, self.port),
            false => write!(f, "{}:{}", self.name, self.port),
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Address")
            .field("database", &self.database.name())
            .field("target", &self.target)
            .field("user", &self.user)
            .field("password", &self.password)
            .field("database_name", &self.database_name)
            .field("tls", &self.tls)
            .finish_non_exhaustive()
    }
}

fn replace<T: Clone>(old: &mut Option<T>, new: &Option<T>) {
    if new.is_some() {
        old.clone_from(new);
    }
}

fn read_secret(path: &Path) -> Result<Secret, AddressError> {
    Secret::from_file(path)
        .map_err(|error| AddressError::SecretFile { path: path.to_owned(), reason: error.kind().to_string() })
}

#[cfg(test)]
mod tests;
