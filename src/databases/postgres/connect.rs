//! Opening a connection, and learning what it leads to in one message.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgSslMode};
use sqlx::{ConnectOptions, Connection};

use super::super::{About, Address, ConnectError, Host, Target, TlsMode, redact, sockets};
use super::dialect::literal;
use super::errors::{reason, server_error};
use super::session::PostgresSession;

/// The oldest major version whose protocol and catalogs are known to do.
const OLDEST: u32 = 12;

/// Settings of every session of ours, beyond what the address says. A server that does not know one skips it.
pub(super) const SETTINGS: &[(&str, &str)] = &[
    // A client that is gone is noticed while its statement runs, so that its lock is freed.
    ("client_connection_check_interval", "2s"),
    ("tcp_keepalives_idle", "30"),
    ("tcp_keepalives_interval", "10"),
    ("tcp_keepalives_count", "3"),
    ("tcp_user_timeout", "60000"),
    // Waiting is our business, and a session that waits for a human's answer must not be ended meanwhile.
    ("idle_in_transaction_session_timeout", "0"),
    ("idle_session_timeout", "0"),
    ("transaction_timeout", "0"),
    // The history is read before the run's own limit is set; somebody who has it locked is no dead server.
    ("lock_timeout", "10s"),
    // Scripts are cut into statements under this reading of backslashes.
    ("standard_conforming_strings", "on"),
];

/// The expressions that put [`SETTINGS`] into force; a server that does not know a setting leaves it alone.
pub(super) fn apply_settings(address: &Address) -> String {
    let one = |(name, value): &(&str, &str)| {
        format!(
            "CASE WHEN pg_catalog.current_setting('{name}', true) IS NOT NULL \
             THEN pg_catalog.set_config('{name}', '{value}', false) END"
        )
    };
    // Whoever says for how long to wait for locks means it.
    let said = |name: &str| name == "lock_timeout" && address.settings.iter().any(|(said, _)| said == name);
    SETTINGS.iter().filter(|(name, _)| !said(name)).map(one).collect::<Vec<_>>().join(", ")
}

/// What the first message asks; the answers come in this order.
const QUESTIONS: &[&str] = &[
    "pg_catalog.version()",
    "pg_catalog.current_setting('server_version_num')",
    "pg_catalog.current_setting('server_version')",
    "pg_catalog.current_database()",
    "pg_catalog.current_schema()",
    "session_user::text",
    "pg_catalog.pg_backend_pid()",
    "pg_catalog.pg_is_in_recovery()",
    "pg_catalog.current_setting('default_transaction_read_only')",
    "pg_catalog.inet_client_port()",
    "pg_catalog.inet_server_port()",
];

/// The last question, which costs the server as much as the others together: asked where the answer matters.
const ENCRYPTED: &str = "(SELECT ssl FROM pg_catalog.pg_stat_ssl WHERE pid = pg_catalog.pg_backend_pid())";

/// The schema of the search path in which this table is found: the one that unqualified names mean may be another tomorrow,
/// when a migration creates a schema of the login's name or sets the path. Other schemas may be other tenants'. To join the
/// catalogs for it would take a new connection five times as long. Empty where the name is found, and is no table's.
fn home_of(table: Option<&str>) -> String {
    let Some(table) = table else { return "NULL".to_owned() };
    format!(
        "(SELECT CASE (found).type WHEN 'table' THEN (found).object_names[1] ELSE '' END FROM \
         (SELECT pg_catalog.pg_identify_object_as_address('pg_catalog.pg_class'::pg_catalog.regclass, \
         pg_catalog.to_regclass({}), 0) AS found) AS one)",
        literal(&format!("\"{}\"", table.replace('"', "\"\"")))
    )
}

/// The first schema of the search path that has this table, whatever else has the name before it.
fn home_behind(table: &str) -> String {
    format!(
        "SELECT n.nspname::text FROM pg_catalog.unnest(pg_catalog.current_schemas(false)) WITH ORDINALITY AS path (name, place) \
         JOIN pg_catalog.pg_namespace n ON n.nspname = path.name \
         JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = {} AND c.relkind IN ('r', 'p') \
         ORDER BY path.place LIMIT 1",
        literal(table)
    )
}

/// Opens a session on the first server of the address that will do.
pub(super) async fn session(address: &Address, who: &str) -> Result<PostgresSession, ConnectError> {
    let mut failures = Vec::new();
    let mode = address.tls_mode().await;
    for place in places(address) {
        match at(&place, address, mode, who).await {
            Ok(session) => return Ok(session),
            Err(error) => failures.push(error),
        }
    }
    // Several hosts: what the first said matters most, unless it was only a standby.
    let starting = failures.iter().any(|error| error.starting);
    let several = failures.len() > 1;
    let messages: Vec<String> = failures.iter().map(|error| error.message.clone()).collect();
    let hint = failures.into_iter().find_map(|error| error.hint);
    let message =
        if several { format!("no server of the list will do: {}", messages.join("; ")) } else { messages.concat() };
    Err(ConnectError { message, hint, starting })
}

