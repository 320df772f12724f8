//! dbmate: `schema_migrations`, versions and nothing more.

use async_trait::async_trait;

use super::place::{Lock, Place};
use super::rows::{add_version, remove_version, versions};
use super::{Agreement, Mirrored, NO_CHECKSUM, Record, Tool};
use crate::databases::{Session, SqlError};
use crate::migration::Migration;

/// dbmate.
pub static DBMATE: Dbmate = Dbmate;

/// See [`DBMATE`].
pub struct Dbmate;

const TABLE: &str = "schema_migrations";

#[async_trait]
impl Tool for Dbmate {
    fn name(&self) -> &'static str {
        "dbmate"
    }

    fn about(&self) -> &'static str {
        "dbmate, table `schema_migrations`"
    }

    fn sign(&self) -> &'static str {
        TABLE
    }

    async fn is_here(&self, place: &Place, session: &mut dyn Session) -> Result<bool, SqlError> {
        // golang-migrate has a table of the same name with a second column; Rails has another one beside it.
        let columns = place.columns(session, None, TABLE).await?;
        let rails = place.columns(session, None, "ar_internal_metadata").await?;
        Ok(columns == ["version"] && rails.is_empty())
    }

    fn lock(&self, _: &Place) -> Lock {
        Lock::Table(TABLE.to_owned())
    }

    async fn read(&self, place: &Place, session: &mut dyn Session, _: &[Migration]) -> Result<Vec<Record>, SqlError> {
        versions(place, session, TABLE).await
    }

    fn compare(&self, _: &Record, _: &Migration) -> Agreement {
        NO_CHECKSUM
    }

    fn applied(&self, place: &Place, migration: &Mirrored<'_>) -> Vec<String> {
        add_version(place, TABLE, migration)
    }

    fn undone(&self, place: &Place, migration: &Mirrored<'_>) -> Vec<String> {
        remove_version(place, TABLE, migration)
    }
}
