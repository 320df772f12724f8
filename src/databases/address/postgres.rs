//! PostgreSQL's addresses, as libpq and the usual drivers write them.

use std::path::{Path, PathBuf};

use super::environment::{fill_password, process_user, system_user, variable};
use super::parameters::*;
use super::passfile::{Answer, Login, look_up};
use super::url::read_server;
use super::{Address, AddressError, Addressing, Lookup, Target, TlsMode};

pub(super) const ADDRESSING: Addressing =
    Addressing { default_port: 5432, parameters: PARAMETERS, read: read_server, complete };

use Meaning::{Ignored, Only, Refused, Set};

const PARAMETERS: &[Parameter] = &[
    Parameter { names: &["host", "hostaddr"], meaning: Set(host) },
    Parameter { names: &["port"], meaning: Set(port) },
    Parameter { names: &["user"], meaning: Set(user) },
    Parameter { names: &["password"], meaning: Set(password) },
    Parameter { names: &["dbname", "database"], meaning: Set(database_name) },
    Parameter { names: &["sslmode"], meaning: Set(tls_mode) },
    Parameter { names: &["ssl", "requiressl"], meaning: Set(tls_switch) },
    Parameter { names: &["sslrootcert", "x-tls-ca"], meaning: Set(root_cert) },
    Parameter { names: &["sslcert"], meaning: Set(client_cert) },
    Parameter { names: &["sslkey"], meaning: Set(client_key) },
    Parameter { names: &["connect_timeout", "connectTimeout", "loginTimeout"], meaning: Set(connect_timeout) },
    Parameter {
        names: &["application_name", "ApplicationName", "fallback_application_name"],
        meaning: Set(application),
    },
    Parameter { names: &["target_session_attrs", "targetServerType"], meaning: Set(target_session_attrs) },
    Parameter { names: &["options"], meaning: Set(options) },
    Parameter { names: &["search_path", "currentSchema", "schema"], meaning: Set(search_path) },
    Parameter { names: &["TimeZone"], meaning: Set(time_zone) },
    Parameter {
        names: &["client_encoding", "encoding", "charset"],
        meaning: Only(&["utf8", "utf-8", "auto", "unicode"], "scripts are UTF-8"),
    },
    Parameter {
        names: &["channel_binding", "channelBinding"],
        meaning: Only(&["prefer", "disable"], "use `sslmode=verify-full`, which protects against the same attack"),
    },
    Parameter { names: &["gssencmode"], meaning: Only(&["prefer", "disable"], "use `sslmode=verify-full`") },
    Parameter { names: &["sslnegotiation"], meaning: Only(&["postgres"], "leave it out") },
    Parameter {
        names: &["ssl_min_protocol_version"],
        meaning: Only(&["", "TLSv1", "TLSv1.1", "TLSv1.2"], "leave it out"),
    },
    Parameter {
        names: &["load_balance_hosts", "loadBalanceHosts"],
        meaning: Only(&["disable", "false"], "leave it out"),
    },
    Parameter {
        names: &["sslpassword"],
        meaning: Refused("give a key without a passphrase, readable by its owner alone"),
    },
    Parameter { names: &["sslcrl", "sslcrldir"], meaning: Refused("revocation lists are not read") },
    Parameter { names: &["service"], meaning: Refused("give host, port, user and database instead") },
    Parameter { names: &["passfile"], meaning: Refused("set PGPASSFILE, or give `--password-file`") },
    Parameter { names: &["replication"], meaning: Refused("leave it out") },
    Parameter { names: &["statement_timeout", "x-statement-timeout"], meaning: Refused("give `--statement-timeout`") },
    Parameter { names: &["lock_timeout"], meaning: Refused("give `--lock-timeout`") },
    Parameter {
        names: &["x-migrations-table", "x-migrations-table-quoted"],
        meaning: Refused("it names golang-migrate's own table; `migrate` keeps another, named by `--table`"),
    },
    Parameter {
        names: &["x-lock-strategy", "x-lock-table", "x-no-lock"],
        meaning: Refused("the lock needs no choice; leave it out"),
    },
    Parameter { names: &["x-multi-statement", "x-multi-statement-max-size"], meaning: Ignored },
    // Settings of pools and drivers, which change nothing on the server.
    Parameter {
        names: &["keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count"],
        meaning: Ignored,
    },
    Parameter { names: &["tcp_user_timeout", "tcpKeepAlive", "socketTimeout", "socket_timeout"], meaning: Ignored },
    Parameter { names: &["sslcompression", "sslsni", "sslaccept"], meaning: Ignored },
    Parameter { names: &["pgbouncer", "pool", "pool_timeout", "connection_limit", "max_conns"], meaning: Ignored },
    Parameter {
        names: &["statement_cache_capacity", "statement-cache-capacity", "statement_cache_size"],
        meaning: Ignored,
    },
    Parameter { names: &["prepareThreshold", "prepared_statements", "binary_parameters"], meaning: Ignored },
    Parameter { names: &["reWriteBatchedInserts", "stringtype", "krbsrvname", "async_fallback"], meaning: Ignored },
];

