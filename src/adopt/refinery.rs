//! refinery: `refinery_schema_history`, with a SipHash of name, version and text.

use std::hash::{DefaultHasher, Hash, Hasher};

use async_trait::async_trait;

use super::place::{Lock, Place};
use super::rows::{optional, text, version};
use super::{Agreement, Mirrored, Record, Tool, compare};
use crate::databases::{Session, SqlError};
use crate::migration::{Migration, Script};

/// refinery.
pub static REFINERY: Refinery = Refinery;

/// See [`REFINERY`].
pub struct Refinery;

const TABLE: &str = "refinery_schema_history";

#[async_trait]
impl Tool for Refinery {
    fn name(&self) -> &'static str {
        "refinery"
    }

    fn about(&self) -> &'static str {
        "refinery, table `refinery_schema_history`"
    }

    fn sign(&self) -> &'static str {
        TABLE
    }

    async fn is_here(&self, place: &Place, session: &mut dyn Session) -> Result<bool, SqlError> {
        place.has(session, TABLE, &["version", "name", "applied_on", "checksum"]).await
    }

    fn lock(&self, _: &Place) -> Lock {
        Lock::Table(TABLE.to_owned())
    }

    async fn read(&self, place: &Place, session: &mut dyn Session, _: &[Migration]) -> Result<Vec<Record>, SqlError> {
        let sql = format!("SELECT version, name, checksum FROM {} ORDER BY version", place.table(TABLE));
        let rows = session.query(&sql).await?;
        rows.iter().map(|row| Ok(Record::applied(version(row, 0, TABLE)?, text(row, 1), optional(row, 2)))).collect()
    }

    fn compare(&self, record: &Record, migration: &Migration) -> Agreement {
        let Some(version) = whole(migration) else { return Agreement::Unknown("its version has parts") };
        // The name counts, and so does the width for which refinery was built.
        let name = if record.name.is_empty() { migration.name.as_str() } else { &record.name };
        let of = |text: &str| [checksum(name, version, text, false), checksum(name, version, text, true)];
        let texts = [raw(&migration.up), migration.up.text.to_string(), migration.up.text.replace('\n', "\r\n")];
        compare(record.checksum.as_deref(), &texts.iter().flat_map(|text| of(text)).collect::<Vec<_>>())
    }

    async fn before_mirroring(&self, place: &Place, session: &mut dyn Session) -> Result<String, SqlError> {
        // An `int8` column tells a build with wide versions.
        let columns = if place.is("postgres") {
            let sql = format!(
                "SELECT data_type FROM information_schema.columns WHERE table_name = '{TABLE}' AND column_name = 'version'"
            );
            session.query(&sql).await?
        } else {
            Vec::new()
        };
        Ok(columns.first().map(|row| text(row, 0)).unwrap_or_default())
    }

    fn applied(&self, place: &Place, migration: &Mirrored<'_>) -> Vec<String> {
        let (Some(file), Some(version)) = (migration.file, migration.file.and_then(whole)) else { return Vec::new() };
        let sum = checksum(&file.name, version, &raw(&file.up), migration.context == "bigint");
        let values = [version.to_string(), place.literal(&file.name), place.rfc3339().to_owned(), place.literal(&sum)];
        let columns = ["version", "name", "applied_on", "checksum"];
        vec![place.insert_once(&place.table(TABLE), &columns, &values, &format!("version = {version}"))]
    }

    fn undone(&self, place: &Place, migration: &Mirrored<'_>) -> Vec<String> {
        let Some(version) = migration.id.version() else { return Vec::new() };
        let version = super::sqlx::number(version.as_str());
        vec![format!("DELETE FROM {} WHERE version = {version}", place.table(TABLE))]
    }
}

fn whole(migration: &Migration) -> Option<i64> {
    migration.id.version()?.as_str().parse().ok()
}

/// The file's own text, which is what refinery hashes.
fn raw(script: &Script) -> String {
    std::fs::read_to_string(&script.path).unwrap_or_else(|_| script.text.to_string())
}

fn checksum(name: &str, version: i64, text: &str, wide: bool) -> String {
    // SipHash-1-3 with keys of zero, which is what the standard library's hasher is; the test below says when it is not.
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    match i32::try_from(version) {
        Ok(version) if !wide => version.hash(&mut hasher),
        _ => version.hash(&mut hasher),
    }
    text.hash(&mut hasher);
    hasher.finish().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_versions_and_texts_count() {
        let sum = checksum("initial", 1, "select 1;", false);
        assert_ne!(sum, checksum("initial", 1, "select 1;", true));
        assert_ne!(sum, checksum("initially", 1, "select 1;", false));
        // SipHash-1-3 over the same bytes, computed by another implementation.
        assert_eq!(sum, SUM);
    }

    const SUM: &str = "5274313045260079552";
}
