//! graphile-migrate: `graphile_migrate.migrations`, known by the hashes that chain its files. PostgreSQL only.

use async_trait::async_trait;

use super::place::{Lock, Place};
use super::rows::text;
use super::{Agreement, Mirrored, Record, Tool, compare};
use crate::databases::{Session, SqlError};
use crate::migration::{Id, Migration, Version};

/// graphile-migrate.
pub static GRAPHILE_MIGRATE: GraphileMigrate = GraphileMigrate;

/// See [`GRAPHILE_MIGRATE`].
pub struct GraphileMigrate;

const SCHEMA: &str = "graphile_migrate";

#[async_trait]
impl Tool for GraphileMigrate {
    fn name(&self) -> &'static str {
        "graphile-migrate"
    }

    fn about(&self) -> &'static str {
        "graphile-migrate, table `graphile_migrate.migrations`"
    }

    fn sign(&self) -> &'static str {
        "migrations"
    }

    async fn is_here(&self, place: &Place, session: &mut dyn Session) -> Result<bool, SqlError> {
        Ok(place.is("postgres") && !place.columns(session, Some(SCHEMA), "migrations").await?.is_empty())
    }

    fn lock(&self, place: &Place) -> Lock {
        super::sqlx::advisory(place, 4_727_445_306_447_283, "", "")
    }

    async fn read(&self, place: &Place, session: &mut dyn Session, _: &[Migration]) -> Result<Vec<Record>, SqlError> {
        let rows = session.query(&format!("SELECT filename, hash FROM {} ORDER BY filename", table(place))).await?;
        Ok(rows
            .iter()
            .map(|row| {
                let name = text(row, 0);
                let digits = name.split(['-', '.']).next().unwrap_or_default();
                let id = digits.parse::<Version>().map_or_else(|_| Id::Named(name.clone()), Id::Version);
                Record::applied(id, name, Some(text(row, 1)))
            })
            .collect())
    }

    fn compare(&self, record: &Record, migration: &Migration) -> Agreement {
        compare(record.checksum.as_deref(), &migration.up.tool_checksums)
    }

    fn applied(&self, place: &Place, migration: &Mirrored<'_>) -> Vec<String> {
        let hash = migration.file.and_then(|file| file.up.tool_checksums.first());
        let (Some(version), Some(hash)) = (migration.id.version(), hash) else { return Vec::new() };
        // The tool leaves the words of a file's name out.
        let file = format!("{version}.sql");
        let (table, hash) = (table(place), place.literal(hash));
        vec![format!(
            "INSERT INTO {table} (hash, previous_hash, filename) SELECT {hash}, \
             (SELECT hash FROM {table} ORDER BY filename DESC LIMIT 1), {} \
             WHERE NOT EXISTS (SELECT 1 FROM {table} WHERE hash = {hash})",
            place.literal(&file)
        )]
    }

    fn undone(&self, place: &Place, migration: &Mirrored<'_>) -> Vec<String> {
        let Some(version) = migration.id.version() else { return Vec::new() };
        let file = place.literal(&format!("{version}.sql"));
        vec![format!("DELETE FROM {} WHERE filename = {file}", table(place))]
    }
}

fn table(place: &Place) -> String {
    place.table_in(Some(SCHEMA), "migrations")
}
