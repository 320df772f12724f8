//! What every test stands on: real servers, fresh databases, the real program, and a network that can fail.
//!
//! # A test on every database
//!
//! ```ignore
//! each_database! {
//!     /// What the test shows.
//!     fn applies_in_order(db: TestDatabase) {
//!         let project = Project::with([
//!             ("migrations/0001_users.up.sql", "create table users (id int primary key);"),
//!             ("migrations/0001_users.down.sql", "drop table users;"),
//!         ])
//!         .on(&db);
//!         project.run(["up"]).ok();
//!         assert!(db.table_exists("users"));
//!     }
//! }
//! ```
//!
//! makes the tests `applies_in_order::postgres`, `::mariadb` and `::sqlite`. `rustfmt` does not look inside the braces;
//! for a long test write an ordinary `fn applies_in_order(db: TestDatabase)` and below it `each_database!(applies_in_order);`.
//!
//! # What there is
//!
//! - [`TestDatabase`]: one fresh, empty database (or SQLite file); `url()`, `sql(…)`, `rows(…)`, `schema()`, `open()` and so
//!   on go through the database's own client program, never through our code. Gone when dropped.
//! - [`Server`]: `TestDatabase` shares one server per engine and run; `Server::private(engine)` is for tests that `kill()`,
//!   `stop()` or `restart()` theirs, with `TestDatabase::on(&server)`.
//! - [`Project`]: a temporary folder with files, and the program in it with a clean environment. `run(args)` gives an
//!   [`Output`], `run_with(environment, args)` adds variables, `spawn` does not wait. A run that takes longer than two
//!   minutes is killed and fails the test, and so does the password of the test databases in any output.
//! - [`Proxy`]: stands before a server, counts, delays, and cuts the connection after byte N.
//! - [`PgBouncer`]: Debian's pooler in transaction mode before a PostgreSQL server.
//!
//! # Environment
//!
//! - `COEXIST_TEST_DATABASES=postgres,mariadb,sqlite` names those to test; without it all are. Missing programs fail.
//! - `COEXIST_TEST_POSTGRES_BIN`: the folder of `initdb` and `postgres`. `COEXIST_TEST_MARIADB_BIN`: the folder of
//!   `mariadbd` and `mariadb-install-db`, or of MySQL's `mysqld`: the tests called `mariadb` then run on MySQL and
//!   `dialect()` says so. The clients `psql` and `mariadb` (or `mysql`) may be there too, and are looked for elsewhere if not.
//!
//! A server belongs to a user without rights when the tests run as root. A small `sh` waits for the end of the test process,
//! however that comes, then stops the server and removes its folder.

/// Makes one test per database of a function that takes a [`TestDatabase`].
macro_rules! each_database {
    ($($(#[$attribute:meta])* fn $name:ident($db:ident: TestDatabase) $body:block)+) => {
        $(
            $(#[$attribute])*
            fn $name($db: $crate::support::TestDatabase) $body
            each_database!($name);
        )+
    };
    ($($name:ident),+ $(,)?) => {
        $(
            mod $name {
                #[test]
                fn postgres() {
                    $crate::support::TestDatabase::run($crate::support::Engine::Postgres, super::$name);
                }

                #[test]
                fn mariadb() {
                    $crate::support::TestDatabase::run($crate::support::Engine::Mariadb, super::$name);
                }

                #[test]
                fn sqlite() {
                    $crate::support::TestDatabase::run($crate::support::Engine::Sqlite, super::$name);
                }
            }
        )+
    };
}

mod client;
mod database;
mod pgbouncer;
mod programs;
mod project;
mod proxy;
mod schema;
mod servers;

pub use client::Client;
pub use database::{Engine, StatementLog, TestDatabase};
pub use pgbouncer::PgBouncer;
pub use project::{Output, Project, Running};
pub use proxy::{Counts, Cut, Direction, Manner, Proxy, Scope};
pub use servers::{Server, Signal};
