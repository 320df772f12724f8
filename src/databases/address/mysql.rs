//! MySQL's and MariaDB's addresses, as their tools and the usual drivers write them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::environment::{fill_password, system_user, variable};
use super::parameters::*;
use super::url::{path, read_server};
use super::{Address, AddressError, Addressing, Lookup, Target, TlsMode};

pub(super) const ADDRESSING: Addressing = Addressing { default_port: 3306, parameters: PARAMETERS, read, complete };

use Meaning::{Ignored, Only, Refused, Set};

const PARAMETERS: &[Parameter] = &[
    Parameter { names: &["host"], meaning: Set(host) },
    Parameter { names: &["port"], meaning: Set(port) },
    Parameter { names: &["user"], meaning: Set(user) },
    Parameter { names: &["password"], meaning: Set(password) },
    Parameter { names: &["database", "db", "dbname"], meaning: Set(database_name) },
    Parameter { names: &["socket", "unix_socket"], meaning: Set(socket) },
    Parameter { names: &["ssl-mode", "sslMode"], meaning: Set(tls_mode) },
    Parameter { names: &["tls", "ssl", "useSSL", "requireSSL"], meaning: Set(tls_switch) },
    Parameter { names: &["x-tls-insecure-skip-verify"], meaning: Set(skip_verify) },
    Parameter { names: &["ssl-ca", "x-tls-ca", "sslrootcert"], meaning: Set(root_cert) },
    Parameter { names: &["ssl-cert", "x-tls-cert", "sslcert"], meaning: Set(client_cert) },
    Parameter { names: &["ssl-key", "x-tls-key", "sslkey"], meaning: Set(client_key) },
    Parameter { names: &["connect_timeout"], meaning: Set(connect_timeout) },
    Parameter { names: &["connectTimeout"], meaning: Set(milliseconds) },
    Parameter { names: &["timeout"], meaning: Set(go_duration) },
    Parameter { names: &["charset", "characterEncoding", "encoding"], meaning: Set(charset) },
    Parameter { names: &["collation", "connectionCollation"], meaning: Set(collation) },
    Parameter { names: &["program_name", "application_name"], meaning: Set(application) },
    Parameter {
        names: &["timezone", "time_zone", "serverTimezone", "connectionTimeZone"],
        meaning: Refused("sessions use the server's own time zone; a script that needs another sets it"),
    },
    Parameter { names: &["sql_mode"], meaning: Refused(SET_IN_SCRIPT) },
    Parameter { names: &["autocommit"], meaning: Only(&["true", "1"], "transactions are `migrate`'s business") },
    Parameter {
        names: &["allowCleartextPasswords", "enable-cleartext-plugin"],
        meaning: Only(&["false", "0"], "leave it out"),
    },
    Parameter { names: &["x-statement-timeout"], meaning: Refused("give `--statement-timeout`") },
    Parameter {
        names: &["x-migrations-table"],
        meaning: Refused("it names golang-migrate's own table; `migrate` keeps another, named by `--table`"),
    },
    Parameter { names: &["x-no-lock", "x-lock-strategy"], meaning: Refused("the lock needs no choice; leave it out") },
    Parameter { names: &["x-multi-statement", "x-multi-statement-max-size"], meaning: Ignored },
    // Settings of pools and drivers, which change nothing on the server.
    Parameter {
        names: &["parseTime", "loc", "interpolateParams", "clientFoundRows", "columnsWithAlias"],
        meaning: Ignored,
    },
    Parameter { names: &["multiStatements", "allowMultiQueries", "rewriteBatchedStatements"], meaning: Ignored },
    Parameter {
        names: &["readTimeout", "writeTimeout", "socketTimeout", "read_timeout", "write_timeout"],
        meaning: Ignored,
    },
    Parameter { names: &["maxAllowedPacket", "rejectReadOnly", "checkConnLiveness", "reconnect"], meaning: Ignored },
    Parameter { names: &["allowNativePasswords", "allowOldPasswords", "allowPublicKeyRetrieval"], meaning: Ignored },
    Parameter { names: &["useUnicode", "zeroDateTimeBehavior", "nullCatalogMeansCurrent"], meaning: Ignored },
    Parameter { names: &["pool", "connection_limit", "pool_timeout", "statement-cache-capacity"], meaning: Ignored },
];

