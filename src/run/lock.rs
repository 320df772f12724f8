//! `migrate`'s lock: polled, never waited for inside the server.
//!
//! A session that blocks in a lock call holds a snapshot, and `CREATE INDEX CONCURRENTLY` of the lock's holder waits
//! for that snapshot: a deadlock. A waiting run therefore has no open transaction and no running statement.

use std::time::{Duration, Instant};

use crate::databases::{HistoryTable, Holder, LockName, Session, SqlError};
use crate::migration::Checksum;

use super::Interrupt;
use super::event::{Event, Listener};

/// The lock of one history table; runs on different tables or databases do not meet.
pub fn lock_name(database: &str, table: &HistoryTable) -> LockName {
    let schema = table.schema.as_deref().unwrap_or_default();
    let digest = Checksum::of_bytes(format!("migrate:{database}:{schema}:{}", table.name).as_bytes());
    LockName { number: digest.head() as i64, word: format!("migrate:{:.40}", digest.to_string()) }
}

/// The lock was not to be had.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LockError {
    /// Another run kept it longer than we were willing to wait.
    #[error("another run holds the lock: {}", describe(holder.as_ref()))]
    Held {
        /// Who has it, as far as this login may know.
        holder: Option<Holder>,
        /// How long we waited.
        waited: Duration,
    },
    /// The user gave up.
    #[error("interrupted while waiting for the lock; nothing was changed")]
    Interrupted,
    /// The server refused the question.
    #[error("cannot take the lock: {0}")]
    Sql(#[from] SqlError),
}

/// A holder in a line.
pub fn describe(holder: Option<&Holder>) -> String {
    let Some(holder) = holder else { return "the server does not say who".to_owned() };
    let mut words = vec![holder.who.clone().unwrap_or_else(|| "unknown program".to_owned())];
    words.push(format!("connection {}", holder.connection));
    words.extend(holder.user.as_ref().map(|user| format!("user {user}")));
    words.extend(holder.from.as_ref().map(|from| format!("from {from}")));
    words.extend(holder.since.map(|since| format!("connected for {}", super::event::duration(since))));
    words.join(", ")
}

/// Waits for the lock by polling. A session of our own that was given up and does nothing any more, `ours`, is ended when
/// the lock is still its: behind a network that swallows everything the server would keep it.
///
/// # Errors
///
/// When it is not to be had in time, the user interrupts, or the server refuses.
#[allow(clippy::too_many_arguments, reason = "each is one thing, and there is one caller of each kind")]
pub(super) async fn take(
    session: &mut dyn Session,
    lock: &LockName,
    ours: Option<&str>,
    wait: Duration,
    poll: Duration,
    interrupt: &Interrupt,
    listener: &mut Listener<'_>,
) -> Result<(), LockError> {
    let start = Instant::now();
    let mut told: Option<Instant> = None;
    loop {
        if session.try_lock(lock).await? {
            return Ok(());
        }
        let waited = start.elapsed();
        if waited >= wait {
            return Err(LockError::Held { holder: session.holder(lock).await?, waited });
        }
        if told.is_none_or(|at| at.elapsed() >= Duration::from_secs(1)) {
            told = Some(Instant::now());
            let holder = session.holder(lock).await?;
            if let Some(ours) = ours
                && holder.as_ref().is_some_and(|holder| holder.connection == ours)
            {
                session.end_idle(ours).await?;
            }
            listener(&Event::WaitingForLock { holder: holder.as_ref(), waited, limit: wait });
        }
        let pause = jitter(poll).min(wait.saturating_sub(waited)).max(Duration::from_millis(1));
        if interrupt.during(tokio::time::sleep(pause)).await.is_none() {
            return Err(LockError::Interrupted);
        }
    }
}

/// The duration, up to half longer or shorter, so that runs started together do not poll together.
fn jitter(base: Duration) -> Duration {
    let noise = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |now| now.subsec_nanos());
    base / 2 + base.mul_f64(f64::from(noise % 1000) / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_belongs_to_one_table_of_one_database() {
        let table = |name: &str| HistoryTable { schema: Some("public".to_owned()), name: name.to_owned() };
        let name = lock_name("shop", &table("migrate_history"));
        assert_eq!(name, lock_name("shop", &table("migrate_history")));
        assert_ne!(name, lock_name("shop", &table("other")));
        assert_ne!(name, lock_name("shop2", &table("migrate_history")));
        assert!(name.word.len() <= 64);
    }
}
