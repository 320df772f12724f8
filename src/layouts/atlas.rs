//! Atlas: `20240101120000_add_phone.sql`, watched over by `atlas.sum`.
//!
//! The hash of each file in `atlas.sum` is that of everything up to it, so that two branches that both add a file meet in
//! a conflict. Whoever edits a file says so with `atlas migrate hash`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::delimiter::with_semicolons;
use super::new::stem;
use super::{Entry, Error, Fit, Folder, Layout, NewFile, Options, Remark, Source, Write};
use crate::migration::{Directive, Id, Migration, OuterTransaction, Script, Version};
use crate::sql::Span;

/// Folders of Atlas.
pub static ATLAS: Atlas = Atlas;

/// See [`ATLAS`].
pub struct Atlas;

const SUM: &str = "atlas.sum";
const MARK: &str = "-- atlas:";

impl Layout for Atlas {
    fn name(&self) -> &'static str {
        "atlas"
    }

    fn about(&self) -> &'static str {
        "Atlas: `<version>_<name>.sql` with `atlas.sum`"
    }

    fn recognises(&self, folder: &Folder) -> Fit {
        // Atlas keeps sums of other tools' folders, too; what is named in pairs is read as pairs.
        let in_pairs = folder.direct().any(|entry| entry.path.ends_with(".up.sql"));
        let marked = || folder.find(SUM).is_some() || folder.any_comment(|line| line.starts_with(MARK));
        if !in_pairs && marked() { Fit::Sure } else { Fit::No }
    }

    fn claims(&self, _: &str) -> bool {
        false
    }

    fn read(&self, folder: &Folder, _: &Options) -> Result<Source, Error> {
        let mut source = Source::default();
        let hashes = hashes(folder)?;
        // What stands there may be no file, but is not overlooked.
        if folder.find(SUM).is_some() {
            verify(folder, &hashes)?;
        }
        let mut migrations = Vec::new();
        for entry in files(folder) {
            let Some((version, name)) = parse(entry.file_name()) else {
                return Err(Error::NotNamed {
                    path: folder.path(&entry.path),
                    layout: self.name(),
                    form: "`<version>_<name>.sql`",
                    reader: None,
                });
            };
            let file = File::read(folder, entry, &mut source.remarks)?;
            let mut up = file.up;
            let hash = hashes.iter().find(|(name, _)| *name == entry.path);
            up.tool_checksums = hash.iter().flat_map(|(_, hash)| [hash.clone(), format!("h1:{hash}")]).collect();
            let migration = Migration::new(Id::Version(version), name, up, file.down);
            migrations.push((migration, file.is_checkpoint));
        }
        migrations.sort_by(|(a, _), (b, _)| a.id.cmp(&b.id));
        for (at, (migration, is_checkpoint)) in migrations.into_iter().enumerate() {
            // What it sums up is here file by file, and leads to the same schema.
            if is_checkpoint && at > 0 {
                let message = "is a checkpoint; the files that it sums up are run instead";
                source.remarks.push(Remark::note(&migration.up.path, 1, message));
                continue;
            }
            source.migrations.push(migration);
        }
        source.remark_blanks();
        Ok(source)
    }

    fn way_outside(&self) -> &'static str {
        "write `-- atlas:txmode none` and an empty line at the top"
    }

    fn new_files(&self, folder: &Folder, id: &Id, name: &str) -> Option<Vec<NewFile>> {
        id.version()?;
        let file = format!("{}.sql", stem(id, name));
        let mut new = vec![NewFile::create(folder.path(&file), "")];
        if folder.has(SUM) {
            let mut listed: Vec<(String, std::sync::Arc<str>)> = Vec::new();
            for entry in files(folder) {
                listed.push((entry.path.clone(), folder.text(&entry.path).ok()?));
            }
            listed.push((file, "".into()));
            listed.sort();
            new.push(NewFile {
                write: Write::Replace,
                ..NewFile::create(folder.path(SUM), sum(&hashes_of(&listed, false)))
            });
        }
        Some(new)
    }
}

fn files(folder: &Folder) -> impl Iterator<Item = &Entry> {
    folder.direct().filter(|entry| entry.is_sql())
}

fn parse(file_name: &str) -> Option<(Version, &str)> {
    let stem = file_name.strip_suffix(".sql")?;
    let (version, name) = stem.split_once('_').unwrap_or((stem, ""));
    Some((version.parse().ok()?, name))
}

