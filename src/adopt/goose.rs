//! goose: `goose_db_version`, a row for each time that a version was applied, and in old ones for each time it was undone.

use async_trait::async_trait;

use super::place::{Lock, Place};
use super::rows::{text, truth, version};
use super::sqlx::number;
use super::{Agreement, Mirrored, NO_CHECKSUM, Record, Tool};
use crate::databases::{Session, SqlError};
use crate::migration::Migration;

/// goose.
pub static GOOSE: Goose = Goose;

/// See [`GOOSE`].
pub struct Goose;

const TABLE: &str = "goose_db_version";

#[async_trait]
impl Tool for Goose {
    fn name(&self) -> &'static str {
        "goose"
    }

    fn about(&self) -> &'static str {
        "goose, table `goose_db_version`"
    }

    fn sign(&self) -> &'static str {
        TABLE
    }

    async fn is_here(&self, place: &Place, session: &mut dyn Session) -> Result<bool, SqlError> {
        place.has(session, TABLE, &["version_id", "is_applied"]).await
    }

    fn lock(&self, _: &Place) -> Lock {
        Lock::Table(TABLE.to_owned())
    }

    async fn read(&self, place: &Place, session: &mut dyn Session, _: &[Migration]) -> Result<Vec<Record>, SqlError> {
        let sql = format!("SELECT version_id, is_applied FROM {} ORDER BY id", place.table(TABLE));
        let mut records: Vec<Record> = Vec::new();
        // The last row of a version says what is true; version 0 is the table's own beginning.
        for row in session.query(&sql).await?.iter().filter(|row| text(row, 0) != "0") {
            let id = version(row, 0, TABLE)?;
            records.retain(|record| record.id != id);
            if truth(row, 1) {
                records.push(Record::applied(id, "", None));
            }
        }
        Ok(records)
    }

    fn compare(&self, _: &Record, _: &Migration) -> Agreement {
        NO_CHECKSUM
    }

    fn applied(&self, place: &Place, migration: &Mirrored<'_>) -> Vec<String> {
        let Some(version) = migration.id.version() else { return Vec::new() };
        let (version, table) = (number(version.as_str()), place.table(TABLE));
        vec![
            format!("DELETE FROM {table} WHERE version_id = {version}"),
            format!("INSERT INTO {table} (version_id, is_applied) VALUES ({version}, {})", place.truth(true)),
        ]
    }

    fn undone(&self, place: &Place, migration: &Mirrored<'_>) -> Vec<String> {
        let Some(version) = migration.id.version() else { return Vec::new() };
        vec![format!("DELETE FROM {} WHERE version_id = {}", place.table(TABLE), number(version.as_str()))]
    }
}
