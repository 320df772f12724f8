//! Encrypted connections to a real server with a certificate of its own authority.

use std::path::Path;
use std::process::Command;

use coexist::databases::ConnectError;

use super::*;
use crate::support::{Engine, Server, TestDatabase};

/// An authority, and a certificate of it for `localhost` alone.
fn certificates(folder: &Path) {
    let openssl = |arguments: &str| {
        let output = Command::new("openssl").current_dir(folder).args(arguments.split(' ')).output();
        let output = output.expect("the TLS tests need the program `openssl`: apt-get install openssl");
        assert!(output.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&output.stderr));
    };
    openssl("req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout ca.key -out ca.crt");
    openssl(
        "req -newkey rsa:2048 -nodes -subj /CN=server -addext subjectAltName=DNS:localhost -keyout server.key -out server.csr",
    );
    openssl(
        "x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -copy_extensions copy -out server.crt",
    );
}

/// Gives the server its certificate; it writes the files itself, because they must belong to its user.
fn encrypt(db: &TestDatabase, folder: &Path) {
    for name in ["server.crt", "server.key"] {
        let text = std::fs::read_to_string(folder.join(name)).unwrap();
        db.admin(&format!(
            "copy (select $pem${}$pem$) to program 'umask 077; sed ''s/\\\\n/\\n/g'' > {name}';",
            text.trim()
        ));
    }
    db.admin("alter system set ssl = on;");
    db.admin("select pg_reload_conf();");
}

async fn try_connect(url: &str) -> Result<Box<dyn Session>, ConnectError> {
    let address = Address::parse(url, &|_| None).unwrap();
    address.database().connect(&address, "migrate").await
}

const ENCRYPTED: &str = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";

#[test]
fn every_mode_on_a_real_server() {
    if !Engine::Postgres.is_wanted() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    certificates(folder.path());
    let server = Server::private(Engine::Postgres);
    let db = TestDatabase::on(&server);
    encrypt(&db, folder.path());
    let ca = folder.path().join("ca.crt");
    let url = |host: &str, parameters: &str| {
        let parameters = parameters.replace("CA", &ca.display().to_string());
        format!("{}?{parameters}", db.url().replace("127.0.0.1", host))
    };
    block_on(async {
        // The server reads its files a moment after it was told to.
        for _ in 0..100 {
            if try_connect(&url("127.0.0.1", "sslmode=require")).await.is_ok() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        for (host, parameters, encrypted) in [
            ("127.0.0.1", "", "t"),
            ("127.0.0.1", "sslmode=disable", "f"),
            ("127.0.0.1", "sslmode=prefer", "t"),
            ("127.0.0.1", "sslmode=require", "t"),
            ("127.0.0.1", "sslmode=verify-ca&sslrootcert=CA", "t"),
            ("127.0.0.1", "sslrootcert=CA", "t"),
            ("localhost", "sslmode=verify-full&sslrootcert=CA", "t"),
        ] {
            let url = url(host, parameters);
            let mut session = try_connect(&url).await.unwrap_or_else(|error| panic!("{parameters}: {error}"));
            assert_eq!(value(&mut *session, ENCRYPTED).await.as_deref(), Some(encrypted), "{parameters}");
            session.close().await;
        }
        for (host, parameters) in [
            ("127.0.0.1", "sslmode=verify-full&sslrootcert=CA"),
            ("localhost", "sslmode=verify-full"),
            ("127.0.0.1", "sslmode=verify-ca"),
            ("127.0.0.1", "sslmode=require&sslrootcert=/nowhere/ca.crt"),
        ] {
            let error = try_connect(&url(host, parameters)).await.err().expect(parameters);
            assert!(!error.message.contains("tester:"), "{error}");
        }
    });
}
