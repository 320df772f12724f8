//! What a refusal means that is about the history table itself, and what to do about it.

use crate::databases::{ErrorKind, HistoryTable, SqlError};

/// The codes of a column that is not there.
const NO_COLUMN: &[&str] = &["42703", "1054"];
/// The codes of a right that the login does not have.
const NO_RIGHT: &[&str] = &["42501", "1044", "1142", "1143"];

/// The codes of a schema, or database, that is not there.
const NO_SCHEMA: &[&str] = &["3F000", "1049"];

fn is(error: &SqlError, codes: &[&str]) -> bool {
    error.code.as_deref().is_some_and(|code| codes.contains(&code))
}

fn shown(table: &HistoryTable) -> String {
    match &table.schema {
        Some(schema) => format!("{schema}.{}", table.name),
        None => table.name.clone(),
    }
}

/// Why the table cannot be read.
pub(super) fn unreadable(table: &HistoryTable, mut error: SqlError) -> SqlError {
    let name = shown(table);
    if is(&error, NO_COLUMN) || error.message.starts_with("no such column") {
        let (what, hint) = match error.message.contains("seq") {
            true => (
                "is no history of `migrate`'s",
                "a table of that name belongs to something else: give the history another with `--table NAME`",
            ),
            false => (
                "lacks a column",
                "it is no history of `migrate`'s, or somebody changed it: restore it, or give the history another name with `--table NAME`",
            ),
        };
        error.message = format!("`{name}` {what}: {}", error.message);
        error.hint = Some(hint.to_owned());
    } else if error.kind == ErrorKind::LockTimeout {
        error.hint = Some(format!(
            "somebody holds `{name}` locked, as `VACUUM FULL` does: end that, or run the command again when it is over"
        ));
    } else if is(&error, NO_RIGHT) {
        error.hint = Some(format!(
            "this login needs the rights SELECT, INSERT and UPDATE on `{name}`, and USAGE on its schema where there is such a right"
        ));
    }
    error
}

/// Whether the schema is missing in which the table would be.
pub fn lacks_schema(error: &SqlError) -> bool {
    is(error, NO_SCHEMA)
}

/// Why the table cannot be created.
pub(super) fn uncreatable(table: &HistoryTable, mut error: SqlError) -> SqlError {
    if is(&error, NO_RIGHT) {
        let place = table.schema.as_deref().unwrap_or("its schema");
        error.message = format!("`{}`: {}", shown(table), error.message);
        error.hint = Some(format!(
            "this login needs the right CREATE on `{place}`; or keep the history where it has it, with `--schema NAME`"
        ));
    } else if error.kind == ErrorKind::ReadOnly {
        error.hint = Some("give the address of a database that can be written".to_owned());
    }
    error
}

/// What is said when a row that was written is not there.
pub fn swallowed() -> SqlError {
    let message = "a row that was written to the history's table is not there";
    let hint = "look for a trigger or a rule on that table, and for row security: none of them is this program's";
    SqlError { hint: Some(hint.to_owned()), ..SqlError::new(ErrorKind::Other, message) }
}

/// A refusal to write a row that is too large, as what it is: no statement of the migration is to blame.
pub fn unwritable(mut error: SqlError) -> SqlError {
    if error.message.contains("max_allowed_packet") {
        error.message =
            format!("the migration's row in the history, which keeps its scripts, does not fit: {}", error.message);
        error.hint = Some(
            "raise `max_allowed_packet` on the server to twice the size of the scripts, or split the migration into several"
                .to_owned(),
        );
    }
    error
}