/// Reads the usual form, and Go's `user:password@tcp(host:3306)/db` and `@unix(/path/socket)/db`.
fn read(address: &mut Address, rest: &str) -> Result<(), AddressError> {
    for (protocol, is_socket) in [("@tcp(", false), ("@unix(", true), ("@(", false)] {
        let Some((login, after)) = rest.split_once(protocol) else { continue };
        let (place, tail) = after.split_once(')').ok_or(AddressError::Host)?;
        if !is_socket {
            return read_server(address, &format!("{login}@{place}{tail}"));
        }
        read_server(address, &format!("{login}@{tail}"))?;
        address.target = Target::Socket { path: path(place)?, port: 0 };
        return Ok(());
    }
    read_server(address, rest)?;
    if let Target::Hosts(hosts) = &address.target
        && hosts.len() > 1
    {
        address.writable = true;
    }
    Ok(())
}

fn socket(reading: &mut Reading<'_>, value: &str) -> Result<(), &'static str> {
    reading.address.target = Target::Socket { path: PathBuf::from(value), port: 0 };
    Ok(())
}

fn skip_verify(reading: &mut Reading<'_>, value: &str) -> Result<(), &'static str> {
    match value {
        "true" | "1" => reading.address.tls.mode = reading.address.tls.mode.max(Some(TlsMode::Require)),
        "false" | "0" => reading.address.tls.mode = Some(TlsMode::VerifyFull),
        _ => return Err("`true` or `false`"),
    }
    Ok(())
}

fn charset(reading: &mut Reading<'_>, value: &str) -> Result<(), &'static str> {
    // Go writes a list in the order of preference; Java writes its own name.
    let first = value.split(',').next().unwrap_or_default().to_ascii_lowercase();
    let name = if first == "utf-8" { "utf8mb4".to_owned() } else { first };
    reading.address.charset = Some(word(name)?);
    Ok(())
}

fn collation(reading: &mut Reading<'_>, value: &str) -> Result<(), &'static str> {
    reading.address.collation = Some(word(value.to_owned())?);
    Ok(())
}

fn word(text: String) -> Result<String, &'static str> {
    match !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        true => Ok(text),
        false => Err("a plain name"),
    }
}

fn milliseconds(reading: &mut Reading<'_>, value: &str) -> Result<(), &'static str> {
    let number: u64 = value.parse().map_err(|_| "a number of milliseconds")?;
    reading.address.connect_timeout = (number > 0).then(|| Duration::from_millis(number));
    Ok(())
}

/// `5s`, `500ms`, `1m30s`, as Go writes it.
fn go_duration(reading: &mut Reading<'_>, value: &str) -> Result<(), &'static str> {
    const EXPECTED: &str = "a duration such as `5s`";
    let mut total = Duration::ZERO;
    let mut rest = value;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or(EXPECTED)?;
        let number: u32 = rest[..digits].parse().map_err(|_| EXPECTED)?;
        let after = &rest[digits..];
        let unit_end = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        let unit = match &after[..unit_end] {
            "ms" => Duration::from_millis(1),
            "s" => Duration::from_secs(1),
            "m" => Duration::from_secs(60),
            _ => return Err(EXPECTED),
        };
        total = unit.checked_mul(number).and_then(|part| total.checked_add(part)).ok_or(EXPECTED)?;
        rest = &after[unit_end..];
    }
    reading.address.connect_timeout = (!total.is_zero()).then_some(total);
    Ok(())
}

fn complete(address: &mut Address, lookup: Lookup<'_>) -> Result<(), AddressError> {
    let var = |name: &str| variable(lookup, name);
    if let Target::Hosts(hosts) = &address.target
        && hosts.iter().all(|host| host.name.is_empty())
    {
        let port = hosts.first().map(|host| host.port.to_string()).or_else(|| var("MYSQL_TCP_PORT"));
        let socket = var("MYSQL_UNIX_PORT").map(PathBuf::from);
        match (var("MYSQL_HOST"), socket) {
            (Some(host), _) => address.set_hosts(&host, port.as_deref().unwrap_or(""))?,
            (None, Some(path)) => address.target = Target::Socket { path, port: 0 },
            (None, None) => match default_socket() {
                Some(path) if port.is_none() => address.target = Target::Socket { path, port: 0 },
                _ => address.set_hosts("localhost", port.as_deref().unwrap_or(""))?,
            },
        }
    }
    address.user = address.user.take().or_else(|| system_user(lookup));
    fill_password(address, lookup, &["MIGRATE_PASSWORD", "MYSQL_PWD"])
}

/// Where a local server's socket may be.
fn default_socket() -> Option<PathBuf> {
    let known =
        ["/var/run/mysqld/mysqld.sock", "/run/mysqld/mysqld.sock", "/tmp/mysql.sock", "/var/lib/mysql/mysql.sock"];
    known.into_iter().map(Path::new).find(|path| path.exists()).map(Path::to_owned)
}
