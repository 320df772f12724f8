//! How a folder of files is read as migrations: one file per layout, each named after the tool whose folders it reads.
//!
//! A layout knows how its tool names files, which part of a file goes up and which down, and what its
//! tool's own directives mean; what comes out is the same for all. It does not know SQL, databases or history.
//!
//! To add a layout, write its file with a [`Layout`] and name it here twice.

mod blank;
mod convert;
mod delimiter;
mod error;
mod file;
mod folder;
mod halves;
#[cfg(test)]
mod hostile;
mod new;
mod rewrite;
mod stray;
#[cfg(test)]
mod testing;
mod variables;

mod atlas;
mod dbmate;
mod diesel;
mod flyway;
mod goose;
mod graphile_migrate;
mod liquibase;
mod pairs;
mod prisma;
mod refinery;
pub(crate) mod sqitch;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use foldhash::HashMap;

pub use convert::{Body, Conversion, ConvertError, Converted, Draft, targets};
pub use error::Error;
pub use file::LARGEST;
pub use folder::{Entry, Folder, Kind};
pub use new::{NOW, NewFile, Write, filled, next_version, slug};
pub use rewrite::{Rewritten, rewrite};

use crate::migration::{Checksum, Id, Migration, Script, Version, WAY_OUTSIDE};
use crate::sql::Span;
use variables::Form;

/// Every layout, in the order in which help and documentation list them.
pub static ALL: &[&dyn Layout] = &[
    &pairs::PAIRS,
    &pairs::NATIVE,
    &flyway::FLYWAY,
    &goose::GOOSE,
    &dbmate::DBMATE,
    &diesel::DIESEL,
    &refinery::REFINERY,
    &prisma::PRISMA,
    &atlas::ATLAS,
    &liquibase::LIQUIBASE,
    &sqitch::SQITCH,
    &graphile_migrate::GRAPHILE_MIGRATE,
];

/// A way of laying out migrations in a folder.
pub trait Layout: Sync {
    /// The word for `--layout` and `migrate.toml`: `pairs`.
    fn name(&self) -> &'static str;
    /// The tools whose folders these are, and what the files are called, in one line.
    fn about(&self) -> &'static str;
    /// Whether a folder is laid out so.
    fn recognises(&self, folder: &Folder) -> Fit;
    /// Whether a file of this name would be read, so that other layouts can point here.
    fn claims(&self, file_name: &str) -> bool;
    /// The folder's migrations, in any order.
    ///
    /// # Errors
    ///
    /// When a file that belongs to the layout cannot be read or understood.
    fn read(&self, folder: &Folder, options: &Options) -> Result<Source, Error>;
    /// What a new migration of this name would be known by.
    fn next_id(&self, existing: &[Migration], now: &Version, name: &str) -> Id {
        let _ = name;
        Id::Version(next_version(existing, now))
    }
    /// Whether its tool replaces placeholders, so that [`read`](Layout::read) does unless it is told not to.
    fn replaces_placeholders(&self) -> bool {
        false
    }
    /// The files that a new migration begins with, or none if the layout has no migrations of this kind.
    fn new_files(&self, folder: &Folder, id: &Id, name: &str) -> Option<Vec<NewFile>>;
    /// The files of a migration that comes from another layout, by their paths in the folder, with their texts; none if
    /// folders are not written in this layout.
    ///
    /// # Errors
    ///
    /// Why the tool has no word for what the migration asks.
    fn written(&self, draft: &Draft) -> Option<Result<Vec<(String, String)>, String>> {
        let _ = draft;
        None
    }
    /// What stands beside the migrations in a folder for this database.
    fn written_beside(&self, database: &str) -> Vec<(String, String)> {
        let _ = database;
        Vec::new()
    }
    /// What the author of a script does so that it runs outside a transaction, as advice in one clause.
    fn way_outside(&self) -> &'static str {
        WAY_OUTSIDE
    }
    /// Whether its tool gives each script a session of its own.
    fn gives_sessions(&self) -> bool {
        false
    }
    /// Whether a line in a script is a mark of its tool's, which no other tool knows.
    fn is_mark(&self, line: &str) -> bool {
        let _ = line;
        false
    }
    /// Whether its tool runs migrations in the order of their versions as texts.
    fn versions_are_texts(&self) -> bool {
        false
    }
}

/// How well a folder fits a layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    /// Not at all.
    No,
    /// Its file names do, and other tools name their files so, too.
    Possible,
    /// It can hardly be another one.
    Sure,
}

