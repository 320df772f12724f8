//! Flyway: `flyway_schema_history`, with a CRC-32 over the lines of each file.

use async_trait::async_trait;

use super::place::{Lock, Place};
use super::rows::{optional, text, truth};
use super::sqlx::{advisory, crc32};
use super::{Agreement, Mirrored, Record, Standing, Tool, compare};
use crate::databases::{Session, SqlError};
use crate::migration::{Id, Migration, Script, Version};

/// Flyway.
pub static FLYWAY: Flyway = Flyway;

/// See [`FLYWAY`].
pub struct Flyway;

const TABLE: &str = "flyway_schema_history";

#[async_trait]
impl Tool for Flyway {
    fn name(&self) -> &'static str {
        "flyway"
    }

    fn about(&self) -> &'static str {
        "Flyway, table `flyway_schema_history`"
    }

    fn sign(&self) -> &'static str {
        TABLE
    }

    async fn is_here(&self, place: &Place, session: &mut dyn Session) -> Result<bool, SqlError> {
        place.has(session, TABLE, &["installed_rank", "version", "checksum", "success"]).await
    }

    fn lock(&self, place: &Place) -> Lock {
        let quoted = format!("\"{}\".\"{TABLE}\"", place.schema.as_deref().unwrap_or("public"));
        let hash = java_hash(&quoted);
        let on_mysql = java_hash(&format!("`{}`.`{TABLE}`", place.database));
        advisory(place, 0x466c_7977_6179 + i64::from(hash), &format!("Flyway-{on_mysql}"), TABLE)
    }

    async fn read(
        &self,
        place: &Place,
        session: &mut dyn Session,
        files: &[Migration],
    ) -> Result<Vec<Record>, SqlError> {
        let sql = format!(
            "SELECT version, description, type, checksum, success FROM {} ORDER BY installed_rank",
            place.table(TABLE)
        );
        let mut records: Vec<Record> = Vec::new();
        for row in &session.query(&sql).await? {
            let (kind, description) = (text(row, 2), text(row, 1));
            let version = optional(row, 0).and_then(|version| version.parse::<Version>().ok());
            let id = version.map_or_else(|| Id::Repeatable(description.clone()), Id::Version);
            match kind.as_str() {
                "SCHEMA" => continue,
                "DELETE" | "UNDO_SQL" | "UNDO_SCRIPT" | "UNDO_JDBC" => {
                    records.retain(|record| record.id != id);
                    continue;
                }
                // Everything up to a baseline counts as applied, and nobody knows what it was.
                kind if kind.ends_with("BASELINE") => {
                    let before = files.iter().filter(|file| file.id.version().is_some() && file.id <= id);
                    records.extend(before.map(|file| Record::applied(file.id.clone(), &file.name, None)));
                    continue;
                }
                _ => {}
            }
            records.retain(|record| record.id != id);
            let mut record = Record::applied(id, description, optional(row, 3));
            if !truth(row, 4) {
                let why = "Flyway recorded that it failed, outside a transaction".to_owned();
                record.standing = Standing::HalfDone { why, done: 0 };
            }
            records.push(record);
        }
        Ok(records)
    }

    fn is_of(&self, record: &Record, migration: &Migration) -> bool {
        match (&record.id, &migration.id) {
            (Id::Repeatable(recorded), Id::Repeatable(own)) => *recorded == own.replace('_', " "),
            (recorded, own) => recorded == own,
        }
    }

    fn compare(&self, record: &Record, migration: &Migration) -> Agreement {
        // A repeatable one may be hashed with its placeholders replaced, or before.
        let sums = [checksum(&raw(&migration.up)), checksum(&migration.up.text)];
        compare(record.checksum.as_deref(), &sums.map(|sum| sum.to_string()))
    }

    fn applied(&self, place: &Place, migration: &Mirrored<'_>) -> Vec<String> {
        let Some(file) = migration.file else { return Vec::new() };
        let table = place.table(TABLE);
        let version = file.id.version().map(|version| place.literal(&version.as_str().replace('_', ".")));
        let script = file.up.path.file_name().unwrap_or_default().to_string_lossy();
        let values = [
            "COALESCE(MAX(installed_rank), 0) + 1".to_owned(),
            version.unwrap_or_else(|| "NULL".to_owned()),
            place.literal(&file.name.replace('_', " ")),
            "'SQL'".to_owned(),
            place.literal(&script),
            checksum(&raw(&file.up)).to_string(),
            place.dialect.current_user().to_owned(),
            "0".to_owned(),
            place.truth(true).to_owned(),
        ];
        let columns =
            "installed_rank, version, description, type, script, checksum, installed_by, execution_time, success";
        let mut statements = self.undone(place, migration);
        statements.push(format!("INSERT INTO {table} ({columns}) SELECT {} FROM {table}", values.join(", ")));
        statements
    }

    fn undone(&self, place: &Place, migration: &Mirrored<'_>) -> Vec<String> {
        let which = match migration.id {
            Id::Version(version) => format!("version = {}", place.literal(&version.as_str().replace('_', "."))),
            Id::Repeatable(name) | Id::Named(name) => {
                format!("version IS NULL AND description = {}", place.literal(&name.replace('_', " ")))
            }
        };
        vec![format!("DELETE FROM {} WHERE {which}", place.table(TABLE))]
    }
}

/// The file's own text: placeholders as they are written.
fn raw(script: &Script) -> String {
    std::fs::read_to_string(&script.path).unwrap_or_else(|_| script.text.to_string())
}

/// CRC-32 over the lines without their ends, as a signed number.
fn checksum(text: &str) -> i32 {
    let text = crate::migration::normalise(text);
    let lines: String = text.strip_suffix('\n').unwrap_or(&text).split('\n').collect();
    crc32(lines.as_bytes()).cast_signed()
}

/// How Java hashes a string.
fn java_hash(text: &str) -> i32 {
    text.encode_utf16().fold(0, |hash: i32, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_flyway() {
        assert_eq!(checksum("CREATE TABLE users (id INT PRIMARY KEY);\n"), 837_277_666);
        assert_eq!(checksum("\u{feff}CREATE TABLE users \r\n(id INT PRIMARY KEY);"), 837_277_666);
        assert_eq!(java_hash("hello"), 99_162_322);
    }
}