/// One place to try.
pub(super) enum Place {
    Host(Host),
    Socket { folder: String, port: u16 },
}

fn places(address: &Address) -> Vec<Place> {
    match &address.target {
        Target::Hosts(hosts) => hosts.iter().cloned().map(Place::Host).collect(),
        Target::Socket { path, port } => {
            vec![Place::Socket { folder: path.to_string_lossy().into_owned(), port: *port }]
        }
        Target::File(_) | Target::Memory => Vec::new(),
    }
}

impl Place {
    pub(super) fn shown(&self) -> String {
        match self {
            Place::Host(host) => host.to_string(),
            Place::Socket { folder, port } => format!("{folder}/.s.PGSQL.{port}"),
        }
    }

    /// The port of a TCP connection.
    pub(super) fn port(&self) -> Option<u16> {
        match self {
            Place::Host(host) => Some(host.port),
            Place::Socket { .. } => None,
        }
    }
}

async fn at(place: &Place, address: &Address, mode: TlsMode, who: &str) -> Result<PostgresSession, ConnectError> {
    let mode = if place.port().is_none() { TlsMode::Disable } else { mode };
    let mut opened = open(place, address, mode, who).await;
    if mode == TlsMode::Prefer && matches!(opened, Err(sqlx::Error::Tls(_))) {
        // As libpq: encryption that cannot be had is done without, unless it was asked for.
        opened = open(place, address, TlsMode::Disable, who).await;
    }
    let connection = opened.map_err(|error| explain(&error, place, address))?;
    let local_ports = place.port().and_then(sockets::keep_alive);
    let mut session = PostgresSession::new(connection, address, who);
    let about = learn(&mut session, place, address, local_ports).await;
    match about {
        Ok((about, smells)) => {
            session.met(about, smells);
            Ok(session)
        }
        Err(error) => {
            session.hang_up().await;
            Err(error)
        }
    }
}

/// Opens a connection, by setters only: the driver's own reading of URLs prints what it does not know.
async fn open(place: &Place, address: &Address, mode: TlsMode, who: &str) -> Result<PgConnection, sqlx::Error> {
    let mut options = PgConnectOptions::new_without_pgpass()
        .ssl_mode(match mode {
            TlsMode::Disable => PgSslMode::Disable,
            TlsMode::Prefer => PgSslMode::Prefer,
            TlsMode::Require => PgSslMode::Require,
            TlsMode::VerifyCa => PgSslMode::VerifyCa,
            TlsMode::VerifyFull => PgSslMode::VerifyFull,
        })
        // Poolers refuse the one, and break the other.
        .extra_float_digits(None)
        .statement_cache_capacity(0)
        .application_name(&application_name(address, who, ""))
        .disable_statement_logging();
    options = match place {
        Place::Host(host) => options.host(&host.name).port(host.port),
        Place::Socket { folder, port } => options.socket(folder).port(*port),
    };
    if let Some(user) = &address.user {
        options = options.username(user);
    }
    // An empty password instead of none: the driver would look for one by itself.
    options = options.password(address.password.as_ref().map_or("", |password| password.expose()));
    if let Some(name) = &address.database_name {
        options = options.database(name);
    }
    let tls = &address.tls;
    if let Some(path) = &tls.root_cert {
        options = options.ssl_root_cert(path);
    }
    if let (Some(cert), Some(key)) = (&tls.client_cert, &tls.client_key) {
        options = options.ssl_client_cert(cert).ssl_client_key(key);
    }
    if !address.settings.is_empty() {
        options = options.options(address.settings.iter().map(|(name, value)| (name, value)));
    }
    let limit = address.connect_timeout.unwrap_or(Duration::MAX);
    let late = || sqlx::Error::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, "no answer in time"));
    tokio::time::timeout(limit, PgConnection::connect_with(&options)).await.unwrap_or_else(|_| Err(late()))
}

/// How many bytes of a name the server keeps.
const LONGEST_NAME: usize = 63;
/// How many of them are for what the connection does.
const LONGEST_DOING: usize = 36;

/// What the connection calls itself: the program, what it does, what the address adds; the server keeps 63 bytes.
pub(super) fn application_name(address: &Address, who: &str, doing: &str) -> String {
    let cut = |text: &str, bytes: usize| text[..text.floor_char_boundary(bytes)].to_owned();
    // What it does must not be lost behind a long name of the machine.
    let doing = cut(doing, LONGEST_DOING);
    let who = if doing.is_empty() { who.to_owned() } else { cut(who, LONGEST_NAME - doing.len() - 1) };
    let words = [&who, &doing, address.application.as_deref().unwrap_or("")];
    let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    let name: String = words.join(" ").chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    cut(&name, LONGEST_NAME)
}

