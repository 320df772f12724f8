//! The house of the tests stands.

use crate::support::Project;

each_database! {
    /// The machinery of all other tests: the program runs in its folder, is pointed at the database, and is heard.
    fn the_program_runs(db: TestDatabase) {
        let project = Project::empty().on(&db);
        let output = project.run_with(&[("NO_COLOR", "1")], ["--version"]).ok();
        assert_eq!(output.signal(), None);
    }
}
