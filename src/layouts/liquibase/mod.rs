//! Liquibase: changesets known by file, id and author, in formatted SQL, in the order in which the changelog has them.

mod changeset;
mod expression;
mod formatted;
mod properties;

use super::{Entry, Error, Fit, Folder, Layout, NewFile, Options, Remark, Source};
use crate::migration::{Id, Migration, Version};
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
        "Liquibase: changesets in formatted SQL, `--changeset author:id`"
    }

    fn recognises(&self, folder: &Folder) -> Fit {
        if formatted_files(folder).next().is_some() { Fit::Sure } else { Fit::No }
    }

    fn claims(&self, _: &str) -> bool {
        false
    }

    fn read(&self, folder: &Folder, options: &Options) -> Result<Source, Error> {
        let mut source = Source::default();
        let (mut properties, filter) = (Properties::given(options), Filter::given(options));
        let mut changesets: Vec<Changeset> = Vec::new();
        for entry in folder.flat().filter(|entry| entry.is_sql()) {
            if !formatted::is_formatted(&folder.text(&entry.path)?) {
                let message = "does not begin with `--liquibase formatted sql` and is not read";
                source.remarks.push(Remark::note(folder.path(&entry.path), 1, message));
                continue;
            }
            let read =
                formatted::read(folder, &entry.path, &entry.path, &mut properties, &filter, &mut source.remarks)?;
            changesets.extend(read);
        }
        finish(folder, &changesets, &filter, &mut source)?;
        source.remark_blanks();
        Ok(source)
    }

    fn next_id(&self, existing: &[Migration], _: &Version, name: &str) -> Id {
        let used = |id: &str| existing.iter().any(|migration| migration.name == id);
        let free = (2..).map(|number| format!("{name}_{number}")).find(|id| !used(id));
        Id::Named(if used(name) { free.unwrap_or_default() } else { name.to_owned() })
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

fn formatted_files(folder: &Folder) -> impl Iterator<Item = &Entry> {
    let is_formatted =
        |entry: &&Entry| entry.is_sql() && folder.text(&entry.path).is_ok_and(|text| formatted::is_formatted(&text));
    folder.flat().filter(is_formatted)
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
