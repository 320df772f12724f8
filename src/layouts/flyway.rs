//! Flyway: `V7__add_phone.sql`, `U7__add_phone.sql` to undo it, `R__views.sql`, in folders within folders.
//!
//! A file's options stand beside it, in `V7__add_phone.sql.conf`. `${name}` is a placeholder unless they, or ours, say
//! otherwise. Where a baseline migration (`B`) and the versioned ones up to its version are there, the versioned ones are
//! run: they do the same. Prefixes and separators are Flyway's usual ones.

use std::collections::BTreeMap;

use crate::migration::{Checksum, Directive, Id, Migration, OuterTransaction, Script, Version};
use crate::sql::Span;

use super::new::slug;
use super::refinery::{self, belongs_to_refinery};
use super::stray::stray;
use super::variables::{self, Form};
use super::{Draft, Entry, Error, Fit, Folder, Kind, Layout, NewFile, Options, Remark, Source, Weight};

/// Flyway's folders.
pub static FLYWAY: Flyway = Flyway;

const FORM: &str = "`V<version>__<name>.sql`, `U<version>__<name>.sql`, `B<version>__<name>.sql` or `R__<name>.sql`";

/// See [`FLYWAY`].
pub struct Flyway;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    Versioned,
    Undo,
    Baseline,
    Repeatable,
}

/// What a file's name says: its part, its version unless it is repeatable, and its name.
pub(super) fn parse(file_name: &str) -> Option<(Part, Option<Version>, &str)> {
    let stem = file_name.strip_suffix(".sql")?;
    let part = match stem.as_bytes().first()? {
        b'V' => Part::Versioned,
        b'U' => Part::Undo,
        b'B' => Part::Baseline,
        b'R' => Part::Repeatable,
        _ => return None,
    };
    let (version, name) = stem[1..].split_once("__")?;
    match part {
        Part::Repeatable => (version.is_empty() && !name.is_empty()).then_some((part, None, name)),
        _ => Some((part, Some(version.parse().ok()?), name)),
    }
}

/// Whether a file that is not named as it should be was probably meant to be a migration.
fn looks_like_one(file_name: &str) -> bool {
    let mut bytes = file_name.bytes();
    let letter = bytes.next().is_some_and(|byte| b"VUBRvubr".contains(&byte));
    letter && bytes.next().is_some_and(|next| next.is_ascii_digit() || next == b'_')
}

/// Whether Flyway would run a file of this name at certain moments.
fn is_callback(file_name: &str) -> bool {
    const EVENTS: &[&str] = &["Migrate", "Repeatables", "Versioned", "Undo", "Clean", "Validate", "Baseline", "Repair"];
    let Some(stem) = file_name.strip_suffix(".sql") else { return false };
    let event = stem.split("__").next().unwrap_or_default();
    let moment = event.strip_prefix("before").or_else(|| event.strip_prefix("after"));
    let moment = moment.map(|moment| moment.strip_prefix("Each").unwrap_or(moment));
    event == "createSchema"
        || moment.is_some_and(|moment| {
            EVENTS.iter().any(|event| moment.starts_with(event)) || matches!(moment, "Info" | "Connect")
        })
}

