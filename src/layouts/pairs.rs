//! Our own layout, which is golang-migrate's and sqlx's, too: `0007_add_phone.up.sql` and `.down.sql`.
//!
//! A single `0007_add_phone.sql` has no way back; `R__views.sql` runs again whenever its text changed.
//!
//! Nothing tells a folder of golang-migrate from ours, and files with `BEGIN` and `COMMIT` are usual there, around
//! everything or around a part, as between SQLite's `PRAGMA foreign_keys` off and on: they are taken for what their
//! authors meant, one transaction, which the whole file is here anyway. Whoever wants them refused says
//! `layout = "native"`.

use std::collections::BTreeMap;

use crate::migration::{Directive, Id, Migration, OuterTransaction, Script, Version};
use crate::sql::Span;

use super::halves;
use super::new::stem;
use super::stray::stray;
use super::{Body, Draft, Entry, Error, Fit, Folder, Layout, NewFile, Options, Remark, Source};

/// Pairs of files, as golang-migrate and sqlx have them.
pub static PAIRS: Pairs = Pairs { name: "pairs", outer_transaction: OuterTransaction::Merged };

/// The same for folders that no other tool reads: stricter, and never detected.
pub static NATIVE: Pairs = Pairs { name: "native", outer_transaction: OuterTransaction::Refused };

const FORM: &str = "`<version>_<name>.up.sql` with `.down.sql`, `<version>_<name>.sql`, or `R__<name>.sql`";

/// See [`PAIRS`].
pub struct Pairs {
    name: &'static str,
    outer_transaction: OuterTransaction,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    Up,
    Down,
    Alone,
}

/// What a file's name says.
fn parse(file_name: &str) -> Option<(Id, &str, Side)> {
    let stem = file_name.strip_suffix(".sql")?;
    if let Some(name) = stem.strip_prefix("R__") {
        return (!name.is_empty() && !name.ends_with(".up") && !name.ends_with(".down"))
            .then(|| (Id::Repeatable(name.to_owned()), name, Side::Alone));
    }
    let (stem, side) = if let Some(stem) = stem.strip_suffix(".up") {
        (stem, Side::Up)
    } else if let Some(stem) = stem.strip_suffix(".down") {
        (stem, Side::Down)
    } else {
        (stem, Side::Alone)
    };
    let (digits, name) = stem.split_once('_')?;
    Some((Id::Version(digits.parse::<Version>().ok()?), name, side))
}

/// Whether a file that is not named as it should be was probably meant to be a migration.
fn looks_like_one(entry: &Entry) -> bool {
    let name = entry.file_name().to_ascii_lowercase();
    entry.is_sql()
        && (name.starts_with(|c: char| c.is_ascii_digit()) || name.ends_with(".up.sql") || name.ends_with(".down.sql"))
}

