//! One fresh database per test, with one set of methods for every engine.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use tempfile::TempDir;

use super::client::{self, As, Client};
use super::schema;
use super::servers::{self, Server, USER};

/// The database software that a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// PostgreSQL.
    Postgres,
    /// MariaDB, or MySQL where the environment says so.
    Mariadb,
    /// SQLite.
    Sqlite,
}

impl Engine {
    const ALL: [Engine; 3] = [Engine::Postgres, Engine::Mariadb, Engine::Sqlite];

    /// The word for it in `COEXIST_TEST_DATABASES` and in the names of tests.
    pub fn name(self) -> &'static str {
        match self {
            Engine::Postgres => "postgres",
            Engine::Mariadb => "mariadb",
            Engine::Sqlite => "sqlite",
        }
    }

    /// The environment variable that names the folder of its programs.
    pub fn variable(self) -> &'static str {
        match self {
            Engine::Postgres => "COEXIST_TEST_POSTGRES_BIN",
            Engine::Mariadb => "COEXIST_TEST_MARIADB_BIN",
            Engine::Sqlite => "COEXIST_TEST_SQLITE_BIN",
        }
    }

    /// Whether this run is to test it: always, unless `COEXIST_TEST_DATABASES` names others only.
    pub fn is_wanted(self) -> bool {
        let Some(names) = std::env::var_os("COEXIST_TEST_DATABASES") else { return true };
        let names = names.to_str().expect("COEXIST_TEST_DATABASES is text");
        let wanted: Vec<Engine> = names.split(',').map(|name| Engine::named(name.trim())).collect();
        wanted.contains(&self)
    }

    fn named(name: &str) -> Engine {
        let known = Engine::ALL.map(Engine::name).join(", ");
        let engine = Engine::ALL.into_iter().find(|engine| engine.name() == name);
        engine.unwrap_or_else(|| panic!("COEXIST_TEST_DATABASES names `{name}`; there are {known}"))
    }

    /// The database to be connected to when none is meant.
    pub(super) fn maintenance(self) -> &'static str {
        if self == Engine::Postgres { "postgres" } else { "mysql" }
    }
}

/// An empty database of its own, removed when dropped.
pub struct TestDatabase {
    engine: Engine,
    name: String,
    home: Home,
}

enum Home {
    Server(Arc<Server>),
    Folder(TempDir),
}

impl TestDatabase {
    /// Runs a test on a fresh database, unless this run is not to test the engine. What `each_database!` calls.
    pub fn run(engine: Engine, test: fn(TestDatabase)) {
        if engine.is_wanted() {
            test(TestDatabase::fresh(engine));
        }
    }

    /// A fresh database on the server that all tests share, or a fresh SQLite file.
    pub fn fresh(engine: Engine) -> TestDatabase {
        if engine != Engine::Sqlite {
            return TestDatabase::on(&Server::shared(engine));
        }
        let folder = tempfile::Builder::new().prefix("coexist-sqlite-").tempdir().expect("a temporary folder");
        let database = TestDatabase { engine, name: "database.db".to_owned(), home: Home::Folder(folder) };
        std::fs::write(database.file(), "").expect("the folder is ours");
        database
    }

    /// A fresh database on this server.
    pub fn on(server: &Arc<Server>) -> TestDatabase {
        let name = server.next_name();
        let database = TestDatabase { engine: server.engine(), name, home: Home::Server(server.clone()) };
        let name = &database.name;
        let owner = if database.engine == Engine::Postgres { format!(" owner {USER}") } else { String::new() };
        server.administer(&format!("create database {name}{owner};")).unwrap_or_else(|error| panic!("{error}"));
        database
    }