/// What the reading of a folder depends on, beside its files.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Look into subfolders where the layout keeps all files in one.
    pub recursive: bool,
    /// Whether placeholders are replaced; none for what the layout's tool does.
    pub placeholders: Option<bool>,
    /// The values of placeholders.
    pub variables: BTreeMap<String, String>,
    /// The variables of the environment, for placeholders without a value.
    pub environment: BTreeMap<String, String>,
    /// The present moment, for placeholders that stand for it: `2026-11-21 09:30:00`.
    pub now: String,
    /// The database that the scripts are for, by its name here, where that is known: some tools keep scripts for several.
    pub database: Option<&'static str>,
    /// Whether several files may have one version: nobody can run them, but it can be said what is wrong with them.
    pub shared_versions: bool,
}

impl Options {
    /// The value of a placeholder.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.variables.get(name).or_else(|| self.environment.get(name)).map(String::as_str)
    }
}

/// What was read.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// The migrations; from [`read`], in the order in which they run.
    pub migrations: Vec<Migration>,
    /// What the reader should know.
    pub remarks: Vec<Remark>,
}

/// Something about a folder that is no reason to read no further.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// The file.
    pub path: PathBuf,
    /// The line in it, from 1.
    pub line: usize,
    /// What is odd about it, in a sentence without a full stop.
    pub message: String,
    /// How much it matters.
    pub weight: Weight,
}

/// How much a remark matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// Worth a line for whoever asks.
    Note,
    /// Worth a line for everybody.
    Warning,
    /// What there is can be linted, but must not be run: a migration is missing from it.
    Incomplete,
}

/// The layout of this name, or of the tool of this name.
pub fn find(name: &str) -> Option<&'static dyn Layout> {
    let name = if ["golang-migrate", "sqlx"].contains(&name) { pairs::PAIRS.name() } else { name };
    ALL.iter().find(|layout| layout.name() == name).copied()
}

/// Reads folders as one set of migrations; those without a layout of their own are recognised.
///
/// # Errors
///
/// When a folder cannot be read or recognised, or a version is used twice.
pub fn read(folders: &[PathBuf], layout: Option<&dyn Layout>, options: &Options) -> Result<Source, Error> {
    let open = |root: &PathBuf| Folder::open(root, options.recursive);
    read_folders(&folders.iter().map(open).collect::<Result<Vec<_>, _>>()?, layout, options)
}

/// As [`read`], of folders that are open.
///
/// # Errors
///
/// As there.
pub fn read_folders(folders: &[Folder], layout: Option<&dyn Layout>, options: &Options) -> Result<Source, Error> {
    let mut all = Source::default();
    for folder in folders {
        folder.read_ahead();
        let layout = match layout {
            Some(layout) => layout,
            None => detect(folder)?,
        };
        let mut read = layout.read(folder, options)?;
        if options.placeholders == Some(true) && !layout.replaces_placeholders() {
            read.fill(options)?;
        }
        let scripts = read.migrations.iter_mut().flat_map(|one| std::iter::once(&mut one.up).chain(&mut one.down));
        scripts.map(Arc::make_mut).for_each(|script| {
            script.way_outside = layout.way_outside();
            script.own_session = layout.gives_sessions();
        });
        all.migrations.extend(read.migrations);
        all.remarks.extend(read.remarks);
    }
    all.in_order(options.shared_versions)
}

/// A file by itself, as a script without history.
///
/// # Errors
///
/// When it cannot be read, or is no text.
pub fn lone(path: &Path) -> Result<Script, Error> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let text = Folder::open(parent, false)?.text(&name)?;
    Ok(Script::file(path, text))
}

/// The layout that a folder has. A folder without SQL is ours.
///
/// # Errors
///
/// When several layouts would read it, or none.
pub fn detect(folder: &Folder) -> Result<&'static dyn Layout, Error> {
    let fits: Vec<_> = ALL.iter().map(|layout| (*layout, layout.recognises(folder))).collect();
    let best = fits.iter().map(|(_, fit)| *fit).max().filter(|fit| *fit != Fit::No);
    let fitting: Vec<_> = fits.into_iter().filter(|(_, fit)| Some(*fit) == best).map(|(layout, _)| layout).collect();
    match fitting[..] {
        [layout] => Ok(layout),
        [] => match folder.flat().find(|entry| entry.is_sql()) {
            Some(entry) => Err(Error::NoLayout { path: folder.path(&entry.path) }),
            None => Ok(&pairs::PAIRS),
        },
        _ => Err(Error::Ambiguous {
            folder: folder.root().to_owned(),
            names: fitting.iter().map(|layout| layout.name()).collect(),
        }),
    }
}

impl Source {
    /// Whether migrations are missing from it, because they are no SQL.
    pub fn has_gaps(&self) -> bool {
        self.remarks.iter().any(|remark| remark.weight == Weight::Incomplete)
    }