/// Each file with the hash of everything up to it.
fn hashes(folder: &Folder) -> Result<Vec<(String, String)>, Error> {
    let mut listed = Vec::new();
    for entry in files(folder) {
        listed.push((entry.path.clone(), folder.text(&entry.path)?));
    }
    let hashes = hashes_of(&listed, false);
    // A checkout may have written other line ends than those that were hashed.
    let windows = hashes_of(&listed, true);
    let written = if folder.find(SUM).is_some() { folder.text(SUM)? } else { "".into() };
    Ok(if written.lines().next() == sum(&windows).lines().next() { windows } else { hashes })
}

fn hashes_of(files: &[(String, std::sync::Arc<str>)], carriage_returns: bool) -> Vec<(String, String)> {
    let mut all = Sha256::new();
    let mut hashes = Vec::new();
    for (name, text) in files {
        all.update(name.as_bytes());
        if text.lines().next().is_some_and(|line| line.contains("atlas:sum ignore")) {
            continue;
        }
        match carriage_returns {
            true => all.update(text.replace('\n', "\r\n").as_bytes()),
            false => all.update(text.as_bytes()),
        }
        hashes.push((name.clone(), STANDARD.encode(all.clone().finalize())));
    }
    hashes
}

/// The text of `atlas.sum`.
fn sum(hashes: &[(String, String)]) -> String {
    let mut all = Sha256::new();
    let mut lines = String::new();
    for (name, hash) in hashes {
        all.update(name.as_bytes());
        all.update(hash.as_bytes());
        lines += &format!("{name} h1:{hash}\n");
    }
    format!("h1:{}\n{lines}", STANDARD.encode(all.finalize()))
}

/// Compares the files with `atlas.sum`, and says where they part.
fn verify(folder: &Folder, hashes: &[(String, String)]) -> Result<(), Error> {
    let written = folder.text(SUM)?;
    if *written == *sum(hashes) {
        return Ok(());
    }
    let mut listed =
        written.lines().enumerate().skip(1).map(|(at, line)| (at + 1, line.rsplit_once(" h1:").unwrap_or((line, ""))));
    let wrong = |path: &str, line: usize, message: &str| Error::Malformed {
        path: folder.path(path),
        line,
        message: format!(
            "{message}; if that is meant, run `atlas migrate hash`, or remove `{SUM}` where migrate alone keeps watch"
        ),
    };
    for (name, hash) in hashes {
        match listed.next() {
            Some((_, (other, recorded))) if other == name && recorded == hash => {}
            Some((_, (other, _))) if other == name => {
                return Err(wrong(name, 1, &format!("was edited: `{SUM}` has another hash")));
            }
            Some((line, (other, _))) if other < name.as_str() => {
                return Err(wrong(SUM, line, &format!("lists `{other}`, which is not in the folder")));
            }
            _ => return Err(wrong(name, 1, &format!("is not listed in `{SUM}`"))),
        }
    }
    Err(match listed.next() {
        Some((line, (other, _))) => wrong(SUM, line, &format!("lists `{other}`, which is not in the folder")),
        None => wrong(SUM, 1, "does not fit the hashes that it lists"),
    })
}

/// What one file says.
struct File {
    up: Script,
    down: Option<Script>,
    is_checkpoint: bool,
}

