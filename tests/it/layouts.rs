//! Every layout reads its fixture folders, `tests/layouts/<layout>/<case>/`, as the snapshots beside them say.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use coexist::layouts::{self, Folder, Layout, Options, Source};
use coexist::migration::{OuterTransaction, Script};

#[test]
fn fixtures_are_read_as_their_snapshots_say() {
    for layout in layouts::ALL {
        let cases = cases(*layout);
        assert!(!cases.is_empty(), "write a folder tests/layouts/{}/<case> for the layout `{0}`", layout.name());
        for case in cases {
            let name = format!("{}-{}", layout.name(), case.file_name().unwrap().display());
            let shown = shown(*layout, &case);
            insta::with_settings!({ snapshot_path => "../layouts", prepend_module_to_snapshot => false, omit_expression => true }, {
                insta::assert_snapshot!(name, shown);
            });
        }
    }
}

#[test]
fn the_readme_names_every_layout() {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    for layout in layouts::ALL {
        assert!(
            readme.contains(&format!("\n| `{}` | ", layout.name())),
            "the README has no row for `{}`",
            layout.name()
        );
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/layouts")
}

fn cases(layout: &dyn Layout) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(root().join(layout.name())) else { return Vec::new() };
    let mut cases: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    cases.sort();
    cases
}

/// What is read from a case, and which layout it is taken for.
fn shown(layout: &dyn Layout, case: &Path) -> String {
    let options = options(case);
    let mut out = String::new();
    let folder = Folder::open(case, options.recursive).unwrap();
    let detected =
        layouts::detect(&folder).map(|layout| layout.name().to_owned()).unwrap_or_else(|error| error.to_string());
    writeln!(out, "detected: {}", relative(&detected, case)).unwrap();
    match layouts::read(&[case.to_owned()], Some(layout), &options) {
        Ok(source) => list(&mut out, &source, case),
        Err(error) => writeln!(out, "error: {}", relative(&error.to_string(), case)).unwrap(),
    }
    out
}

/// A case says what it is read with in a file beside it: `recursive`, or `name=value`, a line each.
/// What the file beside a case says of how it is read.
pub fn options(case: &Path) -> Options {
    let mut options = Options::default();
    for line in fs::read_to_string(case.with_extension("options")).unwrap_or_default().lines() {
        match line.split_once('=') {
            Some((name, value)) => drop(options.variables.insert(name.to_owned(), value.to_owned())),
            None if line == "recursive" => options.recursive = true,
            None => panic!("{}: unknown option `{line}`", case.display()),
        }
    }
    options
}

fn list(out: &mut String, source: &Source, case: &Path) {
    for migration in &source.migrations {
        writeln!(out, "\n== {}", migration.title()).unwrap();
        script(out, "up", &migration.up, case);
        if let Some(down) = &migration.down {
            script(out, "down", down, case);
        }
    }
    for remark in &source.remarks {
        let path = relative(&remark.path.display().to_string(), case);
        writeln!(out, "\n{:?}: {path}:{}: {}", remark.weight, remark.line, remark.message).unwrap();
    }
}

fn script(out: &mut String, side: &str, script: &Script, case: &Path) {
    write!(out, "-- {side} {}:{}", relative(&script.path.display().to_string(), case), script.first_line).unwrap();
    for (_, directive) in &script.conventions {
        write!(out, " {directive:?}").unwrap();
    }
    match script.outer_transaction {
        OuterTransaction::Taken => {}
        OuterTransaction::Refused => write!(out, " no outer transaction").unwrap(),
        OuterTransaction::Merged => write!(out, " transactions merged").unwrap(),
    }
    writeln!(out).unwrap();
    for block in &script.blocks {
        let lines = script.lines();
        let (first, last) = (lines.place(block.start).line, lines.place(block.end).line);
        writeln!(out, "   | [lines {first} to {last} are one statement]").unwrap();
    }
    for line in script.text.lines() {
        writeln!(out, "{}", format!("   | {line}").trim_end()).unwrap();
    }
}

fn relative(text: &str, case: &Path) -> String {
    let case = case.to_str().unwrap();
    text.replace(&format!("{case}/"), "").replace(case, ".")
}
