//! Reading rows of text.

use crate::databases::{ErrorKind, Row, SqlError};
use crate::migration::{Id, Version};

/// The text of a column; empty where there is none.
pub(super) fn text(row: &Row, column: usize) -> String {
    optional(row, column).unwrap_or_default()
}

/// The text of a column.
pub(super) fn optional(row: &Row, column: usize) -> Option<String> {
    row.get(column).cloned().flatten()
}

/// Whether a column holds a truth, however the engine writes it.
pub(super) fn truth(row: &Row, column: usize) -> bool {
    matches!(text(row, column).as_str(), "t" | "true" | "1")
}

/// What a version in a table means.
pub(super) fn version(row: &Row, column: usize, table: &str) -> Result<Id, SqlError> {
    let word = text(row, column);
    let wrong = |_| SqlError::new(ErrorKind::Other, format!("`{table}` has a version `{word}`, which is none"));
    word.parse::<Version>().map(Id::Version).map_err(wrong)
}