impl Layout for Pairs {
    fn name(&self) -> &'static str {
        self.name
    }

    fn about(&self) -> &'static str {
        match self.outer_transaction {
            OuterTransaction::Taken | OuterTransaction::Merged => {
                "golang-migrate, sqlx and our own: `0007_add_phone.up.sql` and `.down.sql`, or `0007_add_phone.sql`"
            }
            OuterTransaction::Refused => "like `pairs`, but a script with BEGIN and COMMIT of its own is refused",
        }
    }

    fn recognises(&self, folder: &Folder) -> Fit {
        if self.name != PAIRS.name {
            return Fit::No;
        }
        let side = |entry: &Entry| parse(entry.file_name()).map(|(_, _, side)| side);
        match folder.flat().filter_map(side).min() {
            None => Fit::No,
            Some(Side::Alone) => Fit::Possible,
            Some(_) => Fit::Sure,
        }
    }

    fn claims(&self, file_name: &str) -> bool {
        self.name == PAIRS.name && parse(file_name).is_some()
    }

    fn read(&self, folder: &Folder, _: &Options) -> Result<Source, Error> {
        halves::refuse(folder, |entry| parse(entry.file_name()).is_some_and(|(_, _, side)| side != Side::Down))?;
        let mut source = Source::default();
        let mut downs: BTreeMap<Version, Vec<(&Entry, &str)>> = BTreeMap::new();
        for entry in folder.flat() {
            let Some((id, name, side)) = parse(entry.file_name()) else {
                stray(self, FORM, folder, entry, looks_like_one(entry), &mut source)?;
                continue;
            };
            match (side, id) {
                (Side::Down, Id::Version(version)) => downs.entry(version).or_default().push((entry, name)),
                (_, id) => {
                    let up = self.script(folder, entry)?;
                    source.migrations.push(Migration::new(id, name, up, None));
                }
            }
        }
        for migration in &mut source.migrations {
            let Some(of_version) = migration.id.version().and_then(|version| downs.get_mut(version)) else { continue };
            let own = of_version.iter().position(|(_, name)| *name == migration.name).unwrap_or(0);
            if of_version.is_empty() {
                continue;
            }
            let (entry, name) = of_version.remove(own);
            if name != migration.name {
                let message = format!("is taken as the way back of `{}`, though their names differ", migration.title());
                source.remarks.push(Remark::note(folder.path(&entry.path), 1, message));
            }
            migration.down = Some(self.script(folder, entry)?.into());
        }
        let left = downs.into_iter().find_map(|(version, left)| left.first().map(|(entry, _)| (version, *entry)));
        if let Some((version, entry)) = left {
            let path = folder.path(&entry.path);
            let taken = |one: &Migration| one.down.as_ref().filter(|_| one.id.version() == Some(&version)).cloned();
            return Err(match source.migrations.iter().find_map(taken) {
                Some(first) => Error::DuplicateVersion { version, first: first.path.clone(), second: path },
                None => {
                    Error::DownWithoutUp { expected: entry.file_name().replace(".down.sql", ".up.sql"), path, version }
                }
            });
        }
        source.remark_blanks();
        Ok(source)
    }

    fn new_files(&self, folder: &Folder, id: &Id, name: &str) -> Option<Vec<NewFile>> {
        let stem = stem(id, name);
        let file = |end: &str, text: String| NewFile::create(folder.path(&format!("{stem}{end}")), text);
        if id.is_repeatable() {
            return Some(vec![file(".sql", "-- Runs again whenever this text changes.\n".to_owned())]);
        }
        let side = |entry: &Entry| match parse(entry.file_name())? {
            (Id::Version(_), _, side) => Some(side),
            _ => None,
        };
        let mut sides = folder.flat().filter_map(side).peekable();
        if sides.peek().is_some() && sides.all(|side| side == Side::Alone) {
            return Some(vec![file(".sql", String::new())]);
        }
        Some(vec![file(".up.sql", String::new()), file(".down.sql", format!("-- Undoes {stem}.up.sql.\n"))])
    }

    fn written(&self, draft: &Draft) -> Option<Result<Vec<(String, String)>, String>> {
        let refuses = |part: &Body| self.outer_transaction == OuterTransaction::Refused && part.has_transaction();
        if draft.parts().any(refuses) {
            return Some(Err(format!("it has BEGIN and COMMIT of its own, which `{}` refuses", self.name)));
        }
        let text = |part: &Body| match part.no_transaction && !part.says_so {
            true => format!("-- migrate:no-transaction\n{}", part.text),
            false => part.text.clone(),
        };
        let stem = match &draft.id {
            Id::Repeatable(name) => return Some(Ok(vec![(format!("R__{name}.sql"), text(&draft.up))])),
            Id::Version(version) => format!("{}_{}", version.as_str().replace('_', "."), draft.name),
            Id::Named(name) => name.clone(),
        };
        let mut files = vec![(format!("{stem}.up.sql"), text(&draft.up))];
        files.extend(draft.down.as_ref().map(|down| (format!("{stem}.down.sql"), text(down))));
        Some(Ok(files))
    }
}

