//! diesel: a folder per migration, `2024-01-01-120000_add_phone/up.sql`, with `down.sql` and perhaps `metadata.toml`.

use serde::Deserialize;

use crate::migration::{Directive, Id, Migration, OuterTransaction, Script, Version};
use crate::sql::Span;

use super::new::slug;
use super::stray::stray;
use super::{Draft, Entry, Error, Fit, Folder, Kind, Layout, NewFile, Options, Remark, Source};

/// diesel's folders.
pub static DIESEL: Diesel = Diesel;

const FORM: &str = "`<version>_<name>/up.sql` with `down.sql`";

/// See [`DIESEL`].
pub struct Diesel;

/// The version and name of a migration's folder: dashes in the version do not count.
fn parse(folder_name: &str) -> Option<(Version, &str)> {
    let (version, name) = folder_name.split_once('_').unwrap_or((folder_name, ""));
    Some((Version::of_text(&version.replace('-', "")).ok()?, name))
}

/// What `metadata.toml` may say.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Metadata {
    /// diesel takes a file that does not say it for one that says no.
    #[serde(default)]
    run_in_transaction: bool,
}

impl Layout for Diesel {
    fn name(&self) -> &'static str {
        "diesel"
    }

    fn about(&self) -> &'static str {
        "diesel: `2024-01-01-120000_add_phone/up.sql` with `down.sql`"
    }

    fn recognises(&self, folder: &Folder) -> Fit {
        let is_migration = |entry: &Entry| entry.kind == Kind::Folder && has(folder, entry, "up.sql");
        if folder.direct().any(is_migration) { Fit::Sure } else { Fit::No }
    }

    /// Its migrations are folders.
    fn claims(&self, _: &str) -> bool {
        false
    }

    fn read(&self, folder: &Folder, _: &Options) -> Result<Source, Error> {
        let mut source = Source::default();
        for entry in folder.direct() {
            if entry.kind != Kind::Folder {
                if parse(entry.file_name()).is_some() {
                    folder.refuse_closed(entry)?;
                }
                stray(self, FORM, folder, entry, false, &mut source)?;
                continue;
            }
            let (up, down) = (has(folder, entry, "up.sql"), has(folder, entry, "down.sql"));
            match parse(entry.file_name()) {
                Some((version, name)) if up => {
                    let no_transaction = no_transaction(folder, entry)?;
                    let script = |file: &str| script(folder, &format!("{}/{file}", entry.path), no_transaction);
                    let (up, down) = (script("up.sql")?, down.then(|| script("down.sql")).transpose()?);
                    source.migrations.push(Migration::new(Id::Version(version), name, up, down));
                }
                Some((version, _)) if down => {
                    let path = folder.path(&format!("{}/down.sql", entry.path));
                    let expected = format!("{}/up.sql", entry.file_name());
                    return Err(Error::DownWithoutUp { path, version, expected });
                }
                None if up => {
                    let path = folder.path(&entry.path);
                    return Err(Error::NotNamed { path, layout: self.name(), form: FORM, reader: None });
                }
                Some(_) if folder.inside(entry).next().is_none() => {
                    source.remarks.push(Remark::note(folder.path(&entry.path), 1, "is empty and not read"));
                }
                Some(_) => {
                    let message = "is a migration's folder without `up.sql`; write it, or remove the folder".to_owned();
                    return Err(Error::Malformed { path: folder.path(&entry.path), line: 1, message });
                }
                None => {
                    if folder.inside(entry).any(Entry::is_sql) {
                        let message = "holds SQL that is no migration and is not read";
                        source.remarks.push(Remark::note(folder.path(&entry.path), 1, message));
                    }
                }
            }
        }
        source.remark_blanks();
        Ok(source)
    }

    fn new_files(&self, folder: &Folder, id: &Id, name: &str) -> Option<Vec<NewFile>> {
        let stem = format!("{}_{}", written(folder, id.version()?), slug(name));
        let file = |file: &str, text| NewFile::create(folder.path(&format!("{stem}/{file}")), text);
        Some(vec![file("up.sql", ""), file("down.sql", "-- Undoes up.sql.\n")])
    }

    fn written(&self, draft: &Draft) -> Option<Result<Vec<(String, String)>, String>> {
        Some(write(draft))
    }

    fn way_outside(&self) -> &'static str {
        "write `run_in_transaction = false` into its `metadata.toml`"
    }

    fn versions_are_texts(&self) -> bool {
        true
    }
}

fn has(folder: &Folder, migration: &Entry, file: &str) -> bool {
    folder.find(&format!("{}/{file}", migration.path)).is_some()
}

fn script(folder: &Folder, path: &str, no_transaction: bool) -> Result<Script, Error> {
    let mut script = Script::new(folder.path(path), &folder.text(path)?);
    script.outer_transaction = OuterTransaction::Taken;
    if no_transaction {
        script.conventions.push((Span::default(), Directive::NoTransaction));
    }
    Ok(script)
}

fn no_transaction(folder: &Folder, migration: &Entry) -> Result<bool, Error> {
    let path = format!("{}/metadata.toml", migration.path);
    if folder.find(&path).is_none() {
        return Ok(false);
    }
    let text = folder.text(&path)?;
    let metadata: Metadata = toml::from_str(&text).map_err(|error| {
        let line = error.span().map_or(1, |span| text[..span.start].matches('\n').count() + 1);
        Error::Malformed { path: folder.path(&path), line, message: error.message().to_owned() }
    })?;
    Ok(!metadata.run_in_transaction)
}

