//! Reading rows of text.

use crate::databases::{ErrorKind, Row, SqlError};
use crate::migration::{Id, Version, VersionError};

/// The text of a column; empty where there is none.
pub(super) fn text(row: &Row, column: usize) -> String {
    optional(row, column).unwrap_or_default()
}

/// The text of a column.
pub(super) fn optional(row: &Row, column: usize) -> Option<String> {
    row.get(column)?.as_deref().map(str::to_owned)
}

/// Whether a column holds a truth, however the engine writes it.
pub(super) fn truth(row: &Row, column: usize) -> bool {
    matches!(text(row, column).as_str(), "t" | "true" | "1")
}

/// What a version in a table means.
pub(super) fn version(row: &Row, column: usize, table: &str) -> Result<Id, SqlError> {
    read(&text(row, column), str::parse, table)
}

/// What a version means in a table of a tool that compares versions as texts.
pub(super) fn version_as_text(row: &Row, column: usize, table: &str) -> Result<Id, SqlError> {
    read(&text(row, column), Version::of_text, table)
}

fn read(word: &str, parse: impl Fn(&str) -> Result<Version, VersionError>, table: &str) -> Result<Id, SqlError> {
    let wrong = |_| SqlError::new(ErrorKind::Other, format!("`{table}` has a version `{word}`, which is none"));
    parse(word).map(Id::Version).map_err(wrong)
}
