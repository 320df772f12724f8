//! Opens a session: logs in, undoes what the driver set, and learns in the same message what is there.

use std::time::Duration;

use ecow::EcoString;
use sqlx::mysql::{MySqlConnectOptions, MySqlSslMode};
use sqlx::{ConnectOptions as _, Error};

use super::error::from_driver;
use super::session::{Facts, Link, MySqlSession, announcement};
use crate::databases::address::{Address, Target, TlsMode};
use crate::databases::{About, ConnectError, ErrorKind, Row, Session, SqlError, redact, sockets};

/// The oldest versions whose schema changes are atomic, so that a crash leaves either the old or the new state.
const OLDEST_MYSQL: [u32; 2] = [8, 0];
const OLDEST_MARIADB: [u32; 2] = [10, 6];

/// While the runner waits for others it says nothing to the server, for ten minutes perhaps.
const IDLE: u32 = 28_800;

/// Opens a session on the first host that will do.
pub(in crate::databases) async fn connect(address: &Address, who: &str) -> Result<Box<dyn Session>, ConnectError> {
    let mode = address.tls_mode().await;
    let options = options(address, mode);
    let ways: Vec<(String, MySqlConnectOptions)> = match &address.target {
        Target::Socket { path, .. } => vec![(path.display().to_string(), options.socket(path))],
        Target::Hosts(hosts) => {
            hosts.iter().map(|host| (host.to_string(), options.clone().host(&host.name).port(host.port))).collect()
        }
        Target::File(_) | Target::Memory => Vec::new(),
    };
    let mut failure = ConnectError { message: "the address names no server".to_owned(), hint: None, starting: false };
    for (place, options) in ways {
        match open(address, &place, options, mode, who).await {
            Ok(session) => return Ok(session),
            Err(error) => failure = error,
        }
    }
    failure.message = redact(&failure.message, &address.secrets().cloned().collect::<Vec<_>>()).into_owned();
    Err(failure)
}

fn options(address: &Address, mode: TlsMode) -> MySqlConnectOptions {
    // Nothing of the driver's own: `greeting` says it all in one message.
    let mut options = MySqlConnectOptions::new()
        .pipes_as_concat(false)
        .no_engine_substitution(false)
        .timezone(None)
        .set_names(false)
        .statement_cache_capacity(0)
        .ssl_mode(match mode {
            TlsMode::Disable => MySqlSslMode::Disabled,
            TlsMode::Prefer => MySqlSslMode::Preferred,
            TlsMode::Require => MySqlSslMode::Required,
            TlsMode::VerifyCa => MySqlSslMode::VerifyCa,
            TlsMode::VerifyFull => MySqlSslMode::VerifyIdentity,
        })
        .disable_statement_logging();
    if let Some(user) = &address.user {
        options = options.username(user);
    }
    if let Some(password) = &address.password {
        options = options.password(password.expose());
    }
    if let Some(name) = &address.database_name {
        options = options.database(name);
    }
    if let Some(root) = &address.tls.root_cert {
        options = options.ssl_ca(root);
    }
    if let (Some(certificate), Some(key)) = (&address.tls.client_cert, &address.tls.client_key) {
        options = options.ssl_client_cert(certificate).ssl_client_key(key);
    }
    options
}

/// Puts back what the protocol's flags changed: the driver asks for `IGNORE_SPACE`, under which `CREATE TABLE count (…)` is
/// an error. Then asks for everything that is worth knowing.
fn greeting(address: &Address, who: &str) -> String {
    let charset = address.charset.as_deref().unwrap_or("utf8mb4");
    let collation = address.collation.as_deref().map(|collation| format!(" COLLATE {collation}")).unwrap_or_default();
    format!(
        "SET NAMES {charset}{collation}, sql_mode=@@GLOBAL.sql_mode, time_zone=@@GLOBAL.time_zone, autocommit=1, wait_timeout={IDLE};
         SELECT VERSION(), CONNECTION_ID(), DATABASE(), CURRENT_USER(), @@max_allowed_packet, @@read_only, @@innodb_read_only;
         SHOW STATUS WHERE Variable_name IN ('Ssl_cipher', 'wsrep_cluster_status');
         {}",
        announcement(who)
    )
}