    /// The same, in the order in which the migrations run.
    fn in_order(mut self, shared_versions: bool) -> Result<Self, Error> {
        self.migrations.sort_by(|a, b| a.id.order(&b.id));
        let mut seen: HashMap<&Id, &Migration> = HashMap::default();
        for other in &self.migrations {
            let Some(one) = seen.insert(&other.id, other) else { continue };
            let (first, second) = (one.up.path.clone(), other.up.path.clone());
            if shared_versions && one.id.version().is_some() && first != second {
                continue;
            }
            return Err(match &one.id {
                Id::Version(version) => Error::DuplicateVersion { version: version.clone(), first, second },
                id => Error::DuplicateName { name: id.to_string(), first, second },
            });
        }
        Ok(self)
    }

    /// Puts values in the place of placeholders in every script. What runs again whenever it changed, changes with them.
    fn fill(&mut self, options: &Options) -> Result<(), Error> {
        let value = |name: &str| options.value(name).map(str::to_owned);
        for migration in &mut self.migrations {
            let repeats = migration.repeats().is_some();
            for script in [Some(&mut migration.up), migration.down.as_mut()].into_iter().flatten() {
                let script = Arc::make_mut(script);
                let whole = Span::new(0, script.text.len());
                variables::fill(script, &[whole], Form::Braces, &value)?;
                if repeats {
                    script.checksum = Checksum::of(&script.text);
                }
            }
        }
        Ok(())
    }

    /// Remarks on scripts that hold no statement.
    fn remark_blanks(&mut self) {
        for migration in &self.migrations {
            let mut remark = |script: &crate::migration::Script, message: &str| {
                if blank::is_blank(&script.text) {
                    self.remarks.push(Remark::note(&script.path, script.first_line, message));
                }
            };
            remark(&migration.up, "the script has no statement; applying it does nothing");
            if let Some(down) = &migration.down {
                remark(down, "the script has no statement; going down undoes nothing");
            }
        }
    }
}

impl Remark {
    fn note(path: impl Into<PathBuf>, line: usize, message: impl Into<String>) -> Self {
        Remark { path: path.into(), line, message: message.into(), weight: Weight::Note }
    }
}

#[cfg(test)]
mod tests {
    use super::testing::{error, error_in, folder, outline, read_files};
    use super::*;

    #[test]
    fn every_layout_is_named_once_and_has_its_file() {
        let listed = include_str!("mod.rs");
        for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/layouts")).unwrap() {
            let path = entry.unwrap().path();
            let module = path.file_stem().unwrap().to_str().unwrap();
            let file = if path.is_dir() { path.join("mod.rs") } else { path.clone() };
            if module != "mod" && std::fs::read_to_string(file).unwrap().contains("impl Layout for ") {
                assert!(listed.contains(&format!("&{module}::")), "`{module}` has a layout that is not in ALL");
            }
        }
        for layout in ALL {
            assert!(std::ptr::addr_eq(find(layout.name()).unwrap(), *layout), "`{}` is there twice", layout.name());
        }
    }

    #[test]
    fn several_folders_are_one_set_of_migrations() {
        let core = folder(&[("1_a.sql", "select 1;"), ("3_c.sql", "select 3;")]);
        let billing = folder(&[("2_b.sql", "select 2;")]);
        let both = [core.path().to_owned(), billing.path().to_owned()];
        let source = read(&both, None, &Options::default()).unwrap();
        assert_eq!(outline(&source), ["1 a | 1_a.sql | -", "2 b | 2_b.sql | -", "3 c | 3_c.sql | -"]);

        let again = folder(&[("3_d.sql", "select 4;")]);
        let clash = [core.path().to_owned(), again.path().to_owned()];
        let error = read(&clash, None, &Options::default()).unwrap_err().to_string();
        assert!(error.contains("version 3 is used twice: `") && error.contains("3_d.sql`"), "{error}");
        let both = read(&clash, None, &Options { shared_versions: true, ..Options::default() }).unwrap();
        assert_eq!(outline(&both), ["1 a | 1_a.sql | -", "3 c | 3_c.sql | -", "3 d | 3_d.sql | -"]);
    }

    #[test]
    fn folders_of_no_layout_say_so_and_empty_ones_are_ours() {
        assert_eq!(
            error(&[("users.sql", "select 1;")]),
            "`users.sql` is named as no known tool names migrations; call it `0001_users.sql`, or name the layout with `--layout`"
        );
        assert_eq!(read_files(&[("README.md", "")]).migrations.len(), 0);
        let file = folder(&[("0001_a.sql/x", "")]);
        assert_eq!(error_in(&file), "`0001_a.sql` is a folder, though it is named like a migration's file");
    }

    #[test]
    fn ten_thousand_files_are_no_matter() {
        let names: Vec<String> = (0..10_000).map(|number| format!("{number:05}_change.sql")).collect();
        let files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "select 1;")).collect();
        let folder = folder(&files);
        let source = testing::source(&folder).unwrap();
        assert_eq!(source.migrations.len(), 10_000);
        assert_eq!(source.migrations[9_999].id.to_string(), "09999");
    }
}
