//! `lint --fix` and `--diff`: what fixes make of files.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use coexist::layouts::{self, Folder, NewFile, Options, Rewritten, Write};
use coexist::lint::{Edit, Judgement, Mended, Side, Subject};
use coexist::migration::{Migration, Script};
use coexist::report::unified;

use crate::cli::exit::Failure;
use crate::cli::new;
use crate::cli::settings::Surroundings;

/// Everything that fixes change.
pub struct Changes {
    rewritten: BTreeMap<PathBuf, Rewritten>,
    new: Vec<NewFile>,
}

/// Mends the migrations of a subject, and says what that makes of their files.
pub fn mend(
    subject: &Subject,
    judge: &dyn Fn(&[Migration]) -> Judgement,
    surroundings: &Surroundings,
) -> Result<(Mended, Changes), Failure> {
    let folders = surroundings.open().unwrap_or_default();
    // A file that lies in no folder of migrations has none to follow it.
    let has_place = |migration: &Migration| folders.iter().any(|folder| folder.relative(&migration.up.path).is_some());
    let placed: Vec<bool> = subject.migrations.iter().map(has_place).collect();
    let judge = |migrations: &[Migration]| {
        let mut judgement = judge(migrations);
        for finding in &mut judgement.findings {
            let stays = finding.fix.as_ref().is_none_or(|fix| fix.following.is_empty());
            if !stays && !placed.get(finding.migration).copied().unwrap_or(true) {
                finding.fix = None;
            }
        }
        judgement
    };
    let mut mended = coexist::lint::mend(&subject.migrations, &judge);
    let rewritten = rewritten(&mended, subject)?;
    let new = following(&mut mended, subject, &folders, &rewritten, surroundings)?;
    Ok((mended, Changes { rewritten, new }))
}

fn wrong(error: layouts::Error) -> Failure {
    Failure::usage(error.to_string(), Some("nothing was written".to_owned()))
}

/// The files whose scripts are edited.
fn rewritten(mended: &Mended, subject: &Subject) -> Result<BTreeMap<PathBuf, Rewritten>, Failure> {
    let mut edited: BTreeMap<PathBuf, Vec<(&Script, &[Edit])>> = BTreeMap::new();
    for ((number, side), edits) in &mended.edits {
        let migration = &subject.migrations[*number];
        let script = match (side, &migration.down) {
            (Side::Down, Some(down)) => down,
            _ => &migration.up,
        };
        edited.entry(script.path.clone()).or_default().push((script, edits));
    }
    let rewrite = |(path, scripts): (PathBuf, Vec<(&Script, &[Edit])>)| {
        let rewritten = layouts::rewrite(&path, &scripts)?;
        Ok((path, rewritten))
    };
    edited.into_iter().map(rewrite).collect::<Result<_, layouts::Error>>().map_err(wrong)
}

/// The files of the migrations that follow, each in the folder of the one that it follows, by the folder's layout. What
/// is to be written is read back first, so that no layout gets files that it would understand otherwise.
fn following(
    mended: &mut Mended,
    subject: &Subject,
    folders: &[Folder],
    rewritten: &BTreeMap<PathBuf, Rewritten>,
    surroundings: &Surroundings,
) -> Result<Vec<NewFile>, Failure> {
    let options = Options { placeholders: Some(false), shared_versions: true, ..surroundings.options()? };
    let mut existing = if mended.following.is_empty() {
        Vec::new()
    } else {
        layouts::read_folders(folders, surroundings.layout()?, &options).map_err(wrong)?.migrations
    };
    let given = subject.migrations.len();
    let mut new = Vec::new();
    for (at, migration) in mended.following.iter().enumerate() {
        let path = &subject.migrations[migration.after].up.path;
        let Some(folder) = folders.iter().find(|folder| folder.relative(path).is_some()) else { continue };
        let layout = match surroundings.layout()? {
            Some(layout) => layout,
            None => layouts::detect(folder).map_err(wrong)?,
        };
        let no_place = || wrong(layouts::Error::NoPlace { layout: layout.name(), name: migration.name.clone() });
        let id = layout.next_id(&existing, &new::now(), &migration.name);
        let files = layout.new_files(folder, &id, &migration.name).ok_or_else(no_place)?;
        let files = layouts::filled(files, &migration.up, &migration.down);
        let edited = rewritten.iter().map(|(path, file)| (path.as_path(), &file.after));
        let trial = with(folder, edited.chain(files.iter().map(|file| (file.path.as_path(), &file.text))));
        let read = layout.read(&trial, &options).map_err(wrong)?.migrations;
        let written = read.into_iter().find(|one| one.id == id).ok_or_else(no_place)?;
        if written.up.text.trim() != migration.up.trim() || files.iter().any(|file| file.write != Write::Create) {
            return Err(no_place());
        }
        let judged = &mut mended.migrations[given + at];
        judged.id = id;
        Arc::make_mut(&mut judged.up).path.clone_from(&written.up.path);
        if let (Some(down), Some(written)) = (&mut judged.down, &written.down) {
            Arc::make_mut(down).path.clone_from(&written.path);
        }
        existing.push(written);
        new.extend(files);
    }
    Ok(new)
}

/// The folder as it will be with these texts in its files.
fn with<'t>(folder: &Folder, texts: impl Iterator<Item = (&'t Path, &'t String)>) -> Folder {
    let is_file = |entry: &&layouts::Entry| matches!(entry.kind, layouts::Kind::File | layouts::Kind::Link);
    let mut files: BTreeMap<String, Option<String>> =
        folder.entries().iter().filter(is_file).map(|entry| (entry.path.clone(), None)).collect();
    for (path, text) in texts {
        // A folder of its own, which some layouts give each migration, is still to be made.
        let new = || Some(path.strip_prefix(folder.root()).ok()?.to_str()?.to_owned());
        if let Some(relative) = folder.relative(path).or_else(new) {
            files.insert(relative, Some(text.clone()));
        }
    }
    folder.revised(files)
}

impl Changes {
    /// How many files are changed and how many are new.
    pub fn counts(&self) -> (usize, usize) {
        (self.rewritten.len(), self.new.len())
    }

    /// What would be written, as a patch.
    pub fn patch(&self) -> String {
        let rewritten = self.rewritten.iter().map(|(path, file)| unified(path, Some(&file.before), &file.after));
        let new = self.new.iter().map(|file| unified(&file.path, None, &file.text));
        rewritten.chain(new).collect()
    }

    /// Writes everything: first the new files, so that nothing is missing when that fails.
    pub fn write(&self) -> Result<(), Failure> {
        let mut created = Vec::new();
        for file in &self.new {
            if let Err(error) = new::write(file) {
                // What was written so far would run twice with what is still in the old files.
                created.iter().for_each(|path: &&PathBuf| drop(std::fs::remove_file(path)));
                return Err(cannot(&error, &file.path));
            }
            created.push(&file.path);
        }
        for (path, file) in &self.rewritten {
            replace(path, &file.after).map_err(|error| cannot(&error, path))?;
        }
        Ok(())
    }
}

fn cannot(error: &io::Error, path: &Path) -> Failure {
    Failure::unwritten(path, error)
}

/// Puts another text into a file, all of it or nothing.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let real = std::fs::canonicalize(path)?;
    let beside = real.with_extension("sql.migrate-new");
    std::fs::write(&beside, text)?;
    let replaced = std::fs::metadata(&real)
        .and_then(|about| std::fs::set_permissions(&beside, about.permissions()))
        .and_then(|()| std::fs::rename(&beside, &real));
    if replaced.is_err() {
        drop(std::fs::remove_file(&beside));
    }
    replaced
}