/// The files of a migration that comes from another layout.
fn write(draft: &Draft) -> Result<Vec<(String, String)>, String> {
    let version = draft.moment("diesel")?.as_str();
    let is_moment = version.len() == 14 && version.starts_with(['1', '2']);
    let stem = format!("{}_{}", if is_moment { dashed(version) } else { version.to_owned() }, draft.name);
    let mut files = vec![(format!("{stem}/up.sql"), draft.up.text.clone())];
    files.extend(draft.down.as_ref().map(|down| (format!("{stem}/down.sql"), down.text.clone())));
    if draft.no_transaction("diesel")? {
        files.push((format!("{stem}/metadata.toml"), "run_in_transaction = false\n".to_owned()));
    }
    Ok(files)
}

/// A moment as diesel's own command writes it.
fn dashed(digits: &str) -> String {
    format!("{}-{}-{}-{}", &digits[..4], &digits[4..6], &digits[6..8], &digits[8..])
}

/// A moment as diesel's own command writes it, unless the folder has it otherwise.
fn written(folder: &Folder, version: &Version) -> String {
    let digits = version.as_str();
    let is_dashed = |entry: &Entry| entry.file_name().split('_').next().is_some_and(|version| version.contains('-'));
    let newest = folder.direct().filter(|entry| has(folder, entry, "up.sql")).last();
    if digits.len() != 14 || !newest.is_none_or(is_dashed) {
        return digits.to_owned();
    }
    dashed(digits)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{error, folder, outline, read_files, remarks};
    use super::*;

    #[test]
    fn a_migration_is_a_folder() {
        let source = read_files(&[
            ("00000000000000_diesel_initial_setup/up.sql", "select 0;"),
            ("00000000000000_diesel_initial_setup/down.sql", "select 0;"),
            ("2024-01-02-000000_b_c/up.sql", "select 2;"),
            ("2024-01-03_d/up.sql", "select 3;"),
            ("20240101000000_a/up.sql", "select 1;"),
            ("20240101000000_a/down.sql", "-- none\n"),
            ("20240101000000_a/notes.txt", ""),
            ("tools/fill.sql", ""),
            (".diesel_lock", ""),
        ]);
        assert_eq!(
            outline(&source),
            [
                "00000000000000 diesel_initial_setup | up.sql | down.sql",
                "20240101000000 a | up.sql | down.sql",
                "20240102000000 b_c | up.sql | -",
                "20240103000000 d | up.sql | -"
            ]
        );
        assert_eq!(
            remarks(&source),
            [
                "tools:1 holds SQL that is no migration and is not read",
                "down.sql:1 the script has no statement; going down undoes nothing"
            ]
        );
    }

    #[test]
    fn metadata_says_whether_there_is_a_transaction() {
        let asks = |metadata| {
            let files = [("1_a/up.sql", "select 1;"), ("1_a/metadata.toml", metadata)];
            !read_files(&files).migrations[0].up.conventions.is_empty()
        };
        assert!(asks("run_in_transaction = false"));
        assert!(!asks("run_in_transaction = true\n"));
        assert!(asks(""), "as diesel reads it");
        let wrong = error(&[("1_a/up.sql", ""), ("1_a/metadata.toml", "# odd\nrun_in_transaktion = false")]);
        assert!(wrong.starts_with("1_a/metadata.toml:2: unknown field `run_in_transaktion`"), "{wrong}");
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        let with = |path: &'static str| error(&[("1_a/up.sql", "select 1;"), (path, "")]);
        assert_eq!(
            with("2_b/down.sql"),
            "`2_b/down.sql` undoes version 2, but no file applies it; expected `2_b/up.sql`"
        );
        assert_eq!(
            with("2_b/x.txt"),
            "2_b:1: is a migration's folder without `up.sql`; write it, or remove the folder"
        );
        assert!(with("b/up.sql").starts_with("`b` is not named as the layout `diesel` names its files"));
        assert!(with("0-1_b/up.sql").starts_with("version 01 is used twice: `0-1_b/up.sql` and `1_a/up.sql`"));
        assert!(with("2_b/up.sql/x").starts_with("`2_b/up.sql` is a folder"));
        assert!(with("0002_b.sql").contains("the layout `pairs` would read it"));
    }

    #[test]
    fn new_folders_are_named_like_the_old() {
        let name = |old: &str| {
            let files = folder(&[(old, "")]);
            let folder = Folder::open(files.path(), false).unwrap();
            let new =
                DIESEL.new_files(&folder, &Id::Version("20261121093000".parse().unwrap()), "add a phone").unwrap();
            new[0].path.strip_prefix(files.path()).unwrap().display().to_string()
        };
        assert_eq!(name("2024-01-02-000000_b/up.sql"), "2026-11-21-093000_add_a_phone/up.sql");
        assert_eq!(name("20240102000000_b/up.sql"), "20261121093000_add_a_phone/up.sql");
        assert_eq!(name("README.md"), "2026-11-21-093000_add_a_phone/up.sql");
    }
}