impl Layout for Flyway {
    fn name(&self) -> &'static str {
        "flyway"
    }

    fn about(&self) -> &'static str {
        "Flyway: `V7__add_phone.sql`, `U7__add_phone.sql` to undo it, and `R__views.sql`"
    }

    fn recognises(&self, folder: &Folder) -> Fit {
        let mut versioned = folder.entries().iter().filter_map(|entry| parse(entry.file_name()));
        match versioned.any(|(part, ..)| part != Part::Repeatable) {
            true if !belongs_to_refinery(folder) || is_flyways_alone(folder) => Fit::Sure,
            _ => Fit::No,
        }
    }

    fn claims(&self, file_name: &str) -> bool {
        matches!(parse(file_name), Some((Part::Versioned | Part::Undo | Part::Baseline, ..)))
    }

    fn read(&self, folder: &Folder, options: &Options) -> Result<Source, Error> {
        let mut source = Source::default();
        let mut undos: BTreeMap<Version, &Entry> = BTreeMap::new();
        let mut baselines = Vec::new();
        for entry in folder.entries() {
            let Some((part, version, name)) = parse(entry.file_name()) else {
                self.left_out(folder, entry, &mut source)?;
                continue;
            };
            let Some(asked) = Asked::read(folder, entry)? else {
                let message = "is left out: its `.conf` says `shouldExecute=false`".to_owned();
                source.remarks.push(Remark {
                    path: folder.path(&entry.path),
                    line: 1,
                    message,
                    weight: Weight::Warning,
                });
                continue;
            };
            let id = version.clone().map_or_else(|| Id::Repeatable(name.to_owned()), Id::Version);
            match (part, version) {
                (Part::Undo, Some(version)) => {
                    if let Some(first) = undos.insert(version.clone(), entry) {
                        let (first, second) = (folder.path(&first.path), folder.path(&entry.path));
                        return Err(Error::DuplicateVersion { version, first, second });
                    }
                }
                _ => {
                    let up = script(folder, entry, &asked, part == Part::Repeatable, options)?;
                    let migration = Migration::new(id, name, up, None);
                    if part == Part::Baseline {
                        baselines.push(migration);
                    } else {
                        source.migrations.push(migration);
                    }
                }
            }
        }
        add_baselines(baselines, &mut source);
        for migration in &mut source.migrations {
            let Some(entry) = migration.id.version().and_then(|version| undos.remove(version)) else { continue };
            if let Some(asked) = Asked::read(folder, entry)? {
                migration.down = Some(script(folder, entry, &asked, false, options)?.into());
            }
        }
        if let Some((version, entry)) = undos.pop_first() {
            let expected = entry.file_name().replacen('U', "V", 1);
            return Err(Error::DownWithoutUp { path: folder.path(&entry.path), version, expected });
        }
        source.remark_blanks();
        Ok(source)
    }

    fn way_outside(&self) -> &'static str {
        "write `executeInTransaction=false` into its `.sql.conf`"
    }

    fn replaces_placeholders(&self) -> bool {
        true
    }

    fn new_files(&self, folder: &Folder, id: &Id, name: &str) -> Option<Vec<NewFile>> {
        let beside = subfolder_of_newest(folder, id.is_repeatable());
        let file = |stem: String, text: &str| NewFile::create(folder.path(&format!("{beside}{stem}.sql")), text);
        match id {
            Id::Version(version) => {
                let stem = format!("{version}__{}", slug(name));
                let mut files = vec![file(format!("V{stem}"), "")];
                let undoes = |entry: &Entry| matches!(parse(entry.file_name()), Some((Part::Undo, ..)));
                if folder.entries().iter().any(undoes) {
                    files.push(file(format!("U{stem}"), &format!("-- Undoes V{stem}.sql.\n")));
                }
                Some(files)
            }
            Id::Repeatable(name) => {
                Some(vec![file(format!("R__{}", slug(name)), "-- Runs again whenever this text changes.\n")])
            }
            Id::Named(_) => None,
        }
    }

    fn written(&self, draft: &Draft) -> Option<Result<Vec<(String, String)>, String>> {
        let (up, down) = match &draft.id {
            Id::Version(version) => {
                let stem = format!("{version}__{}.sql", draft.name);
                (format!("V{stem}"), format!("U{stem}"))
            }
            Id::Named(name) | Id::Repeatable(name) => (format!("R__{name}.sql"), String::new()),
        };
        let mut files = Vec::new();
        for (path, part) in [(up, &draft.up)].into_iter().chain(draft.down.as_ref().map(|part| (down, part))) {
            let mut conf = String::new();
            if part.no_transaction {
                conf.push_str("executeInTransaction=false\n");
            }
            if part.literal {
                conf.push_str("placeholderReplacement=false\n");
            }
            if !conf.is_empty() {
                files.push((format!("{path}.conf"), conf));
            }
            files.push((path, part.text.clone()));
        }
        Some(Ok(files))
    }
}

