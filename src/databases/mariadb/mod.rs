//! MariaDB: a MySQL with a name, a URL scheme and some SQL of its own.

use async_trait::async_trait;

use super::address::{self, Address, Addressing};
use super::mysql::{self, Family};
use super::{ConnectError, Database, Dialect, Session};
use crate::sql::Lexis;

/// MariaDB 10.6 and newer.
#[derive(Clone, Copy, Debug)]
pub struct MariaDb;

static DIALECT: Family = Family { name: "mariadb", lexis: &Lexis::MARIADB };

#[async_trait]
impl Database for MariaDb {
    fn name(&self) -> &'static str {
        DIALECT.name
    }

    fn title(&self) -> &'static str {
        "MariaDB"
    }

    fn schemes(&self) -> &'static [&'static str] {
        &["mariadb"]
    }

    fn addressing(&self) -> &'static Addressing {
        &address::MYSQL
    }

    fn dialect(&self) -> &'static dyn Dialect {
        &DIALECT
    }

    async fn connect(&self, address: &Address, who: &str) -> Result<Box<dyn Session>, ConnectError> {
        mysql::connect(address, who).await
    }
}