    /// The software it lives in.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// The word for `--dialect`: `postgres`, `mariadb`, `mysql` or `sqlite`.
    pub fn dialect(&self) -> &'static str {
        match &self.home {
            Home::Server(server) => server.dialect(),
            Home::Folder(_) => "sqlite",
        }
    }

    /// The database's name, or the file's.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The URL for the program, with the password.
    pub fn url(&self) -> String {
        match &self.home {
            Home::Server(server) => self.url_at(server.address()),
            Home::Folder(_) => format!("sqlite://{}", self.file().display()),
        }
    }

    /// The URL that leads through something else, such as a proxy, that listens there.
    pub fn url_at(&self, address: SocketAddr) -> String {
        format!("{}://{USER}:{}@{address}/{}", self.dialect(), servers::password(), self.name)
    }

    /// The server it is on.
    ///
    /// # Panics
    ///
    /// For SQLite.
    pub fn server(&self) -> &Arc<Server> {
        match &self.home {
            Home::Server(server) => server,
            Home::Folder(_) => panic!("SQLite has no server"),
        }
    }

    /// The file of a SQLite database.
    ///
    /// # Panics
    ///
    /// For the others.
    pub fn file(&self) -> PathBuf {
        self.folder().join(&self.name)
    }

    fn folder(&self) -> &Path {
        match &self.home {
            Home::Server(_) => panic!("only SQLite has a file"),
            Home::Folder(folder) => folder.path(),
        }
    }

    /// The engine's own client program, connected to this database, reading SQL from its input.
    pub(super) fn client(&self) -> Result<Command, String> {
        match &self.home {
            Home::Server(server) => client::server_client(server, As::Tester, &self.name),
            Home::Folder(_) => client::file_client(&self.file()),
        }
    }

    /// Runs SQL by the engine's own client, as the user that the program is given, too.
    ///
    /// # Panics
    ///
    /// When it fails.
    pub fn sql(&self, sql: &str) {
        self.try_sql(sql).unwrap_or_else(|error| panic!("`{sql}` failed on {}: {error}", self.dialect()));
    }

    /// Runs SQL by the engine's own client and returns what it printed.
    ///
    /// # Errors
    ///
    /// What the client said about the first statement that failed.
    pub fn try_sql(&self, sql: &str) -> Result<String, String> {
        client::try_sql_in(self, sql)
    }

    /// Runs SQL in this database as the superuser; for SQLite there is no other user.
    ///
    /// # Panics
    ///
    /// When it fails.
    pub fn admin(&self, sql: &str) -> Vec<Vec<String>> {
        let output = match &self.home {
            Home::Server(server) => client::try_sql(server, As::Administrator, &self.name, sql),
            Home::Folder(_) => self.try_sql(sql),
        };
        client::read_rows(self.engine, &output.unwrap_or_else(|error| panic!("`{sql}` failed: {error}")))
    }

    /// The rows of one query, every value as text, `NULL` for null.
    ///
    /// # Panics
    ///
    /// When it fails.
    pub fn rows(&self, query: &str) -> Vec<Vec<String>> {
        let output = self.try_sql(&format!("{};", query.trim_end().trim_end_matches(';')));
        let output = output.unwrap_or_else(|error| panic!("`{query}` failed on {}: {error}", self.dialect()));
        client::read_rows(self.engine, &output)
    }

    /// The one value of a query with one row and one column.
    ///
    /// # Panics
    ///
    /// When there are others.
    pub fn value(&self, query: &str) -> String {
        match self.rows(query).as_slice() {
            [row] if row.len() == 1 => row[0].clone(),
            rows => panic!("`{query}` gave not one value but {rows:?}"),
        }
    }

    /// An open session of the engine's own client, to hold a transaction while the program runs.
    pub fn open(&self) -> Client {
        Client::start(self.engine, self.client().unwrap_or_else(|error| panic!("{error}")))
    }

    /// Everything that users define, in one canonical text to compare, without tables whose names start with `migrate_history`.
    pub fn schema(&self) -> String {
        schema::dump(self)
    }

    /// Whether there is a table or view of this name, in any schema that is not the system's.
    pub fn table_exists(&self, table: &str) -> bool {
        let query = match self.engine {
            Engine::Sqlite => format!("select count(*) from sqlite_master where name = '{table}'"),
            Engine::Mariadb => format!(
                "select count(*) from information_schema.tables where table_schema = database() and table_name = '{table}'"
            ),
            Engine::Postgres => format!(
                "select count(*) from pg_catalog.pg_class join pg_catalog.pg_namespace n on n.oid = relnamespace
                 where relkind in ('r', 'p', 'v', 'm', 'f') and nspname !~ '^pg_' and relname = '{table}'"
            ),
        };
        self.value(&query) != "0"
    }

    /// From now on, counts the statements that reach this database from new connections.
    ///
    /// # Panics
    ///
    /// For SQLite, which has no log.
    pub fn log_statements(&self) -> StatementLog<'_> {
        match self.engine {
            Engine::Postgres => self.admin(&format!("alter database {} set log_statement = 'all';", self.name)),
            Engine::Mariadb => self.admin("set global general_log = on;"),
            Engine::Sqlite => panic!("SQLite has no statement log"),
        };
        let mut log = StatementLog { database: self, read: 0 };
        log.take();
        log
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let Home::Server(server) = &self.home else { return };
        if !server.is_running() {
            return;
        }
        let name = &self.name;
        // `with (force)` is not in PostgreSQL 12. A server killed by its test is no reason to fail here.
        let sql = match self.engine {
            Engine::Postgres => format!(
                "alter database {name} allow_connections false;
                 select pg_catalog.pg_terminate_backend(pid) from pg_catalog.pg_stat_activity where datname = '{name}';
                 drop database {name};"
            ),
            _ => format!("drop database {name};"),
        };
        server.administer(&sql).ok();
    }
}

