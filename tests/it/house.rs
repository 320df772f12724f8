//! The tests' own house: nothing that was written is left out of the run.

use std::path::Path;

use crate::support::Project;

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

each_database! {
    /// The machinery of all other tests: the program runs in its folder, is pointed at the database, and is heard.
    fn the_program_runs(db: TestDatabase) {
        let project = Project::empty().on(&db);
        let output = project.run_with(&[("NO_COLOR", "1")], ["--version"]).ok();
        assert_eq!(output.signal(), None);
    }
}
