//! Folders for the tests of layouts.

use std::fs;

use tempfile::TempDir;

use super::{Error, Options, Source, read};

/// A folder with these files.
pub(super) fn folder<T: AsRef<[u8]>>(files: &[(&str, T)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

/// What is read from a folder whose layout is recognised.
pub(super) fn source(folder: &TempDir) -> Result<Source, Error> {
    read(&[folder.path().to_owned()], None, &Options::default())
}

/// What is read from these files.
pub(super) fn read_files(files: &[(&str, &str)]) -> Source {
    let folder = folder(files);
    source(&folder).unwrap_or_else(|error| panic!("{error}"))
}

/// What is wrong with these files, with the folder's own path left out.
pub(super) fn error<T: AsRef<[u8]>>(files: &[(&str, T)]) -> String {
    error_in(&folder(files))
}

/// What is wrong with a folder, with its own path left out.
pub(super) fn error_in(folder: &TempDir) -> String {
    let error = source(folder).expect_err("these files are wrong").to_string();
    let root = folder.path().to_str().unwrap();
    error.replace(&format!("{root}/"), "").replace(root, ".")
}

/// One line per migration: what it is known by, and which files go up and down.
pub(super) fn outline(source: &Source) -> Vec<String> {
    let file = |script: &crate::migration::Script| {
        let name = script.path.file_name().unwrap().to_str().unwrap();
        if script.first_line == 1 { name.to_owned() } else { format!("{name}:{}", script.first_line) }
    };
    let line = |migration: &crate::migration::Migration| {
        let down = migration.down.as_deref().map_or("-".to_owned(), file);
        format!("{} | {} | {}", migration.title(), file(&migration.up), down)
    };
    source.migrations.iter().map(line).collect()
}

/// The remarks' texts, each with its file's name.
pub(super) fn remarks(source: &Source) -> Vec<String> {
    let line = |remark: &super::Remark| {
        format!("{}:{} {}", remark.path.file_name().unwrap().display(), remark.line, remark.message)
    };
    source.remarks.iter().map(line).collect()
}
