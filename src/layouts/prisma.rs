//! Prisma: a folder per migration, `20240101120000_add_phone/migration.sql`, with `migration_lock.toml` beside them.
//!
//! Prisma sends a file as one message, which PostgreSQL takes for one transaction; the `BEGIN` and `COMMIT` that it writes
//! around the change of an enum are part of it. A `down.sql` in the folder, which its manual advises, is the way back.

use std::collections::HashMap;

use serde::Deserialize;

use crate::migration::{Id, Migration, OuterTransaction, Script, Version};

use super::new::{slug, stem};
use super::stray::stray;
use super::{Draft, Entry, Error, Fit, Folder, Kind, Layout, NewFile, Options, Remark, Source, Weight};

/// Prisma's folders.
pub static PRISMA: Prisma = Prisma;

const FORM: &str = "`<version>_<name>/migration.sql`";
const LOCK: &str = "migration_lock.toml";

/// See [`PRISMA`].
pub struct Prisma;

/// The version and name of a migration's folder.
fn parse(folder_name: &str) -> Option<(Version, &str)> {
    let end = folder_name.find(|c: char| !c.is_ascii_digit()).unwrap_or(folder_name.len());
    Some((Version::of_text(&folder_name[..end]).ok()?, folder_name[end..].trim_start_matches(['_', '-'])))
}

/// What `migration_lock.toml` says.
#[derive(Deserialize)]
struct Lock {
    provider: String,
}

impl Layout for Prisma {
    fn name(&self) -> &'static str {
        "prisma"
    }

    fn about(&self) -> &'static str {
        "Prisma: `20240101120000_add_phone/migration.sql`"
    }

    fn recognises(&self, folder: &Folder) -> Fit {
        let is_migration = |entry: &Entry| entry.kind == Kind::Folder && has(folder, entry, "migration.sql");
        match (folder.has(LOCK), folder.direct().any(is_migration)) {
            (true, _) => Fit::Sure,
            (false, true) => Fit::Possible,
            (false, false) => Fit::No,
        }
    }

    /// Its migrations are folders.
    fn claims(&self, _: &str) -> bool {
        false
    }

    fn read(&self, folder: &Folder, options: &Options) -> Result<Source, Error> {
        check_lock(folder, options)?;
        let mut source = Source::default();
        for entry in folder.direct() {
            if entry.kind != Kind::Folder {
                if parse(entry.file_name()).is_some() {
                    folder.refuse_closed(entry)?;
                }
                stray(self, FORM, folder, entry, false, &mut source)?;
                continue;
            }
            let path = folder.path(&entry.path);
            match (parse(entry.file_name()), has(folder, entry, "migration.sql")) {
                (Some((version, name)), true) => {
                    let up = script(folder, &format!("{}/migration.sql", entry.path))?;
                    let down = has(folder, entry, "down.sql").then(|| format!("{}/down.sql", entry.path));
                    let down = down.map(|path| script(folder, &path)).transpose()?;
                    source.migrations.push(Migration::new(Id::Version(version), name, up, down));
                }
                (Some(_), false) if folder.inside(entry).next().is_none() => {
                    source.remarks.push(Remark::note(path, 1, "is empty and not read"));
                }
                (Some(_), false) => {
                    let message = "is a migration's folder without `migration.sql`; write it, or remove the folder";
                    let message = message.to_owned();
                    let weight = Weight::Incomplete;
                    source.remarks.push(Remark { path, line: 1, message, weight });
                }
                (None, true) => return Err(Error::NotNamed { path, layout: self.name(), form: FORM, reader: None }),
                (None, false) => {
                    if folder.inside(entry).any(Entry::is_sql) {
                        source.remarks.push(Remark::note(path, 1, "holds SQL that is no migration and is not read"));
                    }
                }
            }
        }
        tell_twins_apart(&mut source.migrations);
        source.remark_blanks();
        Ok(source)
    }

    fn new_files(&self, folder: &Folder, id: &Id, name: &str) -> Option<Vec<NewFile>> {
        id.version()?;
        let path = folder.path(&format!("{}/migration.sql", stem(id, &slug(name))));
        Some(vec![NewFile::create(path, "")])
    }

    fn written(&self, draft: &Draft) -> Option<Result<Vec<(String, String)>, String>> {
        let stem = match draft.moment("Prisma") {
            Ok(version) => format!("{version}_{}", draft.name),
            Err(why) => return Some(Err(why)),
        };
        if draft.parts().any(|part| part.no_transaction) {
            return Some(Err("it runs outside a transaction, which Prisma has no word for".to_owned()));
        }
        let mut files = vec![(format!("{stem}/migration.sql"), draft.up.text.clone())];
        files.extend(draft.down.as_ref().map(|down| (format!("{stem}/down.sql"), down.text.clone())));
        Some(Ok(files))
    }

    fn written_beside(&self, database: &str) -> Vec<(String, String)> {
        let provider = match database {
            "postgres" => "postgresql",
            "mariadb" => "mysql",
            other => other,
        };
        vec![(LOCK.to_owned(), format!("provider = \"{provider}\"\n"))]
    }

    fn versions_are_texts(&self) -> bool {
        true
    }
}

