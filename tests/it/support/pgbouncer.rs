//! Debian's PgBouncer in transaction mode: the pooler that takes a session's lock away without a word.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::Engine;
use super::programs::{self, Owner};
use super::servers::{self, Server, USER, free_port};

/// A pooler before a PostgreSQL server, ended when dropped.
pub struct PgBouncer {
    address: SocketAddr,
    child: Child,
    folder: PathBuf,
}

impl PgBouncer {
    /// Starts one that has this many connections to the server for each database.
    ///
    /// # Panics
    ///
    /// When it is not installed or does not start.
    pub fn before(server: &Server, pool_size: u32) -> PgBouncer {
        let owner = Owner::of(Engine::Postgres);
        let program = programs::find_pooler().unwrap_or_else(|error| panic!("{error}"));
        let folder = programs::folder(Engine::Postgres, owner);
        let (configuration, users) = (folder.join("pgbouncer.ini"), folder.join("users.txt"));
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
        let text = format!(
            "[databases]\n* = host=127.0.0.1 port={server}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {listen}\n\
             unix_socket_dir =\nauth_type = scram-sha-256\nauth_file = {users}\npool_mode = transaction\n\
             default_pool_size = {pool_size}\nignore_startup_parameters = extra_float_digits\n",
            server = server.address().port(),
            listen = address.port(),
            users = users.display(),
        );
        fs::write(&configuration, text).expect("the folder is ours");
        fs::write(&users, format!("\"{USER}\" \"{}\"\n", servers::password())).expect("the folder is ours");
        let log = fs::File::create(folder.join("log")).expect("the folder is ours");
        let child = programs::command(program, owner, &folder)
            .arg(&configuration)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("open"))
            .stderr(log)
            .spawn()
            .expect("the program was found");
        let mut pooler = PgBouncer { address, child, folder };
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(address).is_err() {
            let ended = pooler.child.try_wait().expect("it is our child").is_some();
            if ended || Instant::now() > deadline {
                panic!(
                    "pgbouncer did not start:\n{}",
                    fs::read_to_string(pooler.folder.join("log")).unwrap_or_default()
                );
            }
            thread::sleep(Duration::from_millis(10));
        }
        pooler
    }

    /// Where it listens; for `TestDatabase::url_at`.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
        fs::remove_dir_all(&self.folder).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::super::TestDatabase;
    use super::*;

    /// The psql of the tests' user, through the pooler.
    fn ask(db: &TestDatabase, pooler: &PgBouncer, sql: &str) -> String {
        let psql = programs::find(Engine::Postgres, &["psql"]).unwrap();
        let output = programs::command(psql, None, &std::env::temp_dir())
            .args(["-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", &db.url_at(pooler.address()), "-c", sql])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    #[test]
    fn connections_are_shared_between_clients() {
        if !Engine::Postgres.is_wanted() {
            return;
        }
        let db = TestDatabase::fresh(Engine::Postgres);
        let pooler = PgBouncer::before(db.server(), 1);
        let first = ask(&db, &pooler, "select pg_backend_pid()");
        assert_eq!(ask(&db, &pooler, "select pg_backend_pid()"), first, "two clients were given one server connection");
        assert_eq!(ask(&db, &pooler, "select current_database()"), db.name());
    }
}
