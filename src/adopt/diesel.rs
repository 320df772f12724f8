//! diesel: `__diesel_schema_migrations`, versions and nothing more.

use async_trait::async_trait;

use super::place::{Lock, Place};
use super::rows::{add_version, remove_version, versions};
use super::{Agreement, Mirrored, NO_CHECKSUM, Record, Tool};
use crate::databases::{Session, SqlError};
use crate::migration::Migration;

/// diesel.
pub static DIESEL: Diesel = Diesel;

/// See [`DIESEL`].
pub struct Diesel;

const TABLE: &str = "__diesel_schema_migrations";

#[async_trait]
impl Tool for Diesel {
    fn name(&self) -> &'static str {
        "diesel"
    }

    fn about(&self) -> &'static str {
        "diesel, table `__diesel_schema_migrations`"
    }

    fn sign(&self) -> &'static str {
        TABLE
    }

    async fn is_here(&self, place: &Place, session: &mut dyn Session) -> Result<bool, SqlError> {
        place.has(session, TABLE, &["version", "run_on"]).await
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
