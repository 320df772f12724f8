//! Folders: any files, in any layout, are migrations or an error.

use coexist::databases::Database;
use coexist::layouts::{ALL, Conversion, Folder, Options, Source, detect, read_folders};
use coexist::migration::Script;

/// A folder with the files of a text: a line `=== PATH` begins each.
pub fn folder(text: &str) -> Folder {
    let root = std::env::temp_dir().join("coexist-fuzz-folder");
    std::fs::create_dir_all(&root).expect("temporary files are possible");
    let files = text.split("=== ").skip(1).filter_map(|part| {
        let (path, text) = part.split_once('\n')?;
        let plain = !path.is_empty() && !path.chars().any(char::is_control);
        let below = path.split('/').all(|part| !matches!(part, "" | "." | ".."));
        (plain && below).then(|| (path.to_owned(), Some(text.to_owned())))
    });
    Folder::open(root, false).expect("it was created").revised(files)
}

/// Reads a folder in every layout, and cuts into statements what is read.
pub fn are_read_in_every_layout(folder: &Folder, database: &'static dyn Database) {
    let options =
        Options { database: Some(database.name()), now: "2026-11-21 09:30:00".to_owned(), ..Options::default() };
    let told = detect(folder).map(|layout| layout.name());
    if let Err(error) = &told {
        assert!(!error.to_string().is_empty());
    }
    for layout in ALL {
        match read_folders(std::slice::from_ref(folder), Some(*layout), &options) {
            Ok(source) => holds_together(&source, database),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
}

/// Writes a folder in every other layout: what comes out was compared with what went in, or is refused.
pub fn are_converted_or_refused(folder: &Folder, database: &'static dyn Database) {
    let options = Options { database: Some(database.name()), ..Options::default() };
    let Ok(from) = detect(folder) else { return };
    for to in ALL {
        let dialect = database.dialect();
        let conversion = Conversion { folder, from, to: *to, options: &options, dialect, number: true };
        match conversion.convert() {
            Ok(converted) => assert!(converted.migrations > 0),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
}

fn holds_together(source: &Source, database: &'static dyn Database) {
    for migration in &source.migrations {
        for script in [Some(&migration.up), migration.down.as_ref()].into_iter().flatten() {
            is_sound(script, database);
        }
    }
    for remark in &source.remarks {
        assert!(remark.line > 0 && !remark.message.is_empty());
    }
}

fn is_sound(script: &Script, database: &'static dyn Database) {
    let text = &*script.text;
    assert!(script.first_line > 0);
    let mut end = 0;
    for block in &script.blocks {
        assert!(block.start >= end && text.get(block.start..block.end).is_some(), "{block:?} in {script:?}");
        end = block.end;
    }
    let lexis = database.dialect().lexis();
    for (span, _) in &script.directives(lexis).all {
        assert!(text.get(span.start..span.end).is_some(), "{span:?} in {script:?}");
    }
    let mut end = 0;
    for statement in script.statements(lexis).unwrap_or_default() {
        let span = statement.span;
        assert!(span.start >= end && span.start < span.end && text.get(span.start..span.end).is_some());
        end = span.end;
    }
}
