//! Liquibase: changesets known by file, id and author, in the order in which the changelog has them.
//!
//! They stand in formatted SQL, or in XML, YAML or JSON where their changes are `sql` and `sqlFile`. A root changelog says
//! which files there are; without one, all formatted SQL of the folder is read, by name.

mod changelog;
mod changeset;
mod expression;
mod formatted;
mod properties;
mod tree;

use std::collections::HashMap;

use super::{Entry, Error, Fit, Folder, Layout, NewFile, Options, Remark, Source};
use crate::migration::{Id, Migration, Version};
use changelog::Changelogs;
use changeset::Changeset;
use properties::{Filter, Properties};

/// Changelogs of Liquibase.
pub static LIQUIBASE: Liquibase = Liquibase;

/// See [`LIQUIBASE`].
pub struct Liquibase;

impl Layout for Liquibase {
    fn name(&self) -> &'static str {
        "liquibase"
    }

    fn about(&self) -> &'static str {
        "Liquibase: changesets in formatted SQL, or as SQL in XML, YAML or JSON"
    }

    fn recognises(&self, folder: &Folder) -> Fit {
        if formatted_files(folder).next().is_some() || changelog::has_root(folder) { Fit::Sure } else { Fit::No }
    }

    fn claims(&self, _: &str) -> bool {
        false
    }

    fn read(&self, folder: &Folder, options: &Options) -> Result<Source, Error> {
        let mut source = Source::default();
        let filter = Filter::given(options);
        let Changelogs { roots, others } = match options.variables.get("liquibase.changelog") {
            Some(root) => Changelogs { roots: vec![root.clone()], others: Vec::new() },
            None => changelog::changelogs(folder)?,
        };
        if let [one, other, ..] = &roots[..] {
            let message = format!(
                "is a changelog that no other includes, and so is `{other}`; say which with `--var liquibase.changelog={one}`"
            );
            return Err(Error::Malformed { path: folder.path(one), line: 1, message });
        }
        let mut reader = changelog::Reader {
            folder,
            filter: &filter,
            properties: Properties::given(options),
            remarks: &mut source.remarks,
            changesets: Vec::new(),
            within: Vec::new(),
            done: HashMap::new(),
            seen: changelog::Seen::default(),
        };
        if let Some(root) = roots.first() {
            reader.read(root, root)?;
        } else if others.is_empty() {
            read_all(&mut reader)?;
        }
        if let Some(unread) = others.iter().find(|one| !reader.done.contains_key(*one)) {
            let message = "includes itself, or is included by a changelog that it includes".to_owned();
            return Err(Error::Malformed { path: folder.path(unread), line: 1, message });
        }
        let changesets = reader.changesets;
        finish(folder, &changesets, &filter, &mut source)?;
        source.remark_blanks();
        Ok(source)
    }

    fn next_id(&self, existing: &[Migration], _: &Version, name: &str) -> Id {
        let used = |id: &str| existing.iter().any(|migration| migration.name == id);
        let free = (2..).map(|number| format!("{name}_{number}")).find(|id| !used(id));
        Id::Named(if used(name) { free.unwrap_or_default() } else { name.to_owned() })
    }

    fn way_outside(&self) -> &'static str {
        "write `runInTransaction:false` into the line of its changeset"
    }

    fn new_files(&self, folder: &Folder, id: &Id, _: &str) -> Option<Vec<NewFile>> {
        let Id::Named(id) = id else { return None };
        let last = formatted_files(folder).last()?;
        let text = folder.text(&last.path).ok()?;
        // Where each file has one changeset the new one has a file of its own, otherwise it goes to the end of the last.
        let alone = folder.flat().filter(|entry| entry.is_sql()).count() > 1;
        let changeset = format!("--changeset migrate:{id}\n\n--rollback not required\n");
        if !alone {
            let gap = if text.ends_with('\n') { "\n" } else { "\n\n" };
            return Some(vec![NewFile {
                write: super::Write::Append,
                ..NewFile::create(folder.path(&last.path), gap.to_owned() + &changeset)
            }]);
        }
        let name = super::new::beside(&last.path, id);
        Some(vec![NewFile::create(folder.path(&name), format!("--liquibase formatted sql\n\n{changeset}"))])
    }
}

/// Reads all formatted SQL of the folder, by name.
fn read_all(reader: &mut changelog::Reader<'_>) -> Result<(), Error> {
    let folder = reader.folder;
    for entry in folder.flat().filter(|entry| entry.is_sql()) {
        if formatted::is_formatted(&folder.text(&entry.path)?) {
            reader.read(&entry.path, &entry.path)?;
        } else {
            let message = "does not begin with `--liquibase formatted sql` and is not read";
            reader.remarks.push(Remark::note(folder.path(&entry.path), 1, message));
        }
    }
    Ok(())
}

fn formatted_files(folder: &Folder) -> impl Iterator<Item = &Entry> {
    folder.commented().filter(|(_, text)| formatted::is_formatted(text)).map(|(entry, _)| entry)
}

/// The migrations of those changesets that are meant for where they are read.
fn finish(folder: &Folder, changesets: &[Changeset], filter: &Filter, source: &mut Source) -> Result<(), Error> {
    for changeset in changesets {
        let passes = filter.passes(&changeset.context, &changeset.labels, &changeset.dbms);
        if changeset.ignore || !passes {
            let message = format!(
                "the changeset `{}:{}` is left out: {}",
                changeset.author,
                changeset.id,
                if changeset.ignore {
                    "it says `ignore:true`"
                } else {
                    "it is for other contexts, labels or databases"
                }
            );
            source.remarks.push(Remark::note(folder.path(&changeset.file), changeset.line, message));
            continue;
        }
        source.migrations.push(changeset.migration(folder, changesets)?);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
