//! refinery: `V7__add_phone.sql`, and `U8__index.sql` that may come late; no way back.
//!
//! Flyway names its files so, too, and its `U` undoes the `V` of the same version. refinery knows no two files of one
//! version, so that a `U` tells which tool it belongs to. Where there is none, both tools read the folder alike, but for
//! placeholders, and it is taken for Flyway's unless there are migrations in Rust.

use std::collections::HashSet;

use crate::migration::{Id, Migration, OuterTransaction, Script, Version};

use super::flyway::{self, Part};
use super::new::slug;
use super::stray::stray;
use super::{Draft, Entry, Error, Fit, Folder, Layout, NewFile, Options, Remark, Source, Weight};

/// refinery's folders.
pub static REFINERY: Refinery = Refinery;

const FORM: &str = "`V<number>__<name>.sql` or `U<number>__<name>.sql`";

/// See [`REFINERY`].
pub struct Refinery;

/// Whether refinery would take this for a migration's name.
pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// The version and name of a file that refinery reads.
fn parse(file_name: &str) -> Option<(Part, Version, &str)> {
    match flyway::parse(file_name)? {
        (part @ (Part::Versioned | Part::Undo), Some(version), name) if is_name(name) => {
            (!version.as_str().contains(['.', '_'])).then_some((part, version, name))
        }
        _ => None,
    }
}

/// Whether a file is a migration in Rust.
fn is_code(entry: &Entry) -> bool {
    entry.file_name().strip_suffix(".rs").is_some_and(|stem| parse(&format!("{stem}.sql")).is_some())
}

/// The versions of the folder's `V` and `U` files.
fn versions(folder: &Folder, wanted: Part) -> impl Iterator<Item = Version> {
    let parsed = folder.entries().iter().filter_map(|entry| parse(entry.file_name()));
    parsed.filter(move |(part, ..)| *part == wanted).map(|(_, version, _)| version)
}

/// Whether a `U` undoes a `V` of the same version, as in Flyway's folders.
pub(super) fn undoes(folder: &Folder) -> bool {
    late(folder).contains(&true)
}

/// Whether the folder has what only refinery understands.
pub(super) fn belongs_to_refinery(folder: &Folder) -> bool {
    late(folder).contains(&false) || folder.entries().iter().any(is_code)
}

/// Of each `U`, whether there is a `V` of its version. Most folders have none.
fn late(folder: &Folder) -> Vec<bool> {
    let late: Vec<Version> = versions(folder, Part::Undo).collect();
    if late.is_empty() {
        return Vec::new();
    }
    let up: HashSet<Version> = versions(folder, Part::Versioned).collect();
    late.iter().map(|version| up.contains(version)).collect()
}

impl Layout for Refinery {
    fn name(&self) -> &'static str {
        "refinery"
    }

    fn about(&self) -> &'static str {
        "refinery: `V7__add_phone.sql`, and `U8__index.sql` that may come late"
    }

    fn recognises(&self, folder: &Folder) -> Fit {
        if belongs_to_refinery(folder) { Fit::Sure } else { Fit::No }
    }

    /// Flyway's names, which Flyway answers for.
    fn claims(&self, _: &str) -> bool {
        false
    }

    fn read(&self, folder: &Folder, _: &Options) -> Result<Source, Error> {
        let mut source = Source::default();
        for entry in folder.entries() {
            if is_code(entry) {
                source.remarks.push(Remark {
                    path: folder.path(&entry.path),
                    line: 1,
                    message: "is a migration in Rust, which only refinery can run".to_owned(),
                    weight: Weight::Incomplete,
                });
                continue;
            }
            let Some((_, version, name)) = parse(entry.file_name()) else {
                let meant = entry.file_name().starts_with(['V', 'U']);
                stray(self, FORM, folder, entry, meant, &mut source)?;
                continue;
            };
            let mut up = Script::file(folder.path(&entry.path), folder.text(&entry.path)?);
            up.outer_transaction = OuterTransaction::Taken;
            source.migrations.push(Migration::new(Id::Version(version), name, up, None));
        }
        source.remark_blanks();
        Ok(source)
    }

    fn new_files(&self, folder: &Folder, id: &Id, name: &str) -> Option<Vec<NewFile>> {
        let version = id.version()?;
        Some(vec![NewFile::create(folder.path(&format!("V{version}__{}.sql", slug(name))), "")])
    }

    fn written(&self, draft: &Draft) -> Option<Result<Vec<(String, String)>, String>> {
        let version = match draft.number("refinery") {
            Ok(version) => version,
            Err(why) => return Some(Err(why)),
        };
        let refused = match draft {
            Draft { down: Some(_), .. } => "it has a way back, which refinery has no place for",
            Draft { up, .. } if up.no_transaction => "it runs outside a transaction, which refinery has no word for",
            Draft { name, .. } if !is_name(name) => "its name has other characters than letters, digits and `_`",
            _ => return Some(Ok(vec![(format!("V{version}__{}.sql", draft.name), draft.up.text.clone())])),
        };
        Some(Err(refused.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{error, folder, outline, read_files, remarks};
    use super::*;

    #[test]
    fn what_may_come_late_is_a_migration_like_any_other() {
        let source = read_files(&[
            ("V1__a.sql", "select 1;"),
            ("U3__c.sql", "select '${b}';"),
            ("deep/V2__b.sql", "select 2;"),
            ("V4__d.rs", ""),
            ("mod.rs", ""),
        ]);
        assert_eq!(outline(&source), ["1 a | V1__a.sql | -", "2 b | V2__b.sql | -", "3 c | U3__c.sql | -"]);
        assert_eq!(&*source.migrations[2].up.text, "select '${b}';");
        assert_eq!(remarks(&source), ["V4__d.rs:1 is a migration in Rust, which only refinery can run"]);
    }

    #[test]
    fn which_tool_a_folder_belongs_to() {
        let detected = |files: &[(&str, &str)]| {
            let files = folder(files);
            let folder = Folder::open(files.path(), false).unwrap();
            super::super::detect(&folder).map_or_else(|_| "ambiguous", |layout| layout.name())
        };
        assert_eq!(detected(&[("V1__a.sql", "")]), "flyway");
        assert_eq!(detected(&[("V1__a.sql", ""), ("U1__a.sql", "")]), "flyway");
        assert_eq!(detected(&[("V1__a.sql", ""), ("U2__b.sql", "")]), "refinery");
        assert_eq!(detected(&[("V1__a.sql", ""), ("V2__b.rs", "")]), "refinery");
        assert_eq!(detected(&[("V1__a.sql", ""), ("U1__a.sql", ""), ("U2__b.sql", "")]), "ambiguous");
        assert_eq!(detected(&[("R__v.sql", ""), ("V1__a.sql", ""), ("U2__b.sql", "")]), "ambiguous");
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert_eq!(
            error(&[("V1__a.rs", ""), ("V2__b.sql", ""), ("U2__c.sql", "")]),
            "`.` can be read as `flyway` or `refinery`; say which with `--layout NAME` or `layout = \"NAME\"` in migrate.toml"
        );
        assert_eq!(
            error(&[("V1__a.rs", ""), ("V02__b.sql", ""), ("x/V2__c.sql", "")]),
            "version 02 is used twice: `V02__b.sql` and `x/V2__c.sql`; give the newer one a version of its own"
        );
        assert!(
            error(&[("V1__a.rs", ""), ("V2_b.sql", "")])
                .starts_with("`V2_b.sql` is not named as the layout `refinery`")
        );
    }
}