/// Connects within the time there is.
pub(super) async fn dial(
    options: &MySqlConnectOptions,
    patience: Option<Duration>,
) -> Result<sqlx::MySqlConnection, Error> {
    let slow = || Error::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, "no answer in time"));
    let connection = match patience {
        Some(patience) => tokio::time::timeout(patience, options.connect()).await.unwrap_or_else(|_| Err(slow())),
        None => options.connect().await,
    }?;
    if options.get_socket().is_none() {
        sockets::keep_alive(options.get_port());
    }
    Ok(connection)
}

async fn open(
    address: &Address,
    place: &str,
    options: MySqlConnectOptions,
    mode: TlsMode,
    who: &str,
) -> Result<Box<dyn Session>, ConnectError> {
    let connection = dial(&options, address.connect_timeout).await.map_err(|error| refusal(&error, place, mode))?;
    let mut link = Link::new(connection);
    let rows = link.query(&greeting(address, who)).await.map_err(|error| unfriendly(&error, place))?;
    let mut rows = rows.into_iter();
    let first = rows.next().unwrap_or_default();
    let status: Vec<Row> = rows.collect();
    let (about, facts) = match introduce(address, place, &first, &status) {
        Ok(known) => known,
        Err(error) => {
            link.close().await;
            return Err(error);
        }
    };
    if is_galera(&status) {
        // What other nodes have written is to be seen here before we read.
        link.query("SET SESSION wsrep_sync_wait=7").await.map_err(|error| unfriendly(&error, place))?;
    }
    Ok(Box::new(MySqlSession::new(link, about, options, address.connect_timeout, facts)))
}

fn value<'r>(status: &'r [Row], name: &str) -> Option<&'r str> {
    status.iter().find_map(|row| match &row[..] {
        [Some(key), Some(value)] if key == name && !value.is_empty() => Some(value.as_str()),
        _ => None,
    })
}

/// A node that is in no cluster says that it is disconnected.
fn is_galera(status: &[Row]) -> bool {
    value(status, "wsrep_cluster_status").is_some_and(|status| status != "Disconnected")
}

fn introduce(address: &Address, place: &str, row: &Row, status: &[Row]) -> Result<(About, Facts), ConnectError> {
    let fail =
        |message: String, hint: &str| Err(ConnectError { message, hint: Some(hint.to_owned()), starting: false });
    let [Some(version), Some(connection), database, user, packet, read_only, innodb_read_only] = &row[..] else {
        return fail(format!("the server at {place} does not say what it is"), "is it MySQL or MariaDB?");
    };
    let server = Server::of(version);
    if let Some(relative) = server.relative {
        return fail(
            format!("the server at {place} is {relative}, which `migrate` does not support"),
            "`migrate` relies on locks and on atomic schema changes as MySQL 8.0 and MariaDB 10.6 have them",
        );
    }
    if server.is_too_old() {
        return fail(
            format!(
                "the server at {place} is {}, which is too old: its schema changes are not atomic",
                server.product()
            ),
            "`migrate` needs MySQL 8.0 or MariaDB 10.6, or newer",
        );
    }
    let Some(database) = database else {
        return fail(
            format!("the address of {place} names no database"),
            "name it behind the host: `mysql://host/database`",
        );
    };
    let on = |flag: &Option<EcoString>| !matches!(flag.as_deref(), None | Some("0" | "OFF"));
    let read_only = on(read_only) || on(innodb_read_only);
    if read_only && !address.takes_readable() {
        return fail(
            format!("the server at {place} is read-only (`read_only` is on), as replicas are"),
            "give the address of the primary server",
        );
    }
    let mut warnings = Vec::new();
    if read_only {
        warnings.push(format!("the server at {place} is read-only: a replica may be behind its primary"));
    }
    if value(status, "Ssl_cipher").is_none() && !address.is_local() {
        warnings.push(format!("the connection to {place} is not encrypted: give `--tls require` or better"));
    }
    if is_galera(status) {
        warnings.push(
            "this is a Galera cluster, whose nodes do not share locks: always deploy through the same node".to_owned(),
        );
    }
    let about = About {
        product: server.product(),
        version: server.numbers.clone(),
        database: database.to_string(),
        schema: Some(database.to_string()),
        history: None,
        user: user.clone().unwrap_or_default().into(),
        connection: connection.to_string(),
        warnings,
    };
    let largest = packet.as_deref().and_then(|bytes| bytes.parse().ok()).unwrap_or(1 << 22);
    Ok((about, Facts { is_mariadb: server.is_mariadb, largest }))
}