/// Asks the server what it is, puts our settings into force, and refuses what cannot be migrated.
async fn learn(
    session: &mut PostgresSession,
    place: &Place,
    address: &Address,
    local_ports: Option<Vec<u16>>,
) -> Result<(About, bool), ConnectError> {
    let encrypted = if address.is_local() { "NULL" } else { ENCRYPTED };
    let questions = QUESTIONS.join(", ");
    let home = home_of(address.history_table.as_deref());
    let message = format!("SELECT {questions}, {encrypted}, {home};\nSELECT {}", apply_settings(address));
    let limit = address.connect_timeout.unwrap_or(Duration::MAX);
    let answer = tokio::time::timeout(limit, session.ask(&message)).await;
    let rows = match answer {
        Ok(Ok(rows)) => rows,
        Ok(Err(error)) => {
            // A relative of PostgreSQL that lacks one of the catalogs still says its name.
            let version = session.ask("SELECT version()").await.unwrap_or_default();
            let version = version.into_iter().next().and_then(|row| row.into_iter().next().flatten());
            if let Some(refusal) = version.as_deref().and_then(refuse_relative) {
                return Err(refusal);
            }
            return Err(explain(&error, place, address));
        }
        Err(_) => {
            let message = format!("{} accepted the connection but does not answer", place.shown());
            return Err(ConnectError { message, hint: None, starting: true });
        }
    };
    let mut answers = rows.into_iter().next().unwrap_or_default().into_iter();
    let mut next = || answers.next().flatten();
    let (version, number, short) = (next().unwrap_or_default(), next(), next().unwrap_or_default());
    let (database, schema, user, pid) = (next(), next(), next(), next());
    let (standby, read_only) = (next(), next());
    let (client_port, server_port, encrypted, mut history) = (next(), next(), next(), next());
    if let Some(refusal) = refuse_relative(&version) {
        return Err(refusal);
    }
    if let (Some(""), Some(table)) = (history.as_deref(), &address.history_table) {
        let rows = session.ask(&home_behind(table)).await.map_err(|error| explain(&error, place, address))?;
        history = rows.into_iter().next().and_then(|row| row.into_iter().next().flatten());
    }
    let number: u32 = number.and_then(|number| number.parse().ok()).unwrap_or(0);
    let short = short.split_whitespace().next().unwrap_or_default().to_owned();
    let refuse = |message: String, hint: &str| ConnectError { message, hint: Some(hint.to_owned()), starting: false };
    if number / 10_000 < OLDEST {
        return Err(refuse(
            format!("{} runs PostgreSQL {short}", place.shown()),
            "`migrate` works with PostgreSQL 12 and later",
        ));
    }
    let (standby, read_only) = (standby.as_deref() == Some("t"), read_only.as_deref() == Some("on"));
    if standby && !address.takes_readable() {
        return Err(refuse(
            format!("{} is a standby, which can only be read", place.shown()),
            "give the address of the primary",
        ));
    }
    if read_only && !address.takes_readable() {
        return Err(refuse(
            format!("{} lets this login only read (`default_transaction_read_only` is on)", place.shown()),
            "give the address of the primary, or wait for the end of the maintenance",
        ));
    }
    let mut warnings = address.warnings.clone();
    if standby {
        warnings.push(format!("{} is a standby: it may be behind the primary", place.shown()));
    }
    let encrypted = encrypted.as_deref() == Some("t");
    if !encrypted && !address.is_local() {
        warnings.push(format!(
            "the connection to {} is not encrypted: `--tls verify-full` insists on encryption and on the right server",
            place.shown()
        ));
    }
    if let (Some(first), Some(home)) = (&schema, &history)
        && first != home
    {
        warnings.push(format!(
            "the history is that of the schema `{home}`: `{first}`, which comes first in the search path, has none; `--schema {first}` begins one there, `--schema {home}` says that this is meant"
        ));
    }
    let about = About {
        product: format!("PostgreSQL {short}"),
        version: vec![number / 10_000, number % 10_000],
        database: database.unwrap_or_default().into(),
        schema: schema.map(String::from),
        history: history.map(String::from),
        user: user.unwrap_or_default().into(),
        connection: pid.unwrap_or_default().into(),
        warnings,
    };
    Ok((about, is_indirect(place, local_ports.as_deref(), client_port.as_deref(), server_port.as_deref())))
}

