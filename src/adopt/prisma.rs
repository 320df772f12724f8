//! Prisma: `_prisma_migrations`, with the SHA-256 of each script.

use async_trait::async_trait;
use sha2::{Digest, Sha256};

use super::place::{Lock, Place};
use super::rows::{optional, text};
use super::sqlx::advisory;
use super::{Agreement, Mirrored, Record, Standing, Tool, compare};
use crate::databases::{Session, SqlError};
use crate::migration::{Checksum, Id, Migration, Version};

/// Prisma.
pub static PRISMA: Prisma = Prisma;

/// See [`PRISMA`].
pub struct Prisma;

const TABLE: &str = "_prisma_migrations";

#[async_trait]
impl Tool for Prisma {
    fn name(&self) -> &'static str {
        "prisma"
    }

    fn about(&self) -> &'static str {
        "Prisma, table `_prisma_migrations`"
    }

    fn sign(&self) -> &'static str {
        TABLE
    }

    async fn is_here(&self, place: &Place, session: &mut dyn Session) -> Result<bool, SqlError> {
        place.has(session, TABLE, &["migration_name", "checksum", "finished_at", "rolled_back_at"]).await
    }

    fn lock(&self, place: &Place) -> Lock {
        advisory(place, 72_707_369, "prisma_migrate", TABLE)
    }

    async fn read(&self, place: &Place, session: &mut dyn Session, _: &[Migration]) -> Result<Vec<Record>, SqlError> {
        let sql = format!(
            "SELECT migration_name, checksum, finished_at, applied_steps_count FROM {} WHERE rolled_back_at IS NULL \
             ORDER BY migration_name, started_at",
            place.table(TABLE)
        );
        let mut records: Vec<Record> = Vec::new();
        for row in &session.query(&sql).await? {
            let name = text(row, 0);
            let digits = name.split('_').next().unwrap_or_default();
            let id = digits.parse::<Version>().map_or_else(|_| Id::Named(name.clone()), Id::Version);
            let mut record = Record::applied(id, name, optional(row, 1));
            if optional(row, 2).is_none() {
                let why = "Prisma recorded a beginning and no end".to_owned();
                record.standing = Standing::HalfDone { why, done: 0 };
            }
            // Several rows of one name are tries; one that ended well is enough.
            match records.iter_mut().find(|other| other.name == record.name) {
                Some(other) if other.standing != Standing::Applied => *other = record,
                Some(_) => {}
                None => records.push(record),
            }
        }
        Ok(records)
    }

    fn is_of(&self, record: &Record, migration: &Migration) -> bool {
        record.name == folder(migration)
    }

    fn compare(&self, record: &Record, migration: &Migration) -> Agreement {
        let texts = [migration.up.text.to_string(), migration.up.text.replace('\n', "\r\n")];
        // Very old rows have no zeros before small bytes.
        let of = |text: &String| [hex(text, true), hex(text, false)];
        compare(record.checksum.as_deref(), &texts.iter().flat_map(of).collect::<Vec<_>>())
    }

    fn applied(&self, place: &Place, migration: &Mirrored<'_>) -> Vec<String> {
        let Some(file) = migration.file else { return Vec::new() };
        let name = folder(file);
        let bytes = std::fs::read_to_string(&file.up.path).unwrap_or_else(|_| file.up.text.to_string());
        let now =
            if place.is("sqlite") { "CAST(strftime('%s', 'now') AS INTEGER) * 1000" } else { "CURRENT_TIMESTAMP" };
        let values = [
            place.literal(&identifier(&name)),
            place.literal(&hex(&bytes, true)),
            now.to_owned(),
            place.literal(&name),
            now.to_owned(),
            "1".to_owned(),
        ];
        let mut statements = self.undone(place, migration);
        statements.push(format!(
            "INSERT INTO {} (id, checksum, finished_at, migration_name, started_at, applied_steps_count) VALUES ({})",
            place.table(TABLE),
            values.join(", ")
        ));
        statements
    }

    fn undone(&self, place: &Place, migration: &Mirrored<'_>) -> Vec<String> {
        let name = migration.file.map_or_else(|| format!("{}_{}", migration.id, migration.name), folder);
        vec![format!("DELETE FROM {} WHERE migration_name = {}", place.table(TABLE), place.literal(&name))]
    }
}

/// What Prisma calls a migration: its folder's name.
fn folder(migration: &Migration) -> String {
    match migration.name.as_str() {
        "" => migration.id.to_string(),
        name => format!("{}_{name}", migration.id),
    }
}

fn hex(text: &str, padded: bool) -> String {
    let one = |byte: &u8| if padded { format!("{byte:02x}") } else { format!("{byte:x}") };
    Sha256::digest(text.as_bytes()).iter().map(one).collect()
}

/// A number that is the same whenever the same migration is told.
fn identifier(name: &str) -> String {
    let digits = Checksum::of_bytes(name.as_bytes()).to_string();
    format!("{}-{}-4{}-8{}-{}", &digits[..8], &digits[8..12], &digits[13..16], &digits[17..20], &digits[20..32])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_hexadecimal_with_and_without_zeros() {
        assert_eq!(hex("abc", true), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(hex("abc", false), "ba7816bf8f1cfea414140de5dae2223b0361a396177a9cb410ff61f2015ad");
        assert_eq!(identifier("a").len(), 36);
    }
}