/// What a version says.
struct Server {
    is_mariadb: bool,
    /// Another product that speaks the same protocol.
    relative: Option<&'static str>,
    numbers: Vec<u32>,
}

impl Server {
    fn of(version: &str) -> Self {
        let is_mariadb = version.contains("MariaDB");
        let relative = ["TiDB", "Vitess", "SingleStore", "OceanBase"].into_iter().find(|name| version.contains(name));
        // Some proxies pass on the prefix with which MariaDB greets old replicas.
        let own = version.strip_prefix("5.5.5-").filter(|_| is_mariadb).unwrap_or(version);
        let digits = own.split(|c: char| !c.is_ascii_digit() && c != '.').next().unwrap_or_default();
        Server { is_mariadb, relative, numbers: digits.split('.').map_while(|number| number.parse().ok()).collect() }
    }

    fn product(&self) -> String {
        let numbers: Vec<String> = self.numbers.iter().map(u32::to_string).collect();
        format!("{} {}", if self.is_mariadb { "MariaDB" } else { "MySQL" }, numbers.join("."))
    }

    fn is_too_old(&self) -> bool {
        let oldest = if self.is_mariadb { OLDEST_MARIADB } else { OLDEST_MYSQL };
        self.numbers[..] < oldest[..]
    }
}

/// Why there is no connection, and what to do.
fn refusal(error: &Error, place: &str, mode: TlsMode) -> ConnectError {
    match error {
        Error::Database(_) => unfriendly(&from_driver(error, ""), place),
        Error::Io(io) => {
            let message = match io.kind() {
                std::io::ErrorKind::ConnectionRefused | std::io::ErrorKind::NotFound => {
                    format!("nobody listens at {place}")
                }
                std::io::ErrorKind::TimedOut => format!("{place} does not answer in time"),
                _ => format!("cannot reach {place}: {io}"),
            };
            let hint = "is the server running, and is this its address? `--wait 60s` waits for one that is starting";
            ConnectError { message, hint: Some(hint.to_owned()), starting: true }
        }
        Error::Tls(tls) => {
            let message = format!("no encrypted connection to {place}: {tls}");
            let hint = match mode.verifies() {
                true => "name the authority of the server's certificate with `--tls-root-cert FILE`",
                false => "mend the server's certificate, or do without encryption with `--tls disable`",
            };
            ConnectError { message, hint: Some(hint.to_owned()), starting: false }
        }
        _ => {
            let text = error.to_string();
            // The login by RSA is left out of the driver on purpose.
            let hint = text.to_lowercase().contains("rsa").then(|| {
                "this login sends its password only over TLS or a socket: give `--tls require`, or `--socket PATH`"
                    .to_owned()
            });
            ConnectError { message: format!("cannot log in at {place}: {text}"), hint, starting: false }
        }
    }
}

/// The server answered, and does not want us.
fn unfriendly(error: &SqlError, place: &str) -> ConnectError {
    let code = error.code.as_deref().unwrap_or_default();
    let hint = match code {
        "1044" | "1045" | "1698" => Some("check the user, the password and the database's name"),
        "1049" => Some("create the database first: `CREATE DATABASE`"),
        "1040" | "1203" | "1226" => Some("all connections are taken: wait, or raise the limit"),
        "1130" => Some("the server lets nobody in from this machine: ask its administrator"),
        "3159" => Some("give `--tls require`"),
        _ => None,
    };
    ConnectError {
        message: format!("{place} refuses the connection: {}", error.message),
        hint: hint.map(str::to_owned),
        starting: matches!(code, "1040" | "1053" | "1203") || error.kind == ErrorKind::ConnectionLost,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        let read = |version| {
            let server = Server::of(version);
            (server.product(), server.is_too_old(), server.relative)
        };
        assert_eq!(read("10.11.19-MariaDB-0+deb12u1"), ("MariaDB 10.11.19".to_owned(), false, None));
        assert_eq!(read("5.5.5-10.5.8-MariaDB"), ("MariaDB 10.5.8".to_owned(), true, None));
        assert_eq!(read("9.7.4-2"), ("MySQL 9.7.4".to_owned(), false, None));
        assert_eq!(read("8.0.36-0ubuntu0.22.04.1"), ("MySQL 8.0.36".to_owned(), false, None));
        assert_eq!(read("5.7.44-log"), ("MySQL 5.7.44".to_owned(), true, None));
        assert_eq!(read("8.0.11-TiDB-v7.5.0").2, Some("TiDB"));
    }
}