impl Flyway {
    fn left_out(&self, folder: &Folder, entry: &Entry, source: &mut Source) -> Result<(), Error> {
        let file_name = entry.file_name();
        let mut remark = |message: &str, weight| {
            let path = folder.path(&entry.path);
            source.remarks.push(Remark { path, line: 1, message: message.to_owned(), weight });
        };
        if is_callback(file_name) {
            remark("is a callback of Flyway's and is not run", Weight::Warning);
            return Ok(());
        }
        let code = [".java", ".kt", ".class"].iter().find_map(|end| file_name.strip_suffix(end));
        if let Some(stem) = code {
            if parse(&format!("{stem}.sql")).is_some() {
                remark("is a migration in Java, which only Flyway can run", Weight::Incomplete);
            }
            return Ok(());
        }
        stray(self, FORM, folder, entry, looks_like_one(file_name), source)
    }
}

/// Whether the folder has what only Flyway understands.
fn is_flyways_alone(folder: &Folder) -> bool {
    folder.entries().iter().any(|entry| match parse(entry.file_name()) {
        Some((Part::Repeatable | Part::Baseline, ..)) => true,
        Some((_, Some(version), name)) => version.as_str().contains(['.', '_']) || !refinery::is_name(name),
        _ => entry.file_name().ends_with(".sql.conf") || is_callback(entry.file_name()),
    }) || refinery::undoes(folder)
}

/// The subfolder that the newest migration of a kind is in, with its slash.
fn subfolder_of_newest(folder: &Folder, repeatable: bool) -> &str {
    let parsed = folder.entries().iter().filter_map(|entry| Some((parse(entry.file_name())?.1, entry)));
    let newest =
        parsed.filter(|(version, _)| version.is_none() == repeatable).max_by(|(one, _), (other, _)| one.cmp(other));
    newest.map_or("", |(_, entry)| &entry.path[..entry.path.len() - entry.file_name().len()])
}

/// Adds the newest baseline where none of the versioned migrations that it stands for is there.
fn add_baselines(mut baselines: Vec<Migration>, source: &mut Source) {
    baselines.sort_by(|one, other| one.id.cmp(&other.id));
    let Some(newest) = baselines.last().map(|baseline| baseline.id.clone()) else { return };
    let stands_for = |migration: &Migration| migration.id.version().is_some() && migration.id <= newest;
    let replaced = source.migrations.iter().any(stands_for);
    for baseline in baselines {
        if replaced || baseline.id != newest {
            let message = "is left out: the versioned migrations up to it, or a later baseline, do the same";
            source.remarks.push(Remark::note(&baseline.up.path, 1, message));
        } else {
            source.migrations.push(baseline);
        }
    }
}

fn script(folder: &Folder, entry: &Entry, asked: &Asked, repeatable: bool, options: &Options) -> Result<Script, Error> {
    let mut script = Script::file(folder.path(&entry.path), folder.text(&entry.path)?);
    script.outer_transaction = OuterTransaction::Taken;
    let transaction = match asked.no_transaction {
        true => Directive::NoTransaction,
        false => Directive::NoTransactionIfNoneCan,
    };
    script.conventions.push((Span::default(), transaction));
    if asked.placeholders.or(options.placeholders).unwrap_or(true) {
        let whole = Span::new(0, script.text.len());
        variables::fill(&mut script, &[whole], Form::Braces, &|name| value(name, entry, options))?;
        if repeatable {
            script.checksum = Checksum::of(&script.text);
        }
    }
    Ok(script)
}

/// The value of a placeholder; Flyway does not look at capitals.
fn value(name: &str, entry: &Entry, options: &Options) -> Option<String> {
    let given = |(known, value): (&String, &String)| known.eq_ignore_ascii_case(name).then(|| value.clone());
    let variable = || options.environment.get(&format!("FLYWAY_PLACEHOLDERS_{}", name.to_ascii_uppercase())).cloned();
    let usual = || match name.to_ascii_lowercase().as_str() {
        "flyway:timestamp" => Some(options.now.clone()),
        "flyway:filename" => Some(entry.file_name().to_owned()),
        _ => options.environment.get(name).cloned(),
    };
    options.variables.iter().find_map(given).or_else(variable).or_else(usual)
}

/// What a file's `.conf` asks for.
#[derive(Debug, Default)]
struct Asked {
    no_transaction: bool,
    placeholders: Option<bool>,
}

