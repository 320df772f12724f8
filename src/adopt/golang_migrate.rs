//! golang-migrate: `schema_migrations`, one row with the newest version and whether it is dirty.

use async_trait::async_trait;

use super::place::{Lock, Place};
use super::rows::{truth, version};
use super::sqlx::{advisory, crc32, number};
use super::{Agreement, Mirrored, NO_CHECKSUM, Record, Standing, Tool};
use crate::databases::{Session, SqlError};
use crate::migration::{Id, Migration};

/// golang-migrate.
pub static GOLANG_MIGRATE: GolangMigrate = GolangMigrate;

/// See [`GOLANG_MIGRATE`].
pub struct GolangMigrate;

const TABLE: &str = "schema_migrations";
const SALT: u32 = 1_486_364_155;

#[async_trait]
impl Tool for GolangMigrate {
    fn name(&self) -> &'static str {
        "golang-migrate"
    }

    fn about(&self) -> &'static str {
        "golang-migrate, table `schema_migrations`"
    }

    fn sign(&self) -> &'static str {
        TABLE
    }

    async fn is_here(&self, place: &Place, session: &mut dyn Session) -> Result<bool, SqlError> {
        place.has(session, TABLE, &["version", "dirty"]).await
    }

    fn lock(&self, place: &Place) -> Lock {
        let id = |text: String| crc32(text.as_bytes()).wrapping_mul(SALT);
        let schema = place.schema.as_deref().unwrap_or("public");
        let number = id(format!("{schema}\0{TABLE}\0{}", place.database));
        let word = id(format!("{}:{TABLE}", place.database)).to_string();
        advisory(place, i64::from(number), &word, TABLE)
    }

    async fn read(
        &self,
        place: &Place,
        session: &mut dyn Session,
        files: &[Migration],
    ) -> Result<Vec<Record>, SqlError> {
        let rows = session.query(&format!("SELECT version, dirty FROM {}", place.table(TABLE))).await?;
        let Some(row) = rows.first() else { return Ok(Vec::new()) };
        let (head, dirty) = (version(row, 0, TABLE)?, truth(row, 1));
        // The tool knows the newest only: everything up to it was applied before.
        let before = files.iter().filter(|file| file.id.version().is_some() && file.id < head);
        let mut records: Vec<Record> = before.map(|file| Record::applied(file.id.clone(), &file.name, None)).collect();
        let mut newest = Record::applied(head, "", None);
        if dirty {
            let why = "golang-migrate calls it dirty: it failed, and how far it came nobody recorded".to_owned();
            newest.standing = Standing::HalfDone { why, done: 0 };
        }
        records.push(newest);
        Ok(records)
    }

    fn compare(&self, _: &Record, _: &Migration) -> Agreement {
        NO_CHECKSUM
    }

    fn applied(&self, place: &Place, migration: &Mirrored<'_>) -> Vec<String> {
        let Some(version) = migration.id.version() else { return Vec::new() };
        head(place, &number(version.as_str()))
    }

    fn undone(&self, place: &Place, migration: &Mirrored<'_>) -> Vec<String> {
        let Some(version) = migration.id.version() else { return Vec::new() };
        let version = number(version.as_str());
        let mut statements = vec![format!("DELETE FROM {} WHERE version >= {version}", place.table(TABLE))];
        if let Some(before) = migration.before.and_then(Id::version) {
            statements.extend(head(place, &number(before.as_str())));
        }
        statements
    }
}

/// The statements that make this the newest version, unless there is a newer one.
fn head(place: &Place, version: &str) -> Vec<String> {
    let table = place.table(TABLE);
    let values = [version.to_owned(), place.truth(false).to_owned()];
    vec![
        format!("DELETE FROM {table} WHERE version < {version}"),
        place.insert_once(&table, &["version", "dirty"], &values, &format!("version >= {version}")),
    ]
}
