//! Liquibase: `databasechangelog`, with the MD5 of each changeset, and `databasechangeloglock`.

use async_trait::async_trait;

use super::place::{Lock, Place};
use super::rows::{optional, text};
use super::{Agreement, Mirrored, Record, Tool, compare};
use crate::databases::{Session, SqlError};
use crate::migration::{Id, Migration};

/// Liquibase.
pub static LIQUIBASE: Liquibase = Liquibase;

/// See [`LIQUIBASE`].
pub struct Liquibase;

#[async_trait]
impl Tool for Liquibase {
    fn name(&self) -> &'static str {
        "liquibase"
    }

    fn about(&self) -> &'static str {
        "Liquibase, table `databasechangelog`"
    }

    fn sign(&self) -> &'static str {
        "databasechangelog"
    }

    async fn is_here(&self, place: &Place, session: &mut dyn Session) -> Result<bool, SqlError> {
        place.has(session, table(place), &["id", "author", "filename", "md5sum", "exectype"]).await
    }

    fn lock(&self, place: &Place) -> Lock {
        // The row is only locked, not written: whoever dies here leaves nothing behind that a human must release.
        let wait = if place.is("sqlite") { "" } else { " FOR UPDATE" };
        let rows = place.table(if place.is_mysql() { "DATABASECHANGELOGLOCK" } else { "databasechangeloglock" });
        Lock::Row(format!("SELECT locked FROM {rows} WHERE id = 1{wait}"))
    }

    async fn read(&self, place: &Place, session: &mut dyn Session, _: &[Migration]) -> Result<Vec<Record>, SqlError> {
        let sql = format!(
            "SELECT id, author, filename, md5sum FROM {} WHERE exectype IN ('EXECUTED', 'RERAN', 'MARK_RAN') ORDER BY orderexecuted",
            place.table(table(place))
        );
        let rows = session.query(&sql).await?;
        Ok(rows
            .iter()
            .map(|row| {
                let (id, author, file) = (text(row, 0), text(row, 1), text(row, 2));
                let file = file.strip_prefix("classpath:").unwrap_or(&file).trim_start_matches('/');
                Record::applied(Id::Named(format!("{file}::{id}::{author}")), id, optional(row, 3))
            })
            .collect())
    }

    fn is_of(&self, record: &Record, migration: &Migration) -> bool {
        let (recorded, own) = (record.id.to_string(), migration.id.to_string());
        // Liquibase names a file as seen from its search path, we from the folder.
        recorded == own || is_end(&recorded, &own) || is_end(&own, &recorded)
    }

    fn compare(&self, record: &Record, migration: &Migration) -> Agreement {
        let sums = &migration.up.tool_checksums;
        if sums.iter().any(|sum| sum.eq_ignore_ascii_case("any") || sum.eq_ignore_ascii_case("1:any")) {
            return Agreement::Same;
        }
        match record.checksum.as_deref() {
            Some(recorded) if !recorded.starts_with("9:") && !sums.iter().any(|sum| sum == recorded) => {
                Agreement::Unknown("the checksum is one of a Liquibase before 4.22")
            }
            recorded => compare(recorded, sums),
        }
    }

    async fn before_mirroring(&self, place: &Place, session: &mut dyn Session) -> Result<String, SqlError> {
        let rows = session.query(&format!("SELECT DISTINCT filename FROM {}", place.table(table(place)))).await?;
        Ok(rows.iter().map(|row| text(row, 0)).collect::<Vec<_>>().join("\n"))
    }

    fn applied(&self, place: &Place, migration: &Mirrored<'_>) -> Vec<String> {
        let Some(key) = Key::of(migration) else { return Vec::new() };
        let sum = migration.file.and_then(|file| file.up.tool_checksums.first());
        let table = place.table(table(place));
        let now = if place.is("sqlite") { "datetime('now')" } else { "CURRENT_TIMESTAMP" };
        let values = [
            place.literal(&key.id),
            place.literal(&key.author),
            place.literal(&key.file),
            now.to_owned(),
            "COALESCE(MAX(orderexecuted), 0) + 1".to_owned(),
            "'EXECUTED'".to_owned(),
            sum.map_or_else(|| "NULL".to_owned(), |sum| place.literal(sum)),
            "'sql'".to_owned(),
            "''".to_owned(),
            "'migrate'".to_owned(),
            "'0'".to_owned(),
        ];
        let columns = "id, author, filename, dateexecuted, orderexecuted, exectype, md5sum, description, comments, liquibase, deployment_id";
        let mut statements = self.undone(place, migration);
        statements.push(format!("INSERT INTO {table} ({columns}) SELECT {} FROM {table}", values.join(", ")));
        statements
    }

    fn undone(&self, place: &Place, migration: &Mirrored<'_>) -> Vec<String> {
        let Some(key) = Key::of(migration) else { return Vec::new() };
        vec![format!(
            "DELETE FROM {} WHERE id = {} AND author = {} AND filename = {}",
            place.table(table(place)),
            place.literal(&key.id),
            place.literal(&key.author),
            place.literal(&key.file)
        )]
    }
}

fn table(place: &Place) -> &'static str {
    if place.is_mysql() { "DATABASECHANGELOG" } else { "databasechangelog" }
}

fn is_end(long: &str, end: &str) -> bool {
    long.strip_suffix(end).is_some_and(|before| before.ends_with('/'))
}

/// What identifies a changeset in the table.
struct Key {
    id: String,
    author: String,
    file: String,
}

impl Key {
    fn of(migration: &Mirrored<'_>) -> Option<Self> {
        let Id::Named(name) = migration.id else { return None };
        let (rest, author) = name.rsplit_once("::")?;
        let (path, id) = rest.rsplit_once("::")?;
        Some(Key { id: id.to_owned(), author: author.to_owned(), file: as_recorded(path, migration.context) })
    }
}

/// A path as the table has paths: with what stands before others there, but not in the folder.
fn as_recorded(path: &str, recorded: &str) -> String {
    let known = |known: &&str| *known == path || is_end(known, path);
    if let Some(known) = recorded.lines().find(known) {
        return known.to_owned();
    }
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let before = recorded.lines().find_map(|known| {
        let (place, _) = known.rsplit_once('/')?;
        place.strip_suffix(folder).filter(|before| before.is_empty() || before.ends_with('/') || folder.is_empty())
    });
    match before {
        Some(before) if !before.is_empty() => format!("{}/{path}", before.trim_end_matches('/')),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_written_as_those_before_them() {
        assert_eq!(as_recorded("b.sql", "db/changes/a.sql"), "db/changes/b.sql");
        assert_eq!(as_recorded("changes/b.sql", "db/changes/a.sql"), "db/changes/b.sql");
        assert_eq!(as_recorded("a.sql", "db/changes/a.sql"), "db/changes/a.sql");
        assert_eq!(as_recorded("b.sql", "a.sql"), "b.sql");
        assert_eq!(as_recorded("b.sql", ""), "b.sql");
    }
}