impl Asked {
    /// What is asked for the script at this path; none if it is not to be run.
    fn read(folder: &Folder, entry: &Entry) -> Result<Option<Self>, Error> {
        let mut asked = Asked::default();
        let beside = format!("{}.conf", entry.path);
        if folder.find(&beside).is_none_or(|entry| entry.kind == Kind::Folder) {
            return Ok(Some(asked));
        }
        for (number, line) in folder.text(&beside)?.lines().enumerate() {
            let malformed =
                |message: String| Error::Malformed { path: folder.path(&beside), line: number + 1, message };
            let line = line.trim();
            if line.is_empty() || line.starts_with(['#', '!']) {
                continue;
            }
            let (key, value) = line.split_once(['=', ':']).unwrap_or((line, ""));
            let (key, value) = (key.trim(), value.trim());
            let truth = || match value.to_ascii_lowercase().as_str() {
                "true" => Ok(true),
                "false" => Ok(false),
                _ => Err(malformed(format!("`{key}` is neither `true` nor `false`"))),
            };
            match key {
                "executeInTransaction" => asked.no_transaction = !truth()?,
                "placeholderReplacement" => asked.placeholders = Some(truth()?),
                "shouldExecute" if !truth()? => return Ok(None),
                "shouldExecute" => {}
                "encoding" if value.replace('-', "").eq_ignore_ascii_case("utf8") => {}
                "encoding" => {
                    return Err(malformed(format!("scripts are UTF-8, not `{value}`; save this one as UTF-8")));
                }
                _ => return Err(malformed(format!("Flyway's `.conf` has no key `{key}`"))),
            }
        }
        Ok(Some(asked))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{error, folder, outline, read_files, remarks};
    use super::*;

    #[test]
    fn versions_have_parts_and_folders_nest() {
        let source = read_files(&[
            ("V1__a.sql", "select 1;"),
            ("2024/V1.10__c_d.sql", "select 3;"),
            ("2024/V1_9__b.sql", "select 2;"),
            ("undo/U1.9__b.sql", "select -2;"),
            ("R__views.sql", "select 4;"),
            ("afterMigrate__grants.sql", "grant select on t to u;"),
            ("V3__E.java", ""),
            ("seed.sql", ""),
        ]);
        assert_eq!(
            outline(&source),
            [
                "1 a | V1__a.sql | -",
                "1_9 b | V1_9__b.sql | U1.9__b.sql",
                "1.10 c_d | V1.10__c_d.sql | -",
                "R__views | R__views.sql | -"
            ]
        );
        assert_eq!(
            remarks(&source),
            [
                "V3__E.java:1 is a migration in Java, which only Flyway can run",
                "afterMigrate__grants.sql:1 is a callback of Flyway's and is not run",
                "seed.sql:1 is not named as a migration and is not read"
            ]
        );
    }

    #[test]
    fn a_file_says_in_its_conf_how_it_is_run() {
        let source = read_files(&[
            ("V1__a.sql", "create index concurrently i on t (a); select '${b}';"),
            ("V1__a.sql.conf", "# why\nexecuteInTransaction=false\nplaceholderReplacement: false\n"),
            ("V2__b.sql", "select 2;"),
            ("V2__b.sql.conf", "shouldExecute=false"),
        ]);
        assert_eq!(outline(&source), ["1 a | V1__a.sql | -"]);
        assert_eq!(source.migrations[0].up.conventions, [(Span::default(), Directive::NoTransaction)]);
        assert_eq!(remarks(&source), ["V2__b.sql:1 is left out: its `.conf` says `shouldExecute=false`"]);
        let wrong = |conf| error(&[("V1__a.sql", "select 1;"), ("V1__a.sql.conf", conf)]);
        assert_eq!(
            wrong("\nexecuteInTransaction=no"),
            "V1__a.sql.conf:2: `executeInTransaction` is neither `true` nor `false`"
        );
        assert_eq!(wrong("mixed=true"), "V1__a.sql.conf:1: Flyway's `.conf` has no key `mixed`");
        assert!(wrong("encoding=ISO-8859-1").contains("scripts are UTF-8, not `ISO-8859-1`"));
    }

    #[test]
    fn placeholders_are_replaced_and_only_a_repeatables_checksum_changes_with_them() {
        let files = folder(&[
            ("V1__a.sql", "create table ${Schema}.t (a int); -- ${flyway:filename}"),
            ("R__v.sql", "-- ${flyway:timestamp}\nselect 1;"),
        ]);
        let read = |schema: &str, now: &str| {
            let variables = BTreeMap::from([("schema".to_owned(), schema.to_owned())]);
            let options = Options { variables, now: now.to_owned(), ..Options::default() };
            super::super::read(&[files.path().to_owned()], None, &options).unwrap().migrations
        };
        let (one, other) = (read("app", "today"), read("web", "tomorrow"));
        assert_eq!(&*one[0].up.text, "create table app.t (a int); -- V1__a.sql");
        assert_eq!(one[0].up.checksum, other[0].up.checksum);
        assert_eq!(&*one[1].up.text, "-- today\nselect 1;");
        assert_ne!(one[1].up.checksum, other[1].up.checksum);
        assert_eq!(
            error(&[("V1__a.sql", "select 1;\nselect ${who};")]),
            "V1__a.sql:2:8: the placeholder `who` has no value; give it with `--var who=VALUE`, under `[variables]` in \
             migrate.toml or in the environment, or say there `placeholders = false` if it is none"
        );
    }

    #[test]
    fn a_baseline_stands_for_what_is_not_there() {
        let text = "select 1;";
        let both = read_files(&[("B2__all.sql", text), ("V1__a.sql", text), ("V2__b.sql", text), ("V3__c.sql", text)]);
        assert_eq!(outline(&both), ["1 a | V1__a.sql | -", "2 b | V2__b.sql | -", "3 c | V3__c.sql | -"]);
        let left = "B2__all.sql:1 is left out: the versioned migrations up to it, or a later baseline, do the same";
        assert_eq!(remarks(&both), [left]);
        let squashed = read_files(&[("B1__old.sql", text), ("B2__all.sql", text), ("V3__c.sql", text)]);
        assert_eq!(outline(&squashed), ["2 all | B2__all.sql | -", "3 c | V3__c.sql | -"]);
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        assert_eq!(
            error(&[("V1__a.sql", ""), ("x/V1.0__b.sql", "")]),
            "version 1 is used twice: `V1__a.sql` and `x/V1.0__b.sql`; give the newer one a version of its own"
        );
        assert_eq!(
            error(&[("V1__a.sql", ""), ("U1__a.sql", ""), ("U2__b.sql", "")]),
            "`.` can be read as `flyway` or `refinery`; say which with `--layout NAME` or `layout = \"NAME\"` in migrate.toml"
        );
        assert_eq!(
            error(&[("V1.1__a.sql", ""), ("U2__b-c.sql", "")]),
            "`U2__b-c.sql` undoes version 2, but no file applies it; expected `V2__b-c.sql`"
        );
        assert!(
            error(&[("V1__a.sql", ""), ("V2_b.sql", "")]).starts_with("`V2_b.sql` is not named as the layout `flyway`")
        );
        assert!(error(&[("V1__a.sql", ""), ("0002_b.sql", "")]).contains("the layout `pairs` would read it"));
        assert!(error(&[("V1__a.sql/x", "")]).starts_with("`V1__a.sql` is a folder"));
    }

    #[test]
    fn new_files_go_where_the_newest_is() {
        let names = |files: &[(&str, &str)], id: Id| -> Vec<String> {
            let files = folder(files);
            let folder = Folder::open(files.path(), false).unwrap();
            let new = FLYWAY.new_files(&folder, &id, "add a phone").unwrap();
            new.iter().map(|file| file.path.strip_prefix(files.path()).unwrap().display().to_string()).collect()
        };
        let version = || Id::Version("8".parse().unwrap());
        assert_eq!(names(&[("V7__a.sql", "")], version()), ["V8__add_a_phone.sql"]);
        assert_eq!(
            names(&[("2023/V6__a.sql", ""), ("2024/V7__b.sql", ""), ("2024/U7__b.sql", "")], version()),
            ["2024/V8__add_a_phone.sql", "2024/U8__add_a_phone.sql"]
        );
        assert_eq!(names(&[("V7__a.sql", "")], Id::Repeatable("my views".into())), ["R__my_views.sql"]);
    }
}
