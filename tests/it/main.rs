//! The tests of the whole program on real databases: one binary, one module per subject.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[allow(dead_code, unused_imports)]
#[macro_use]
mod support;

mod adoption;
mod agreed;
mod architecture;
mod astray;
mod chosen_names;
mod claims;
mod command_line;
mod convert;
mod ddl;
mod down;
mod failing;
mod faults;
mod findings;
mod fixes;
mod house;
mod interrupted;
mod json;
mod layouts;
mod layouts_run;
mod lint;
mod lint_command;
mod lint_hostile;
mod lint_rules;
mod lint_up;
mod mysql_crashes;
mod mysql_halfway;
mod notices;
mod one_transaction;
mod plans;
mod read_only;
mod readme;
mod remains;
mod resume;
mod secrets;
mod sessions;
mod split;
mod tools;
mod up;
mod waiting;
mod ways_back;

use std::path::Path;

/// A file in `tests/it` without a line in `main.rs` would compile to nothing and never fail.
#[test]
fn every_file_is_listed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    let main = std::fs::read_to_string(folder.join("main.rs")).unwrap();
    for (folder, list) in [
        (folder.clone(), main),
        (folder.join("support"), std::fs::read_to_string(folder.join("support/mod.rs")).unwrap()),
    ] {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let module = path.file_stem().unwrap().to_str().unwrap();
            let is_module =
                path.join("mod.rs").is_file() || path.extension().is_some_and(|extension| extension == "rs");
            if !is_module || module == "main" || module == "mod" {
                continue;
            }
            let listed = list.lines().any(|line| line.trim_start_matches("pub ") == format!("mod {module};"));
            assert!(listed, "{} is listed nowhere: write `mod {module};` above it", path.display());
        }
    }
}
