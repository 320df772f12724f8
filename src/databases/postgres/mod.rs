//! PostgreSQL, 12 and later.

mod catalog;
mod connect;
mod dialect;
mod errors;
mod notices;
mod observer;
mod pooler;
mod session;

use async_trait::async_trait;

use super::address::POSTGRES;
use super::{Address, Addressing, ConnectError, Database, Dialect, Session};

/// PostgreSQL.
#[derive(Debug)]
pub struct Postgres;

#[async_trait]
impl Database for Postgres {
    fn name(&self) -> &'static str {
        "postgres"
    }

    fn title(&self) -> &'static str {
        "PostgreSQL"
    }

    fn schemes(&self) -> &'static [&'static str] {
        &["postgres", "postgresql"]
    }

    fn addressing(&self) -> &'static Addressing {
        &POSTGRES
    }

    fn dialect(&self) -> &'static dyn Dialect {
        &dialect::PostgresDialect
    }

    async fn connect(&self, address: &Address, who: &str) -> Result<Box<dyn Session>, ConnectError> {
        let session = connect::session(address, who).await?;
        pooler::refuse_transaction_pooling(session, address).await
    }
}
