//! Telling a pooler in transaction mode from a server.
//!
//! Such a pooler gives each transaction another server process, so that a session's lock protects nothing and stays
//! behind. The fence in every transaction is what protects; this gives the reason early, and only asks where the
//! server sees another connection than we do, so that a plain server costs no message more.

use std::time::Duration;

use super::super::{Address, ConnectError, Session};
use super::connect;
use super::session::PostgresSession;

/// What is said of a pooler in transaction mode.
pub(super) const REFUSAL: &str = "this connection leads through a pooler in transaction mode (PgBouncer), where \
                                  `migrate`'s lock would protect nothing: give the server's own address in \
                                  MIGRATE_DATABASE_URL";

/// How long a server may take to answer one trivial question before a pooler must be holding it back.
const PATIENCE: Duration = Duration::from_secs(3);

/// The session, unless it leads through a pooler in transaction mode.
pub(super) async fn refuse_transaction_pooling(
    mut session: PostgresSession,
    address: &Address,
) -> Result<Box<dyn Session>, ConnectError> {
    if session.is_indirect() && shares_processes(&mut session, address).await {
        session.drop_connection();
        return Err(ConnectError {
            message: "this connection leads through a pooler in transaction mode (PgBouncer), where `migrate`'s lock \
                      would protect nothing"
                .to_owned(),
            hint: Some("give the server's own address in MIGRATE_DATABASE_URL".to_owned()),
            starting: false,
        });
    }
    Ok(Box::new(session))
}

/// Whether the session is given another server process, or none, while a second one keeps a transaction open: a
/// pooler hands out the process that was used last.
async fn shares_processes(session: &mut PostgresSession, address: &Address) -> bool {
    // A pooler in session mode that has one connection only would keep the second waiting.
    let second = tokio::time::timeout(PATIENCE, connect::session(address, "migrate (looking for a pooler)")).await;
    let Ok(Ok(mut second)) = second else {
        return false;
    };
    let mut shares = false;
    if second.ask("BEGIN; SELECT 1").await.is_ok() {
        let pid = tokio::time::timeout(PATIENCE, session.ask("SELECT pg_catalog.pg_backend_pid()")).await;
        shares = match pid {
            Ok(Ok(rows)) => {
                let pid = rows.first().and_then(|row| row.first()).and_then(Option::as_deref);
                pid != Some(session.about().connection.as_str())
            }
            Ok(Err(_)) => false,
            Err(_) => true,
        };
    }
    second.hang_up().await;
    shares
}