impl File {
    fn read(folder: &Folder, entry: &Entry, remarks: &mut Vec<Remark>) -> Result<Self, Error> {
        let text = folder.text(&entry.path)?;
        let path = folder.path(&entry.path);
        let header = || text.lines().take_while(|line| line.starts_with("--") || line.starts_with('#'));
        let directive = |name: &str| {
            header().find_map(|line| {
                let words = line.strip_prefix(MARK)?.strip_prefix(name)?;
                (words.is_empty() || words.starts_with(' ')).then(|| words.trim())
            })
        };
        let first = text.lines().next().and_then(|line| line.strip_prefix("-- atlas:delimiter "));
        let delimiter = first.map(|words| words.replace("\\n", "\n").replace("\\t", "\t").replace("\\r", ""));
        let outside = match directive("txmode") {
            None | Some("file") => false,
            Some("none") => true,
            Some(mode) => {
                let message = format!("`txmode {mode}` is for all files; in a file it is `none` or `file`");
                return Err(Error::Malformed { path, line: 1, message });
            }
        };
        let script = |text: &str, first_line: usize| {
            let mut script = match &delimiter {
                // The directive's own line holds the delimiter, and is none.
                Some(delimiter) => {
                    let (head, body) = text.split_once('\n').unwrap_or((text, ""));
                    Script::section(&path, &format!("{head}\n{}", with_semicolons(body, delimiter)), first_line)
                }
                None => Script::section(&path, text, first_line),
            };
            script.outer_transaction = OuterTransaction::Taken;
            if outside {
                script.conventions.push((Span::new(0, 0), Directive::NoTransaction));
            }
            script
        };
        let is_checkpoint = directive("checkpoint").is_some();
        if directive("txtar").is_none() {
            return Ok(File { up: script(&text, 1), down: None, is_checkpoint });
        }
        let mut file = File { up: script("", 1), down: None, is_checkpoint };
        for (name, first_line, section) in sections(&text) {
            match name {
                "migration.sql" => file.up = script(&section, first_line),
                "down.sql" => file.down = Some(script(&section, first_line)),
                _ => remarks.push(Remark::note(&path, first_line, format!("the section `{name}` is not run"))),
            }
        }
        Ok(file)
    }
}

/// The sections of an archive, `-- name --` before each: name, first line and text.
fn sections(text: &str) -> Vec<(&str, usize, String)> {
    let mut sections: Vec<(&str, usize, String)> = Vec::new();
    for (at, line) in text.lines().enumerate() {
        match line.strip_prefix("-- ").and_then(|rest| rest.strip_suffix(" --")) {
            Some(name) if name.ends_with(".sql") => sections.push((name, at + 2, String::new())),
            _ => {
                if let Some((_, _, section)) = sections.last_mut() {
                    *section += line;
                    section.push('\n');
                }
            }
        }
    }
    sections
}

#[cfg(test)]
mod tests {
    use super::super::testing::{error, read_files};
    use super::*;

    fn written(files: &[(&str, &str)]) -> String {
        let files: Vec<_> = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).into())).collect();
        sum(&hashes_of(&files, false))
    }

    #[test]
    fn a_folder_that_does_not_fit_its_sum_is_refused() {
        let (a, b) = (("1_a.sql", "select 1;\n"), ("2_b.sql", "select 2;\n"));
        let good = written(&[a, b]);
        assert_eq!(read_files(&[a, b, (SUM, &good)]).migrations.len(), 2);
        let edited = error(&[a, ("2_b.sql", "select 3;\n"), (SUM, &good)]);
        assert!(
            edited.starts_with(
                "2_b.sql:1: was edited: `atlas.sum` has another hash; if that is meant, run `atlas migrate hash`"
            ),
            "{edited}"
        );
        let missing = error(&[a, (SUM, &good)]);
        assert!(missing.starts_with("atlas.sum:3: lists `2_b.sql`, which is not in the folder"), "{missing}");
        let added = error(&[a, b, ("3_c.sql", ""), (SUM, &good)]);
        assert!(added.starts_with("3_c.sql:1: is not listed in `atlas.sum`"), "{added}");
        let windows = hashes_of(&[("1_a.sql".to_owned(), "select 1;\n".into())], true);
        assert_eq!(read_files(&[a, (SUM, &sum(&windows))]).migrations.len(), 1);
    }

    #[test]
    fn a_sum_that_is_no_file_is_not_overlooked() {
        let refused = error(&[("1_a.sql", "select 1;\n"), ("atlas.sum/x", "")]);
        assert_eq!(refused, "`atlas.sum` is a folder, though it is named like a migration's file");
    }

    #[test]
    fn a_sum_beside_pairs_does_not_make_them_files_of_atlas() {
        let source = read_files(&[("1_a.up.sql", "select 1;"), ("1_a.down.sql", "select 2;"), (SUM, "h1:")]);
        assert!(source.migrations[0].down.is_some());
    }

    #[test]
    fn new_files_are_listed_in_the_sum() {
        let a = ("1_a.sql", "select 1;\n");
        let good = written(&[a]);
        let folder = super::super::testing::folder(&[a, (SUM, &good)]);
        let folder = Folder::open(folder.path(), false).unwrap();
        let new = ATLAS.new_files(&folder, &Id::Version("2".parse().unwrap()), "add phone").unwrap();
        assert_eq!(new[1].text, written(&[a, ("2_add_phone.sql", "")]));
        assert_eq!(new[1].write, Write::Replace);
    }
}
