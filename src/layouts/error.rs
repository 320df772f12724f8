//! What can be wrong with a folder of migrations.

use std::io;
use std::path::{Path, PathBuf};

use crate::migration::Version;

/// Why a folder cannot be read as migrations; nothing was run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file system said no.
    #[error("cannot read `{}`: {source}", path.display())]
    Unreadable {
        /// What was to be read.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file was given where a folder is wanted.
    #[error("`{}` is not a folder", path.display())]
    NotAFolder {
        /// What was given.
        path: PathBuf,
    },
    /// A folder stands where a file is wanted.
    #[error("`{}` is a folder, though it is named like a migration's file", path.display())]
    FolderForFile {
        /// The folder.
        path: PathBuf,
    },
    /// A folder in more folders than are looked into.
    #[error("`{}` lies more than {deepest} folders deep; move it up, or name it with `--dir`", path.display())]
    TooDeep {
        /// The folder.
        path: PathBuf,
        /// How deep folders may lie.
        deepest: usize,
    },
    /// A pipe, a socket or a device.
    #[error("`{}` is neither a file nor a folder", path.display())]
    Special {
        /// What it is called.
        path: PathBuf,
    },
    /// A symbolic link that leads out of the folder.
    #[error("`{}` is a symbolic link that leads out of the folder or nowhere; copy the file into the folder", path.display())]
    Outside {
        /// The link.
        path: PathBuf,
    },
    /// A name that cannot be stored in the history.
    #[error("`{}` holds a name that is not UTF-8: `{name}`", folder.display())]
    NameNotUtf8 {
        /// Where.
        folder: PathBuf,
        /// The name, as far as it can be shown.
        name: String,
    },
    /// A name with characters that cannot be seen.
    #[error("`{}` holds a name with control characters: `{name}`", folder.display())]
    NameNotPlain {
        /// Where.
        folder: PathBuf,
        /// The name, escaped.
        name: String,
    },
    /// Two names that some file systems take for one.
    #[error("`{}` and `{}` differ only in capitals; on macOS and Windows they are one file", first.display(), second.display())]
    SameButCapitals {
        /// The one.
        first: PathBuf,
        /// The other.
        second: PathBuf,
    },
    /// The file is no text in UTF-8.
    #[error("`{}` is not UTF-8 at byte {offset} on line {line}{hint}; save it as UTF-8", path.display())]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// The line of the first wrong byte.
        line: usize,
        /// The first wrong byte, from 0.
        offset: usize,
        /// What it may be instead.
        hint: &'static str,
    },
    /// A NUL byte, which no database takes.
    #[error("`{}` has a NUL byte at byte {offset} on line {line}", path.display())]
    Nul {
        /// The file.
        path: PathBuf,
        /// Its line.
        line: usize,
        /// Its place, from 0.
        offset: usize,
    },
    /// More than a migration should be.
    #[error("`{}` is larger than 64 MiB; load data by other means than a migration", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// Two files claim one version.
    #[error("version {version} is used twice: `{}` and `{}`; give the newer one a version of its own", first.display(), second.display())]
    DuplicateVersion {
        /// The version.
        version: Version,
        /// The one.
        first: PathBuf,
        /// The other.
        second: PathBuf,
    },
    /// Two migrations of one name.
    #[error("`{name}` is there twice: in `{}` and `{}`", first.display(), second.display())]
    DuplicateName {
        /// The name.
        name: String,
        /// The one.
        first: PathBuf,
        /// The other.
        second: PathBuf,
    },
    /// A down script without the up script that it undoes.
    #[error("`{}` undoes version {version}, but no file applies it; expected `{expected}`", path.display())]
    DownWithoutUp {
        /// The down script.
        path: PathBuf,
        /// Its version.
        version: Version,
        /// What the up script would be called.
        expected: String,
    },
    /// A file that looks like a migration but does not fit the layout.
    #[error("`{}` is not named as the layout `{layout}` names its files ({form}){}", path.display(), other(*reader))]
    NotNamed {
        /// The file.
        path: PathBuf,
        /// The layout.
        layout: &'static str,
        /// How it names them.
        form: &'static str,
        /// A layout that would read it.
        reader: Option<&'static str>,
    },
    /// The folder fits several layouts.
    #[error("`{}` can be read as {}; say which with `--layout NAME` or `layout = \"NAME\"` in migrate.toml", folder.display(), list(names))]
    Ambiguous {
        /// The folder.
        folder: PathBuf,
        /// The layouts that recognise it.
        names: Vec<&'static str>,
    },
    /// The folder has SQL files, but fits no layout.
    #[error("`{}` is named as no known tool names migrations; call it `{}`, or name the layout with `--layout`", path.display(), advised(path))]
    NoLayout {
        /// The first of its SQL files.
        path: PathBuf,
    },
    /// A placeholder without a value.
    #[error("{}:{line}:{column}: the placeholder `{name}` has no value{}; give it with `--var {name}=VALUE`, under `[variables]` in migrate.toml or in the environment, or say there `placeholders = false` if it is none", path.display(), reason(why.as_deref()))]
    Unset {
        /// The file.
        path: PathBuf,
        /// The line.
        line: usize,
        /// The column.
        column: usize,
        /// The placeholder's name.
        name: String,
        /// Why its author wants a value.
        why: Option<String>,
    },
    /// A file is to be edited, but what was read from it is not what stands in it, but for line ends.
    #[error("`{}` does not say literally what was read from it, so that it must be mended by hand", path.display())]
    NotAsRead {
        /// The file.
        path: PathBuf,
    },
    /// A layout has no place for a migration whose text is known.
    #[error("the layout `{layout}` does not say where `{name}` would go; write it with `migrate new`")]
    NoPlace {
        /// The layout.
        layout: &'static str,
        /// The name of the migration.
        name: String,
    },
    /// Something in a file that its layout does not allow.
    #[error("{}:{line}: {message}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The line.
        line: usize,
        /// What is wrong, and what would be right.
        message: String,
    },
}

fn other(reader: Option<&str>) -> String {
    reader.map_or(String::new(), |name| format!("; the layout `{name}` would read it: `--layout {name}`"))
}

fn reason(why: Option<&str>) -> String {
    why.map_or(String::new(), |why| format!(" ({why})"))
}

/// A name for a file that a layout would read: its number is kept where it has one.
fn advised(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let digits = name.find(|c: char| !c.is_ascii_digit()).unwrap_or(name.len());
    match name.split_at(digits) {
        ("", _) => format!("0001_{name}"),
        (version, rest) => match rest.trim_start_matches(['-', '.', '_', ' ']) {
            // A number alone lacks a name.
            end if !end.contains('.') => format!("{version}_name.{end}"),
            rest => format!("{version}_{rest}"),
        },
    }
}

fn list(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}
