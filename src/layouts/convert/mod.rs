//! A folder of migrations in another layout: names and directives in the other tool's words, the statements as they are.
//!
//! Each layout writes one migration at a time, and says why where its tool has no word for what the migration asks.
//! Nothing is written before every migration has its files and what the new layout reads in them was compared with
//! what was read before.

mod draft;
mod error;
mod place;
mod proof;

use std::collections::BTreeMap;
use std::path::PathBuf;

pub use draft::{Body, Draft};
pub use error::ConvertError;

use super::variables::{self, Form};
use super::{ALL, Error, Folder, Layout, Options, Remark, Source, Weight, detect, read_folders, slug};
use crate::databases::Dialect;
use crate::migration::{Checksum, Directive, Id, Migration, Repeat, Script};

/// What is to be converted.
#[derive(Clone, Copy)]
pub struct Conversion<'f> {
    /// The folder.
    pub folder: &'f Folder,
    /// How it is laid out.
    pub from: &'f dyn Layout,
    /// How the new one is to be.
    pub to: &'f dyn Layout,
    /// How folders are read.
    pub options: &'f Options,
    /// The rules by which scripts are cut into statements.
    pub dialect: &'f dyn Dialect,
    /// Whether migrations that are known by names are numbered in their order.
    pub number: bool,
}

/// A folder in another layout, not written yet.
#[derive(Clone, Debug)]
pub struct Converted {
    /// The layout it was read in.
    pub from: &'static str,
    /// The layout it is in now.
    pub to: &'static str,
    /// The files' paths in the folder, and their texts.
    pub files: BTreeMap<String, String>,
    /// How many migrations there are.
    pub migrations: usize,
    /// How many statements they have, in both directions.
    pub statements: usize,
    /// Whether the new folder is recognised without being told its layout.
    pub recognised: bool,
    /// What is not read in the folder, and so not converted.
    pub remarks: Vec<Remark>,
    drafts: Vec<Draft>,
}