/// What reached a server's database, by the server's own word.
pub struct StatementLog<'a> {
    database: &'a TestDatabase,
    read: usize,
}

impl StatementLog<'_> {
    /// The statements since the last call, in order, as the server logged them: one entry per message of simple queries.
    pub fn take(&mut self) -> Vec<String> {
        let all = match self.database.engine {
            Engine::Postgres => self.postgres(),
            _ => self.mariadb(),
        };
        let new = all[self.read.min(all.len())..].to_vec();
        self.read = all.len();
        new
    }

    fn postgres(&self) -> Vec<String> {
        let mark = format!("<{}> LOG:  ", self.database.name);
        let mut statements: Vec<String> = Vec::new();
        let mut ours = false;
        for line in self.database.server().log().lines() {
            // The server indents the further lines of an entry with a tab.
            if let (true, Some(more)) = (ours, line.strip_prefix('\t')) {
                let last = statements.last_mut().expect("a first line came before");
                last.push('\n');
                last.push_str(more);
                continue;
            }
            let entry = line.split_once(&mark).map(|(_, entry)| entry);
            let statement = entry.and_then(|entry| {
                entry.strip_prefix("statement: ").or_else(|| {
                    let rest = entry.strip_prefix("execute ")?;
                    Some(rest.split_once(": ")?.1)
                })
            });
            ours = statement.is_some();
            statements.extend(statement.map(str::to_owned));
        }
        statements
    }

    fn mariadb(&self) -> Vec<String> {
        let name = &self.database.name;
        let rows = self.database.admin(&format!(
            "select convert(argument using utf8mb4) from mysql.general_log
             where command_type in ('Query', 'Execute') and thread_id in
               (select thread_id from mysql.general_log where command_type = 'Connect'
                and argument like '{USER}@%' and argument like '% on {name} %');"
        ));
        rows.into_iter().map(|mut row| row.remove(0)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    each_database! {
        fn a_fresh_database_is_empty_and_its_own(db: TestDatabase) {
            let other = TestDatabase::fresh(db.engine());
            assert!(!db.table_exists("t"));
            db.sql("create table t (id int primary key, name varchar(20)); insert into t values (1, 'é\u{20ac}'), (2, null);");
            assert!(db.table_exists("t"));
            assert!(!other.table_exists("t"));
            assert_eq!(db.rows("select id, name from t order by id;"), [["1", "é\u{20ac}"], ["2", "NULL"]]);
            assert_eq!(db.rows("select id from t where id > 2"), Vec::<Vec<String>>::new());
            assert_eq!(db.value("select count(*) from t"), "2");
            assert_eq!(db.admin("select max(id) from t;"), [["2"]]);
            assert!(db.try_sql("select * from nowhere;").unwrap_err().contains("nowhere"));
            assert!(db.url().contains(db.name()));
        }

        fn a_text_stops_at_its_first_error(db: TestDatabase) {
            assert!(db.try_sql("create table a (a int); select * from nowhere; create table b (a int);").is_err());
            assert!(db.table_exists("a"));
            assert!(!db.table_exists("b"));
        }

        fn the_statement_log_tells_what_arrived(db: TestDatabase) {
            if db.engine() == Engine::Sqlite {
                return;
            }
            let other = TestDatabase::fresh(db.engine());
            let mut log = db.log_statements();
            db.sql("select 1 as\none;");
            other.sql("select 2;");
            assert_eq!(log.take().iter().filter(|statement| statement.contains("one")).count(), 1);
            db.sql("select 3;");
            let last = log.take();
            assert!(last.iter().any(|statement| statement.contains("select 3")), "{last:?}");
            assert!(!last.iter().any(|statement| statement.contains("select 2")), "{last:?}");
        }
    }

    #[test]
    fn a_database_goes_when_its_test_ends() {
        for engine in [Engine::Postgres, Engine::Mariadb].into_iter().filter(|engine| engine.is_wanted()) {
            let (gone, stays) = (TestDatabase::fresh(engine), TestDatabase::fresh(engine));
            let name = gone.name().to_owned();
            let mut session = gone.open();
            session.sql("select 1;");
            drop(gone);
            let list = match engine {
                Engine::Postgres => format!("select count(*) from pg_database where datname = '{name}';"),
                _ => format!("select count(*) from information_schema.schemata where schema_name = '{name}';"),
            };
            assert_eq!(stays.admin(&list), [["0"]]);
        }
    }
}
