//! What layouts make of odd folders, each tried on every tool's.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;

use super::testing::{error_in, folder, remarks, source};

/// A tool's layout: the path of its migration of this number, and its text.
type Tool = (&'static str, fn(usize) -> (String, String));

const TOOLS: &[Tool] = &[
    ("pairs", |number| (format!("{number:05}_a.sql"), format!("select {number};"))),
    ("flyway", |number| (format!("V{number}__a.sql"), format!("select {number};"))),
    ("goose", |number| (format!("{number:05}_a.sql"), format!("-- +goose Up\nselect {number};"))),
    ("dbmate", |number| (format!("{number:05}_a.sql"), format!("-- migrate:up\nselect {number};"))),
    ("diesel", |number| (format!("{number:05}_a/up.sql"), format!("select {number};"))),
    ("refinery", |number| (format!("U{number}__a.sql"), format!("select {number};"))),
    ("prisma", |number| (format!("{number:05}_a/migration.sql"), format!("select {number};"))),
];

fn detected(folder: &tempfile::TempDir) -> &'static str {
    super::detect(&super::Folder::open(folder.path(), false).unwrap()).unwrap().name()
}

#[test]
fn a_thousand_migrations_with_gaps_are_all_read() {
    for (layout, migration) in TOOLS {
        let files: Vec<(String, String)> = (1..=1_000).map(|number| migration(number * 3)).collect();
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        let folder = folder(&files);
        assert_eq!(detected(&folder), *layout);
        let migrations = source(&folder).unwrap().migrations;
        assert_eq!(migrations.len(), 1_000, "{layout}");
        for (index, migration) in migrations.iter().enumerate() {
            let number = (index + 1) * 3;
            assert_eq!(migration.id.to_string().trim_start_matches('0'), number.to_string(), "{layout}");
            assert_eq!(&*migration.up.text, format!("select {number};"), "{layout}");
        }
    }
}

#[test]
fn a_link_out_of_the_folder_is_refused() {
    let outside = folder(&[("up.sql", "select 1;"), ("migration.sql", "select 1;")]);
    for (layout, migration) in TOOLS {
        let (first, text) = migration(1);
        let (second, _) = migration(2);
        let files = folder(&[(first.as_str(), text.as_str())]);
        let link = files.path().join(&second);
        fs::create_dir_all(link.parent().unwrap()).unwrap();
        symlink(outside.path().join("up.sql"), &link).unwrap();
        let error = error_in(&files);
        assert!(error.starts_with(&format!("`{second}` is a symbolic link that leads out")), "{layout}: {error}");

        // A folder that is linked.
        fs::remove_file(&link).unwrap();
        let path = if let Some((folder, _)) = second.split_once('/') { folder } else { "shared" };
        let _ = fs::remove_dir(files.path().join(path));
        symlink(outside.path(), files.path().join(path)).unwrap();
        if path == "shared" {
            let said = "shared:1 is a symbolic link that leads out of the folder or nowhere, and is not followed";
            assert_eq!(remarks(&source(&files).unwrap()), [said], "{layout}");
        } else {
            assert!(error_in(&files).starts_with(&format!("`{path}` is a symbolic link")), "{layout}");
        }
    }
}

#[test]
fn a_name_that_is_no_text_is_refused() {
    for (layout, migration) in TOOLS {
        let (first, text) = migration(1);
        let files = folder(&[(first.as_str(), text.as_str())]);
        let (second, text) = migration(2);
        let odd: Vec<u8> =
            second.replacen("_a", "_?", 1).bytes().map(|byte| if byte == b'?' { 0xe9 } else { byte }).collect();
        let path = files.path().join(OsStr::from_bytes(&odd));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        assert!(error_in(&files).starts_with("`.` holds a name that is not UTF-8: `"), "{layout}");
    }
}

#[test]
fn a_folder_that_is_named_like_a_file_is_refused() {
    for (layout, migration) in TOOLS {
        let (first, text) = migration(1);
        let (second, _) = migration(2);
        let inside = format!("{second}/x.txt");
        let files = folder(&[(first.as_str(), text.as_str()), (inside.as_str(), "")]);
        let expected = format!("`{second}` is a folder, though it is named like a migration's file");
        assert_eq!(error_in(&files), expected, "{layout}");
    }
}

#[test]
fn a_script_that_says_nothing_is_remarked() {
    for (layout, migration) in TOOLS {
        let ((first, text), (second, nothing)) = (migration(1), migration(2));
        for blank in ["", "-- select 2;", "/* select 2; */\n;"] {
            let nothing = nothing.replace("select 2;", blank);
            let files = folder(&[(first.as_str(), text.as_str()), (second.as_str(), nothing.as_str())]);
            let said = remarks(&source(&files).unwrap());
            assert!(said[0].ends_with("the script has no statement; applying it does nothing"), "{layout}: {said:?}");
        }
    }
}