impl Conversion<'_> {
    /// The folder in its new layout, in memory, compared with the old one.
    ///
    /// # Errors
    ///
    /// When the old one cannot be read, the new layout cannot have what it holds, or the two are not the same.
    pub fn convert(&self) -> Result<Converted, ConvertError> {
        if std::ptr::addr_eq(self.from, self.to) {
            return Err(ConvertError::Same { layout: self.to.name() });
        }
        let (raw, meant) = (self.read(self.folder, self.from, false)?, self.read(self.folder, self.from, true)?);
        if raw.migrations.is_empty() {
            return Err(ConvertError::Empty { path: self.folder.root().to_owned() });
        }
        let drafts = self.drafts(&raw, &meant)?;
        let files = self.files(&drafts)?;
        let written = self.folder.revised(files.iter().map(|(path, text)| (path.clone(), Some(text.clone()))));
        let statements = self.prove(&drafts, &written)?;
        let recognised = detect(&written).is_ok_and(|layout| std::ptr::addr_eq(layout, self.to));
        let (from, to) = (self.from.name(), self.to.name());
        Ok(Converted {
            from,
            to,
            migrations: drafts.len(),
            files,
            statements,
            recognised,
            remarks: raw.remarks,
            drafts,
        })
    }

    /// Writes what was converted where there is nothing yet, or an empty folder: into a folder beside it, which is read
    /// and compared once more before it takes its place.
    ///
    /// # Errors
    ///
    /// When something is there, or the file system says no; then nothing remains.
    pub fn write(&self, converted: &Converted, target: &std::path::Path) -> Result<Vec<PathBuf>, ConvertError> {
        let beside = place::Beside::create(target)?;
        beside.fill(&converted.files)?;
        let written = Folder::open(beside.path(), self.options.recursive)?;
        self.prove(&converted.drafts, &written)?;
        beside.take_place(target)?;
        Ok(converted.files.keys().map(|path| target.join(path)).collect())
    }

    /// What a folder holds: as its files have it, or with something in the place of each placeholder.
    fn read(&self, folder: &Folder, layout: &dyn Layout, meant: bool) -> Result<Source, Error> {
        let literal = Options { placeholders: Some(false), ..self.options.clone() };
        let read = |options: &Options| read_folders(std::slice::from_ref(folder), Some(layout), options);
        let raw = read(&literal)?;
        if !meant {
            return Ok(raw);
        }
        // What the values are does not matter here; that the same are replaced does.
        let mut options = self.options.clone();
        for migration in &raw.migrations {
            for script in [Some(&migration.up), migration.down.as_ref()].into_iter().flatten() {
                for name in variables::names(script, Form::Braces) {
                    options.variables.insert(name.clone(), format!("value of {name}"));
                }
            }
        }
        read(&options)
    }

    /// The migrations as the new layout is to have them.
    fn drafts(&self, raw: &Source, meant: &Source) -> Result<Vec<Draft>, ConvertError> {
        let missing = raw.remarks.iter().filter(|remark| remark.weight == Weight::Incomplete);
        let mut refused: Vec<(String, String)> =
            missing.map(|remark| (remark.path.display().to_string(), remark.message.clone())).collect();
        let width = match self.to.versions_are_texts() {
            true => raw.migrations.iter().filter_map(|one| one.id.version()).map(|one| one.as_str().len()).max(),
            false => None,
        };
        let named = raw.migrations.iter().filter(|one| matches!(one.id, Id::Named(_))).count();
        let mut drafts = Vec::new();
        for (place, (migration, meant)) in raw.migrations.iter().zip(&meant.migrations).enumerate() {
            let id = match &migration.id {
                Id::Version(version) => {
                    let padded = format!("{:0>width$}", version.as_str(), width = width.unwrap_or(0));
                    padded.parse().map(Id::Version).unwrap_or_else(|_| migration.id.clone())
                }
                Id::Named(_) if self.number && named == raw.migrations.len() => {
                    Id::Version(format!("{:04}", place + 1).parse().unwrap_or_else(|_| unreachable!("digits")))
                }
                id => id.clone(),
            };
            match self.draft(migration, meant, id) {
                Ok(draft) => drafts.push(draft),
                Err(why) => refused.push((migration.title(), why)),
            }
        }
        if refused.is_empty() { Ok(drafts) } else { Err(ConvertError::Refused { to: self.to.name(), refused }) }
    }

    fn draft(&self, migration: &Migration, meant: &Migration, id: Id) -> Result<Draft, String> {
        let tool = self.to.name();
        // Liquibase's scripts are put together, and their checksums are of the parts.
        let filled = |script: &Script| script.checksum != Checksum::of_bytes(script.text.as_bytes());
        let mut scripts = std::iter::once(&migration.up).chain(&migration.down);
        if !matches!(migration.id, Id::Named(_)) && scripts.any(|script| filled(script)) {
            return Err(format!("`{}` puts values into it that would stay in the text", self.from.name()));
        }
        for (_, directive) in &migration.up.conventions {
            match directive {
                Directive::Precondition(_) => {
                    return Err("it has a precondition, which only Liquibase knows".to_owned());
                }
                Directive::Repeat(Repeat::Always) => {
                    return Err(format!("it runs every time, which `{tool}` has no word for"));
                }
                Directive::Repeat(Repeat::OnChange) if !id.is_repeatable() => {
                    return Err(format!(
                        "it runs again in its place whenever it changes, which `{tool}` has no word for"
                    ));
                }
                _ => {}
            }
        }
        let name = match (&migration.id, &id) {
            (Id::Named(name), Id::Version(_)) => slug(name),
            (Id::Named(_), _) => {
                return Err(
                    "it is known by its name and not by a number; `--number` numbers such migrations in their \
                            order, and a database that has them knows them no more"
                        .to_owned(),
                );
            }
            _ => migration.name.clone(),
        };
        let part = |raw, meant| Body::of(self, raw, meant);
        let down = match (&migration.down, &meant.down) {
            (Some(raw), Some(meant)) => Some(part(raw, meant)?),
            _ => None,
        };
        Ok(Draft { id, name, up: part(&migration.up, &meant.up)?, down })
    }

    fn files(&self, drafts: &[Draft]) -> Result<BTreeMap<String, String>, ConvertError> {
        let mut files: BTreeMap<String, String> = self.to.written_beside(self.dialect.name()).into_iter().collect();
        let mut refused = Vec::new();
        for draft in drafts {
            match self.to.written(draft) {
                Some(Ok(written)) => {
                    for (path, text) in written {
                        if files.insert(path.clone(), text).is_some() {
                            refused.push((draft.title(), format!("another migration has the file `{path}`, too")));
                        }
                    }
                }
                Some(Err(why)) => refused.push((draft.title(), why)),
                None => return Err(ConvertError::NotWritten { layout: self.to.name() }),
            }
        }
        if refused.is_empty() { Ok(files) } else { Err(ConvertError::Refused { to: self.to.name(), refused }) }
    }
}

/// The names of the layouts that folders can be converted to.
pub fn targets() -> Vec<&'static str> {
    let draft = Draft::sample();
    ALL.iter().filter(|layout| layout.written(&draft).is_some()).map(|layout| layout.name()).collect()
}