fn has(folder: &Folder, migration: &Entry, file: &str) -> bool {
    folder.find(&format!("{}/{file}", migration.path)).is_some()
}

fn script(folder: &Folder, path: &str) -> Result<Script, Error> {
    let mut script = Script::file(folder.path(path), folder.text(path)?);
    script.outer_transaction = OuterTransaction::Merged;
    Ok(script)
}

/// Gives each migration after the first of its moment a version of its own. Prisma knows migrations by the whole name of
/// their folder, and runs them in the order of these names, which is the order here.
fn tell_twins_apart(migrations: &mut [Migration]) {
    let mut seen: HashMap<Id, usize> = HashMap::new();
    for migration in migrations {
        let twins = seen.entry(migration.id.clone()).or_default();
        if *twins > 0
            && let Id::Version(version) = &migration.id
            && let Ok(own) = format!("{version}.{twins}").parse()
        {
            migration.id = Id::Version(own);
        }
        *twins += 1;
    }
}

/// Refuses migrations that Prisma wrote for another database than this one.
fn check_lock(folder: &Folder, options: &Options) -> Result<(), Error> {
    let Some(database) = options.database.filter(|_| folder.has(LOCK)) else { return Ok(()) };
    let text = folder.text(LOCK)?;
    let malformed = |line, message| Error::Malformed { path: folder.path(LOCK), line, message };
    let lock: Lock = toml::from_str(&text).map_err(|error| {
        let line = error.span().map_or(1, |span| text[..span.start].matches('\n').count() + 1);
        malformed(line, error.message().to_owned())
    })?;
    let fits = match lock.provider.as_str() {
        "postgresql" | "postgres" | "cockroachdb" => database == "postgres",
        "mysql" => matches!(database, "mysql" | "mariadb"),
        "sqlite" => database == "sqlite",
        _ => false,
    };
    if fits {
        return Ok(());
    }
    let line = text.lines().position(|line| line.trim_start().starts_with("provider")).map_or(1, |line| line + 1);
    Err(malformed(line, format!("these migrations are for `{}`, and the database is `{database}`", lock.provider)))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{error, folder, outline, read_files, remarks};
    use super::*;

    const LOCKED: (&str, &str) = (LOCK, "# Please do not edit this file manually\nprovider = \"postgresql\"\n");

    #[test]
    fn a_migration_is_a_folder() {
        let source = read_files(&[
            LOCKED,
            ("0_init/migration.sql", "select 0;"),
            ("20240101120000_add_phone/migration.sql", "select 1;"),
            ("20240101120000_add_phone/down.sql", "select -1;"),
            ("20240102120000/migration.sql", "-- This is an empty migration.\n"),
            ("seed/fill.sql", ""),
        ]);
        assert_eq!(
            outline(&source),
            [
                "0 init | migration.sql | -",
                "20240101120000 add_phone | migration.sql | down.sql",
                "20240102120000 | migration.sql | -"
            ]
        );
        assert_eq!(source.migrations[0].up.outer_transaction, OuterTransaction::Merged);
        assert_eq!(
            remarks(&source),
            [
                "seed:1 holds SQL that is no migration and is not read",
                "migration.sql:1 the script has no statement; applying it does nothing"
            ]
        );
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        let with = |path: &'static str| error(&[LOCKED, ("1_a/migration.sql", "select 1;"), (path, "")]);
        assert!(with("b/migration.sql").starts_with("`b` is not named as the layout `prisma` names its files"));
        assert!(with("2_b/migration.sql/x").starts_with("`2_b/migration.sql` is a folder"));
    }

    #[test]
    fn a_folder_without_its_file_is_a_gap() {
        let source = read_files(&[LOCKED, ("1_a/migration.sql", "select 1;"), ("2_b/migration.ts", "")]);
        assert_eq!(
            remarks(&source),
            ["2_b:1 is a migration's folder without `migration.sql`; write it, or remove the folder"]
        );
        assert_eq!(source.remarks[0].weight, Weight::Incomplete);
    }

    #[test]
    fn migrations_of_one_moment_run_in_the_order_of_their_names() {
        let files = ["1_b/migration.sql", "1_a/migration.sql", "2_c/migration.sql", "1_ab/migration.sql"];
        let source = read_files(&files.map(|path| (path, "select 1;")));
        let titles: Vec<String> = source.migrations.iter().map(Migration::title).collect();
        assert_eq!(titles, ["1 a", "1.1 ab", "1.2 b", "2 c"]);
    }

    #[test]
    fn migrations_for_another_database_are_refused() {
        let files = folder(&[LOCKED, ("1_a/migration.sql", "select 1;")]);
        let read = |database| {
            let options = Options { database: Some(database), ..Options::default() };
            super::super::read(&[files.path().to_owned()], None, &options).map(|source| source.migrations.len())
        };
        assert_eq!(read("postgres").unwrap(), 1);
        let wrong = read("sqlite").unwrap_err().to_string();
        assert!(
            wrong.ends_with(
                "migration_lock.toml:2: these migrations are for `postgresql`, and the database is `sqlite`"
            )
        );
    }
}
