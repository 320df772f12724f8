//! Rows of other tools' tables: how they are read, and how tables that hold versions alone are kept.

use super::{Mirrored, Place, Record};
use crate::databases::{ErrorKind, Row, Session, SqlError};
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
fn version_as_text(row: &Row, column: usize, table: &str) -> Result<Id, SqlError> {
    read(&text(row, column), Version::of_text, table)
}

fn read(word: &str, parse: impl Fn(&str) -> Result<Version, VersionError>, table: &str) -> Result<Id, SqlError> {
    let wrong = |_| SqlError::new(ErrorKind::Other, format!("`{table}` has a version `{word}`, which is none"));
    parse(word).map(Id::Version).map_err(wrong)
}

/// What a table says that holds versions, as texts, and nothing more.
pub(super) async fn versions(place: &Place, session: &mut dyn Session, table: &str) -> Result<Vec<Record>, SqlError> {
    let rows = session.query(&format!("SELECT version FROM {} ORDER BY version", place.table(table))).await?;
    rows.iter().map(|row| Ok(Record::applied(version_as_text(row, 0, table)?, "", None))).collect()
}

/// The statement that adds a migration to such a table.
pub(super) fn add_version(place: &Place, table: &str, migration: &Mirrored<'_>) -> Vec<String> {
    let Some(version) = migration.id.version() else { return Vec::new() };
    let version = place.literal(version.as_str());
    let there = format!("version = {version}");
    vec![place.insert_once(&place.table(table), &["version"], &[version], &there)]
}

/// The statement that takes a migration out of such a table.
pub(super) fn remove_version(place: &Place, table: &str, migration: &Mirrored<'_>) -> Vec<String> {
    let Some(version) = migration.id.version() else { return Vec::new() };
    vec![format!("DELETE FROM {} WHERE version = {}", place.table(table), place.literal(version.as_str()))]
}
