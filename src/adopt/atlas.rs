//! Atlas: `atlas_schema_revisions`, with the hash that `atlas.sum` has, and how many statements of each file are done.

use async_trait::async_trait;

use super::place::{Lock, Place};
use super::rows::{optional, text};
use super::sqlx::advisory;
use super::{Agreement, Mirrored, Record, Standing, Tool, compare};
use crate::databases::{Session, SqlError};
use crate::migration::{Id, Migration, Version};

/// Atlas.
pub static ATLAS: Atlas = Atlas;

/// See [`ATLAS`].
pub struct Atlas;

const TABLE: &str = "atlas_schema_revisions";
/// Which kind of revision a bit of `type` says.
const BASELINE: u32 = 1;

#[async_trait]
impl Tool for Atlas {
    fn name(&self) -> &'static str {
        "atlas"
    }

    fn about(&self) -> &'static str {
        "Atlas, table `atlas_schema_revisions`"
    }

    fn sign(&self) -> &'static str {
        TABLE
    }

    async fn is_here(&self, place: &Place, session: &mut dyn Session) -> Result<bool, SqlError> {
        Ok(schema(place, session).await?.is_some())
    }

    fn lock(&self, place: &Place) -> Lock {
        const NAME: &str = "atlas_migrate_execute";
        advisory(place, i64::from(fnv(NAME)), NAME, TABLE)
    }

    async fn read(
        &self,
        place: &Place,
        session: &mut dyn Session,
        files: &[Migration],
    ) -> Result<Vec<Record>, SqlError> {
        let table = table(place, &schema(place, session).await?.unwrap_or_default());
        let kind = place.quote("type");
        let sql =
            format!("SELECT version, description, {kind}, applied, total, error, hash FROM {table} ORDER BY version");
        let mut records: Vec<Record> = Vec::new();
        for row in &session.query(&sql).await? {
            // The tool has rows about itself, too.
            let Ok(version) = text(row, 0).parse::<Version>() else { continue };
            let count = |column| text(row, column).parse::<usize>().unwrap_or(0);
            let id = Id::Version(version);
            if text(row, 2).parse::<u32>().unwrap_or(0) & BASELINE != 0 {
                let before = files.iter().filter(|file| file.id.version().is_some() && file.id < id);
                records.extend(before.map(|file| Record::applied(file.id.clone(), &file.name, None)));
            }
            let mut record = Record::applied(id, text(row, 1), optional(row, 6).filter(|hash| !hash.is_empty()));
            let (done, total) = (count(3), count(4));
            if done < total {
                let why = format!("Atlas recorded {done} of {total} statements: {}", text(row, 5));
                record.standing = Standing::HalfDone { why, done };
            }
            records.push(record);
        }
        Ok(records)
    }

    fn compare(&self, record: &Record, migration: &Migration) -> Agreement {
        compare(record.checksum.as_deref(), &migration.up.tool_checksums)
    }

    async fn before_mirroring(&self, place: &Place, session: &mut dyn Session) -> Result<String, SqlError> {
        Ok(schema(place, session).await?.unwrap_or_default())
    }

    fn applied(&self, place: &Place, migration: &Mirrored<'_>) -> Vec<String> {
        let (Some(version), Some(file)) = (migration.id.version(), migration.file) else { return Vec::new() };
        let total = file.up.statements(place.dialect.lexis()).map_or(0, |statements| statements.len()).to_string();
        let values = [
            place.literal(version.as_str()),
            place.literal(&file.name),
            "2".to_owned(),
            total.clone(),
            total,
            if place.is("sqlite") { "datetime('now')" } else { "CURRENT_TIMESTAMP" }.to_owned(),
            "0".to_owned(),
            place.literal(file.up.tool_checksums.first().map_or("", String::as_str)),
            "'migrate'".to_owned(),
        ];
        let columns = [
            "version",
            "description",
            "type",
            "applied",
            "total",
            "executed_at",
            "execution_time",
            "hash",
            "operator_version",
        ];
        let columns: Vec<String> = columns.iter().map(|column| place.quote(column)).collect();
        let mut statements = self.undone(place, migration);
        statements.push(format!(
            "INSERT INTO {} ({}) VALUES ({})",
            table(place, migration.context),
            columns.join(", "),
            values.join(", ")
        ));
        statements
    }

    fn undone(&self, place: &Place, migration: &Mirrored<'_>) -> Vec<String> {
        let Some(version) = migration.id.version() else { return Vec::new() };
        let table = table(place, migration.context);
        vec![format!("DELETE FROM {table} WHERE version = {}", place.literal(version.as_str()))]
    }
}

/// The schema that its table is in: its own, or the one in use; none where there is no table.
async fn schema(place: &Place, session: &mut dyn Session) -> Result<Option<String>, SqlError> {
    let own = (!place.is("sqlite")).then_some(TABLE);
    for schema in [own, None] {
        let columns = place.columns(session, schema, TABLE).await?;
        if columns.iter().any(|column| column == "operator_version") {
            return Ok(Some(schema.unwrap_or_default().to_owned()));
        }
    }
    Ok(None)
}

fn table(place: &Place, schema: &str) -> String {
    if schema.is_empty() { place.table(TABLE) } else { place.table_in(Some(schema), TABLE) }
}

/// FNV-1 of 32 bits.
fn fnv(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash: u32, byte| hash.wrapping_mul(0x0100_0193) ^ u32::from(byte))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_lock_is_a_well_known_hash() {
        assert_eq!(super::fnv("a"), 0x050c_5d7e);
    }
}
