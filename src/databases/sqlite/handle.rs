//! The two questions that the driver does not ask SQLite.
#![allow(unsafe_code)]

use sqlx::SqliteConnection;

/// What SQLite knows right after a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct State {
    /// Whether a transaction is open.
    pub in_transaction: bool,
    /// Where in the statement the last error is, in bytes, if it is in one place.
    pub error_offset: Option<usize>,
}

/// Asks for the state of a connection.
pub(super) async fn state(connection: &mut SqliteConnection) -> Result<State, sqlx::Error> {
    let mut handle = connection.lock_handle().await?;
    let raw = handle.as_raw_handle().as_ptr();
    // SAFETY: the guard keeps the connection open and its thread from using it; both calls only read from it, and
    // this crate is built against the very library that the driver opened the connection with.
    let (autocommit, offset) =
        unsafe { (libsqlite3_sys::sqlite3_get_autocommit(raw), libsqlite3_sys::sqlite3_error_offset(raw)) };
    Ok(State { in_transaction: autocommit == 0, error_offset: usize::try_from(offset).ok() })
}

/// Lets SQLite allocate without keeping statistics that nobody here asks for, and without the lock around them. To be
/// called before the first connection; later it does nothing.
pub(super) fn forgo_statistics() {
    // SAFETY: the one argument that this option takes is an `int`; a library that is in use refuses it.
    unsafe { libsqlite3_sys::sqlite3_config(libsqlite3_sys::SQLITE_CONFIG_MEMSTATUS, 0 as std::ffi::c_int) };
}
