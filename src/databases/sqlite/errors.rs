//! SQLite's refusals in words that no database owns.

use super::super::{ErrorKind, SqlError};

/// A driver's error; the position is left to the caller.
pub(super) fn sql_error(error: &sqlx::Error) -> SqlError {
    let Some(said) = error.as_database_error() else {
        return SqlError::new(ErrorKind::ConnectionLost, format!("the database's thread has ended: {error}"));
    };
    let code = said.code().map(|code| code.into_owned());
    let number: i32 = code.as_deref().and_then(|code| code.parse().ok()).unwrap_or(0);
    SqlError { code, ..SqlError::new(kind(number, said.message()), said.message()) }
}

/// What an extended result code means; its lowest byte is the primary code.
fn kind(number: i32, message: &str) -> ErrorKind {
    match (number, number & 0xff) {
        // SQLITE_CONSTRAINT_PRIMARYKEY, _UNIQUE and _ROWID
        (1555 | 2067 | 2579, _) => ErrorKind::UniqueViolation,
        // SQLITE_BUSY, SQLITE_LOCKED, SQLITE_PROTOCOL (a race for the lock of a WAL)
        (_, 5 | 6 | 15) => ErrorKind::LockTimeout,
        (_, 8) => ErrorKind::ReadOnly,
        (_, 9) => ErrorKind::Cancelled,
        (_, 13) => ErrorKind::Full,
        (_, 1) if message.starts_with("no such table") => ErrorKind::NoSuchTable,
        (_, 1) if message.contains("no transaction is active") => ErrorKind::TransactionEnded,
        _ => ErrorKind::Other,
    }
}

/// Whether it is about reading or writing the file, so that the fate of a COMMIT is unknown.
pub(super) fn is_input_output(error: &SqlError) -> bool {
    let number = error.code.as_deref().and_then(|code| code.parse::<i32>().ok());
    number.is_some_and(|number| number & 0xff == 10)
}
