//! sqlx: `_sqlx_migrations`, with the SHA-384 of each file as it is.

use async_trait::async_trait;
use sha2::{Digest, Sha384};

use super::place::{Lock, Place};
use super::rows::{optional, text, truth, version};
use super::{Agreement, Mirrored, Record, Standing, Tool, compare};
use crate::databases::{Session, SqlError};
use crate::migration::{Migration, Script};

/// sqlx.
pub static SQLX: Sqlx = Sqlx;

/// See [`SQLX`].
pub struct Sqlx;

const TABLE: &str = "_sqlx_migrations";

#[async_trait]
impl Tool for Sqlx {
    fn name(&self) -> &'static str {
        "sqlx"
    }

    fn about(&self) -> &'static str {
        "sqlx, table `_sqlx_migrations`"
    }

    fn sign(&self) -> &'static str {
        TABLE
    }

    async fn is_here(&self, place: &Place, session: &mut dyn Session) -> Result<bool, SqlError> {
        place.has(session, TABLE, &["version", "checksum", "success"]).await
    }

    fn lock(&self, place: &Place) -> Lock {
        let number = i64::from(crc32(place.database.as_bytes())).wrapping_mul(0x3d32_ad9e);
        advisory(place, number, &format!("{number:x}"), TABLE)
    }

    async fn read(&self, place: &Place, session: &mut dyn Session, _: &[Migration]) -> Result<Vec<Record>, SqlError> {
        let sql = format!(
            "SELECT version, description, success, {} FROM {} ORDER BY version",
            place.hex("checksum"),
            place.table(TABLE)
        );
        let rows = session.query(&sql).await?;
        let record = |row: &crate::databases::Row| {
            let mut record = Record::applied(version(row, 0, TABLE)?, text(row, 1), optional(row, 3));
            if !truth(row, 2) {
                let why = "sqlx recorded that it failed, and on MySQL nothing of it was rolled back".to_owned();
                record.standing = Standing::HalfDone { why, done: 0 };
            }
            Ok(record)
        };
        rows.iter().map(record).collect()
    }

    fn compare(&self, record: &Record, migration: &Migration) -> Agreement {
        compare(record.checksum.as_deref(), &checksums(&migration.up))
    }

    fn applied(&self, place: &Place, migration: &Mirrored<'_>) -> Vec<String> {
        let (Some(version), Some(file)) = (migration.id.version(), migration.file) else { return Vec::new() };
        let version = number(version.as_str());
        let values = [
            version.clone(),
            place.literal(&migration.name.replace('_', " ")),
            place.truth(true).to_owned(),
            place.bytes(&as_it_is(&file.up)),
            "0".to_owned(),
        ];
        let columns = ["version", "description", "success", "checksum", "execution_time"];
        vec![place.insert_once(&place.table(TABLE), &columns, &values, &format!("version = {version}"))]
    }

    fn undone(&self, place: &Place, migration: &Mirrored<'_>) -> Vec<String> {
        let version = migration.id.version().map(|version| number(version.as_str()));
        version
            .map(|version| format!("DELETE FROM {} WHERE version = {version}", place.table(TABLE)))
            .into_iter()
            .collect()
    }
}

/// A lock by number on PostgreSQL and by word on MySQL; elsewhere the table.
pub(super) fn advisory(place: &Place, number: i64, word: &str, table: &str) -> Lock {
    if place.is("postgres") {
        Lock::Advisory {
            take: format!("SELECT pg_try_advisory_lock({number})"),
            release: format!("SELECT pg_advisory_unlock({number})"),
        }
    } else if place.is_mysql() {
        let word = place.literal(word);
        Lock::Advisory { take: format!("SELECT GET_LOCK({word}, 0)"), release: format!("SELECT RELEASE_LOCK({word})") }
    } else {
        Lock::Table(table.to_owned())
    }
}

/// A version as a number: without the zeros before it.
pub(super) fn number(version: &str) -> String {
    let digits = version.trim_start_matches('0');
    if digits.is_empty() { "0".to_owned() } else { digits.to_owned() }
}

/// The checksum of the file as it lies there, which is what sqlx will compute of it again.
fn as_it_is(script: &Script) -> String {
    match std::fs::read(&script.path) {
        Ok(bytes) if crate::migration::normalise(&String::from_utf8_lossy(&bytes)) == *script.text => sha384(&bytes),
        _ => sha384(script.text.as_bytes()),
    }
}

/// Line ends count for sqlx, and a checkout may have changed them.
fn checksums(script: &Script) -> Vec<String> {
    let windows = script.text.replace('\n', "\r\n");
    vec![as_it_is(script), sha384(script.text.as_bytes()), sha384(windows.as_bytes())]
}

fn sha384(bytes: &[u8]) -> String {
    Sha384::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// CRC-32 as IEEE has it.
pub(super) fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc: u32, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crc_is_the_well_known_one() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn line_ends_of_either_kind_are_accepted() {
        let found = checksums(&Script::new("", "select 1;\n"));
        assert!(found.contains(&sha384(b"select 1;\r\n")));
        assert_eq!(
            sha384(b"abc"),
            "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"
        );
    }
}