impl Pairs {
    fn script(&self, folder: &Folder, entry: &Entry) -> Result<Script, Error> {
        let text = folder.text(&entry.path)?;
        let mut script = Script::file(folder.path(&entry.path), text.clone());
        script.outer_transaction = self.outer_transaction;
        // sqlx looks at the first bytes of the file and at nothing else.
        let sqlx = "-- no-transaction";
        if text.starts_with(sqlx) {
            script.conventions.push((Span::new(0, sqlx.len()), Directive::NoTransaction));
        }
        Ok(script)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{error, outline, read_files, remarks};
    use super::*;

    #[test]
    fn versions_are_numbers_and_repeatables_come_last() {
        let source = read_files(&[
            ("10_c.sql", "select 3;"),
            ("R__views.sql", "select 4;"),
            ("9_b.down.sql", "select 22;"),
            ("9_b.up.sql", "select 2;"),
            ("0001_a.up.sql", "select 1;"),
            ("README.md", ""),
            (".0002_swap.up.sql", ""),
        ]);
        assert_eq!(
            outline(&source),
            [
                "0001 a | 0001_a.up.sql | -",
                "9 b | 9_b.up.sql | 9_b.down.sql",
                "10 c | 10_c.sql | -",
                "R__views | R__views.sql | -"
            ]
        );
        assert_eq!(source.remarks, []);
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        assert_eq!(
            error(&[("1_a.sql", ""), ("01_b.up.sql", "")]),
            "version 01 is used twice: `01_b.up.sql` and `1_a.sql`; give the newer one a version of its own"
        );
        assert_eq!(
            error(&[("1_a.up.sql", ""), ("1_a.down.sql", ""), ("1_b.down.sql", "")]),
            "version 1 is used twice: `1_a.down.sql` and `1_b.down.sql`; give the newer one a version of its own"
        );
        assert_eq!(
            error(&[("0002_b.down.sql", "")]),
            "`0002_b.down.sql` undoes version 0002, but no file applies it; expected `0002_b.up.sql`"
        );
        assert_eq!(
            error(&[("0001_a.up.sql", ""), ("0002-b.up.sql", "")]),
            "`0002-b.up.sql` is not named as the layout `pairs` names its files (`<version>_<name>.up.sql` with `.down.sql`, \
             `<version>_<name>.sql`, or `R__<name>.sql`)"
        );
        assert!(error(&[("0001_a.up.sql", ""), ("0002_b.up.SQL", "")]).contains("`0002_b.up.SQL` is not named as"));
    }

    #[test]
    fn what_runs_as_nothing_is_remarked() {
        let source = read_files(&[
            ("1_a.up.sql", ""),
            ("1_other.down.sql", "-- nothing to undo\n"),
            ("seed.sql", "insert into t values (1);"),
        ]);
        assert_eq!(
            remarks(&source),
            [
                "seed.sql:1 is not named as a migration and is not read",
                "1_other.down.sql:1 is taken as the way back of `1 a`, though their names differ",
                "1_a.up.sql:1 the script has no statement; applying it does nothing",
                "1_other.down.sql:1 the script has no statement; going down undoes nothing"
            ]
        );
    }

    #[test]
    fn the_first_line_of_sqlx_has_its_meaning() {
        let source = read_files(&[
            ("1_a.sql", "-- no-transaction\ncreate index concurrently i on t (a);"),
            ("2_b.sql", "select 1;\n-- no-transaction\n"),
        ]);
        let without: Vec<bool> = source.migrations.iter().map(|m| !m.up.conventions.is_empty()).collect();
        assert_eq!(without, [true, false]);
    }

    #[test]
    fn new_files_are_named_like_the_old() {
        let names = |files: &[(&str, &str)]| -> Vec<String> {
            let folder = super::super::testing::folder(files);
            let folder = Folder::open(folder.path(), false).unwrap();
            let id = Id::Version("7".parse().unwrap());
            let new = PAIRS.new_files(&folder, &id, "add a phone").unwrap();
            new.iter().map(|file| file.path.file_name().unwrap().to_str().unwrap().to_owned()).collect()
        };
        let pair = ["7_add_a_phone.up.sql", "7_add_a_phone.down.sql"];
        assert_eq!(names(&[]), pair);
        assert_eq!(names(&[("R__v.sql", "")]), pair);
        assert_eq!(names(&[("1_a.sql", "")]), ["7_add_a_phone.sql"]);
        assert_eq!(names(&[("1_a.sql", ""), ("2_b.up.sql", "")]), pair);
    }
}
