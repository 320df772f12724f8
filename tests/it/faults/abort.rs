//! The process dies before and after every round trip, at each of them once.

use super::{assert_whole, files, in_parallel, project, undisturbed};
use crate::support::{Engine, Project, TestDatabase};

/// How many points a command passes when nothing happens.
pub(super) fn points(project: &Project, command: &[&str]) -> usize {
    let log = project.path("points");
    project.run_with(&[("MIGRATE_FAIL_LOG", log.to_str().unwrap())], command).ok();
    std::fs::read_to_string(log).unwrap().lines().count()
}

fn dies_at(project: &Project, point: usize, command: &[&str]) {
    let output = project.run_with(&[("MIGRATE_FAIL_AT", &point.to_string())], command);
    assert_eq!(output.signal(), Some(6), "point {point} is passed: {output:?}");
}

fn up_from(db: &TestDatabase, before: &'static str) {
    let engine = db.engine();
    let schema = undisturbed(engine);
    let prepare = move |db: &TestDatabase| {
        let project = project(db);
        if before != "0" {
            project.run(["up", before]).ok();
        }
        project
    };
    let total = points(&prepare(db), &["up"]);
    assert!(total > 10, "only {total} points");
    in_parallel((1..=total).collect(), move |point| {
        let db = TestDatabase::fresh(engine);
        let project = prepare(&db);
        dies_at(&project, point, &["up"]);
        project.run(["up"]).ok();
        assert_whole(&db, &project, &schema, &format!("died at point {point} of {total}"));
    });
}

each_database! {
    /// On a fresh database migrations ride together.
    fn up_on_a_fresh_database(db: TestDatabase) {
        up_from(&db, "0");
    }

    /// On another each has its own messages.
    fn up_on_a_used_database(db: TestDatabase) {
        up_from(&db, "1");
    }

    fn down(db: TestDatabase) {
        let engine = db.engine();
        let command = ["down", "--all", "--yes"];
        let first = project(&db);
        first.run(["up"]).ok();
        let total = points(&first, &command);
        let schema = undisturbed(engine);
        in_parallel((1..=total).collect(), move |point| {
            let db = TestDatabase::fresh(engine);
            let project = project(&db);
            project.run(["up"]).ok();
            dies_at(&project, point, &command);
            project.run(command).ok();
            for table in ["base", "many", "step", "session_table"] {
                assert!(!db.table_exists(table), "died at point {point} of {total}: `{table}` is left");
            }
            project.run(["verify"]).ok();
            // And forward again.
            project.run(["up"]).ok();
            assert_eq!(db.value("select n from base"), super::COUNTED, "died at point {point} of {total}");
            assert_eq!(db.schema(), schema, "died at point {point} of {total}");
        });
    }
}

/// The files name what each engine does in its own way.
#[test]
fn every_engine_has_the_same_migrations() {
    let names = |engine| files(engine).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    assert_eq!(names(Engine::Postgres), names(Engine::Mariadb));
    assert_eq!(names(Engine::Postgres), names(Engine::Sqlite));
}