/// Whether something seems to stand between us and the server: it sees another connection than we do.
fn is_indirect(place: &Place, local: Option<&[u16]>, client_port: Option<&str>, server_port: Option<&str>) -> bool {
    let port = |text: Option<&str>| text.and_then(|text| text.parse::<u16>().ok());
    match (place.port(), port(client_port), port(server_port)) {
        (None, None, _) => false,
        (Some(_), Some(client), Some(server)) => match local {
            Some(local) if !local.is_empty() => !local.contains(&client),
            _ => Some(server) != place.port(),
        },
        _ => true,
    }
}

/// Servers that speak PostgreSQL's protocol, and are something else where it matters: locks and transactions.
fn refuse_relative(version: &str) -> Option<ConnectError> {
    let known = [
        ("CockroachDB", "its advisory locks protect nothing and its schema changes are not transactional"),
        ("-YB-", "YugabyteDB's schema changes are not transactional"),
        ("Redshift", "it has no advisory locks"),
        ("Materialize", "it has no advisory locks"),
        ("RisingWave", "it has no advisory locks"),
    ];
    let (name, why) = known.into_iter().find(|(name, _)| version.contains(name))?;
    let name = if name == "-YB-" { "YugabyteDB" } else { name };
    Some(ConnectError {
        message: format!("the server is {name}, not PostgreSQL: {why}"),
        hint: Some("`migrate` would promise what it cannot keep there, and refuses".to_owned()),
        starting: false,
    })
}

/// What the driver says of an answer that no server of PostgreSQL gives.
const STRANGERS: &[&str] = &["response from SSLRequest", "unknown message type", "unknown authentication method"];

/// A failure to connect, without the password.
pub(super) fn explain(error: &sqlx::Error, place: &Place, address: &Address) -> ConnectError {
    let secrets: Vec<_> = address.secrets().cloned().collect();
    let shown = place.shown();
    let clean = |text: &str| redact(text, &secrets).into_owned();
    if let Some(said) = server_error(error) {
        let message = match said.detail() {
            Some(detail) => format!("{shown} refuses: {} ({})", said.message(), detail),
            None => format!("{shown} refuses: {}", said.message()),
        };
        let hint = match said.code() {
            "28P01" | "28000" => Some("check user and password: PGPASSWORD, `--password-file`, `~/.pgpass`".to_owned()),
            "3D000" => Some("create the database first, or correct its name in the address".to_owned()),
            "53300" => Some("the server has no connection left".to_owned()),
            // What poolers say to settings sent at the start.
            "08P01" => Some(
                "this looks like a connection pooler: give the server's own address in MIGRATE_DATABASE_URL".to_owned(),
            ),
            _ => said.hint().map(clean),
        };
        let starting = matches!(said.code(), "57P03" | "53300" | "57P01" | "57P02");
        return ConnectError { message: clean(&message), hint, starting };
    }
    if let sqlx::Error::Protocol(said) = error
        && STRANGERS.iter().any(|words| said.contains(words))
    {
        let hint = "does the address name the right host and port? PostgreSQL listens on 5432 unless told otherwise";
        let message = format!("what answers at {shown} is no PostgreSQL server");
        return ConnectError { message, hint: Some(hint.to_owned()), starting: false };
    }
    let starting = matches!(error, sqlx::Error::Io(_));
    let hint = match error {
        sqlx::Error::Tls(_) if address.tls.mode.is_none() => Some(
            "a server on a public network is reached by TLS only, unless the address says `sslmode=disable`".to_owned(),
        ),
        sqlx::Error::Tls(_) => None,
        sqlx::Error::Io(_) => {
            Some("is the server running, and is the address right? `--wait 60s` waits for it".to_owned())
        }
        _ => None,
    };
    ConnectError { message: clean(&format!("cannot connect to {shown}: {}", reason(error))), hint, starting }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_application_name_fits() {
        let address = Address::parse("postgres://u@h/d?application_name=é", &|_| None).unwrap();
        assert_eq!(application_name(&address, "migrate/1 7f3a", "v42"), "migrate/1 7f3a v42 é");
        let long = application_name(&address, &"x".repeat(62), "");
        assert!(long.len() <= 63);
    }

    #[test]
    fn a_connection_that_the_server_sees_otherwise_is_indirect() {
        let tcp = Place::Host(Host { name: "h".into(), port: 5432 });
        let socket = Place::Socket { folder: "/tmp".into(), port: 5432 };
        assert!(!is_indirect(&tcp, Some(&[40000]), Some("40000"), Some("5432")));
        assert!(is_indirect(&tcp, Some(&[40000]), Some("40001"), Some("5432")));
        assert!(!is_indirect(&tcp, None, Some("40001"), Some("5432")));
        assert!(is_indirect(&tcp, None, Some("40001"), Some("6432")));
        assert!(is_indirect(&tcp, Some(&[40000]), None, None));
        assert!(!is_indirect(&socket, None, None, None));
        assert!(is_indirect(&socket, None, Some("1"), Some("5432")));
    }
}