fn target_session_attrs(reading: &mut Reading<'_>, value: &str) -> Result<(), &'static str> {
    reading.address.writable = match value {
        "any" => false,
        "read-write" | "primary" | "master" => true,
        _ => return Err("`any`, `read-write` or `primary`: a standby cannot be migrated"),
    };
    Ok(())
}

fn search_path(reading: &mut Reading<'_>, value: &str) -> Result<(), &'static str> {
    reading.address.settings.push(("search_path".to_owned(), value.to_owned()));
    Ok(())
}

fn time_zone(reading: &mut Reading<'_>, value: &str) -> Result<(), &'static str> {
    reading.address.settings.push(("TimeZone".to_owned(), value.to_owned()));
    Ok(())
}

fn options(reading: &mut Reading<'_>, value: &str) -> Result<(), &'static str> {
    // A form-encoded space, as drivers that build on an HTTP library read and write it.
    let value = if value.starts_with("-c+") { value.replace('+', " ") } else { value.to_owned() };
    reading.address.settings.extend(read_options(&value)?);
    Ok(())
}

/// Reads `-c name=value`, `-cname=value` and `--name=value`, with backslashes before blanks in values.
fn read_options(text: &str) -> Result<Vec<(String, String)>, &'static str> {
    const EXPECTED: &str = "settings of the form `-c name=value`";
    let mut words = vec![String::new()];
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let word = words.last_mut().ok_or(EXPECTED)?;
        match c {
            '\\' => word.extend(chars.next()),
            c if c.is_whitespace() => words.push(String::new()),
            c => word.push(c),
        }
    }
    let mut settings = Vec::new();
    let mut words = words.into_iter().filter(|word| !word.is_empty());
    while let Some(word) = words.next() {
        let setting = match word.strip_prefix("-c").or_else(|| word.strip_prefix("--")) {
            Some("") if word == "-c" => words.next().ok_or(EXPECTED)?,
            Some(setting) => setting.to_owned(),
            None => return Err(EXPECTED),
        };
        let (name, value) = setting.split_once('=').ok_or(EXPECTED)?;
        let plain = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
        if name.is_empty() || !name.chars().all(plain) {
            return Err(EXPECTED);
        }
        settings.push((name.replace('-', "_"), value.to_owned()));
    }
    Ok(settings)
}

fn complete(address: &mut Address, lookup: Lookup<'_>) -> Result<(), AddressError> {
    let var = |name: &str| variable(lookup, name);
    let unnamed = |target: &Target| match target {
        Target::Hosts(hosts) => hosts.iter().all(|host| host.name.is_empty()),
        _ => false,
    };
    let service = var("PGSERVICE").is_some() && unnamed(&address.target);
    if service && var("PGHOST").is_none() {
        return Err(AddressError::UnsupportedVariable {
            name: "PGSERVICE",
            instead: "unset it and give host, port, user and database instead",
        });
    }
    if unnamed(&address.target) {
        let given = match &address.target {
            Target::Hosts(hosts) => hosts.first().map(|host| host.port.to_string()),
            _ => None,
        };
        let ports = given.or_else(|| var("PGPORT")).unwrap_or_default();
        let host = var("PGHOSTADDR").or_else(|| var("PGHOST")).unwrap_or_else(|| default_host(&ports));
        address.set_hosts(&host, &ports)?;
    }
    let system = || process_user().or_else(|| system_user(lookup));
    address.user = address.user.take().or_else(|| var("PGUSER")).or_else(system);
    address.database_name = address.database_name.take().or_else(|| var("PGDATABASE")).or_else(|| address.user.clone());
    address.application = address.application.take().or_else(|| var("PGAPPNAME"));
    let tls = &mut address.tls;
    if let (None, Some(word)) = (tls.mode, var("PGSSLMODE")) {
        let mode = TlsMode::find(&word);
        tls.mode = Some(mode.ok_or(AddressError::Variable { name: "PGSSLMODE", expected: TLS_MODES })?);
    }
    match (&tls.root_cert, var("PGSSLROOTCERT")) {
        (None, Some(word)) if word == "system" => tls.mode = Some(TlsMode::VerifyFull),
        (None, Some(path)) => tls.root_cert = Some(path.into()),
        _ => {}
    }
    if let (None, None, Some(cert), Some(key)) = (&tls.client_cert, &tls.client_key, var("PGSSLCERT"), var("PGSSLKEY"))
    {
        tls.client_cert = Some(cert.into());
        tls.client_key = Some(key.into());
    }
    if let Some(value) = var("PGOPTIONS") {
        let before = read_options(&value).map_err(|expected| AddressError::Variable { name: "PGOPTIONS", expected })?;
        address.settings.splice(0..0, before);
    }
    if let Some(value) = var("PGCONNECT_TIMEOUT")
        && address.connect_timeout == Some(super::CONNECT_TIMEOUT)
    {
        address.connect_timeout =
            seconds(&value).map_err(|expected| AddressError::Variable { name: "PGCONNECT_TIMEOUT", expected })?;
    }
    fill_password(address, lookup, &["MIGRATE_PASSWORD", "PGPASSWORD"])?;
    if address.password.is_none() {
        ask_password_file(address, lookup);
    }
    Ok(())
}

/// Where a local server's socket may be; the first that is there, otherwise this machine by TCP.
fn default_host(port: &str) -> String {
    let socket = format!(".s.PGSQL.{}", if port.is_empty() { "5432" } else { port });
    let folders = ["/var/run/postgresql", "/run/postgresql", "/tmp"];
    let found = folders.into_iter().find(|folder| Path::new(folder).join(&socket).exists());
    found.unwrap_or("localhost").to_owned()
}

fn ask_password_file(address: &mut Address, lookup: Lookup<'_>) {
    let default = || match cfg!(windows) {
        true => variable(lookup, "APPDATA").map(|folder| Path::new(&folder).join("postgresql").join("pgpass.conf")),
        false => variable(lookup, "HOME").map(|folder| Path::new(&folder).join(".pgpass")),
    };
    let Some(path) = variable(lookup, "PGPASSFILE").map(PathBuf::from).or_else(default) else {
        return;
    };
    let (host, port) = match &address.target {
        Target::Hosts(hosts) => match hosts.first() {
            Some(host) => (host.name.clone(), host.port),
            None => return,
        },
        Target::Socket { path, port } => {
            // libpq calls its default folder of sockets `localhost` here.
            let default =
                ["/var/run/postgresql", "/run/postgresql", "/tmp"].iter().any(|folder| path == Path::new(folder));
            (if default { "localhost".to_owned() } else { path.to_string_lossy().into_owned() }, *port)
        }
        Target::File(_) | Target::Memory => return,
    };
    let login = Login {
        host: &host,
        port,
        database: address.database_name.as_deref().unwrap_or(""),
        user: address.user.as_deref().unwrap_or(""),
    };
    match look_up(&path, &login) {
        Answer::Password(password) => address.password = Some(password),
        Answer::Nothing => {}
        Answer::Refused(reason) => address.warnings.push(reason),
    }
}
