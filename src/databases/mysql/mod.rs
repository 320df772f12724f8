//! MySQL, and what MariaDB shares with it: nearly everything. Whatever the URL says, a session knows which of the two
//! it talks to.

mod batch;
mod connect;
mod dialect;
mod error;
mod observer;
mod probe;
mod reader;
mod session;
mod traces;

use async_trait::async_trait;

use super::address::{self, Address, Addressing};
use super::{ConnectError, Database, Dialect, Session};
use crate::sql::Lexis;

pub(super) use connect::connect;
pub(super) use dialect::Family;

/// MySQL 8.0 and newer.
#[derive(Clone, Copy, Debug)]
pub struct MySql;

static DIALECT: Family = Family { name: "mysql", lexis: &Lexis::MYSQL };

#[async_trait]
impl Database for MySql {
    fn name(&self) -> &'static str {
        DIALECT.name
    }

    fn title(&self) -> &'static str {
        "MySQL"
    }

    fn schemes(&self) -> &'static [&'static str] {
        &["mysql"]
    }

    fn addressing(&self) -> &'static Addressing {
        &address::MYSQL
    }

    fn dialect(&self) -> &'static dyn Dialect {
        &DIALECT
    }

    async fn connect(&self, address: &Address, who: &str) -> Result<Box<dyn Session>, ConnectError> {
        connect(address, who).await
    }
}
