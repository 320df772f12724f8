//! The process dies around statements of which nobody can tell whether they took effect, and a human decides.

use super::abort::points;
use super::in_parallel;
use crate::support::{Engine, Project, TestDatabase};

/// A procedure that counts its calls and commits by itself, and a script that calls it.
fn calling(db: &TestDatabase) -> Project {
    let procedure = match db.engine() {
        Engine::Postgres => {
            "create procedure call_it() language plpgsql as $$ begin insert into calls default values; commit; end $$;"
        }
        _ => "create procedure call_it() insert into calls values (default);",
    };
    let id = match db.engine() {
        Engine::Postgres => "serial",
        _ => "int auto_increment",
    };
    let project = Project::with([
        ("migrations/0001_calls.sql", format!("create table calls (id {id} primary key);\n{procedure}")),
        (
            "migrations/0002_call.sql",
            "-- migrate:no-transaction\ncall call_it();\ncall call_it();\ncreate table called (id int);".to_owned(),
        ),
    ])
    .on(db);
    project.run(["up", "1"]).ok();
    project
}

/// The number of the statement that is in doubt.
fn doubted(message: &str) -> usize {
    let number = message.split_once("--statement ").expect("the hint names the statement").1;
    number.split(' ').next().unwrap().parse().unwrap()
}

fn what_a_human_decides_holds(engine: Engine) {
    if !engine.is_wanted() {
        return;
    }
    let total = points(&calling(&TestDatabase::fresh(engine)), &["up"]);
    assert!(total > 10, "only {total} points");
    in_parallel((1..=total).collect(), move |point| {
        let db = TestDatabase::fresh(engine);
        let project = calling(&db);
        let mut dies_at = point;
        let mut decided = Vec::new();
        loop {
            let up = project.run_with(&[("MIGRATE_FAIL_AT", &dies_at.to_string())], ["up"]);
            if up.code() == Some(0) {
                break;
            }
            if up.code() == Some(6) {
                let statement = doubted(&up.stderr);
                let calls: usize = db.value("select count(*) from calls").parse().unwrap();
                let truth = if calls >= statement { "--done" } else { "--again" };
                project.run(["resolve", "2", "--statement", &statement.to_string(), truth]).ok();
                decided.push(statement);
            } else {
                assert_eq!(up.signal(), Some(6), "died at point {point} of {total}; then\n{up}");
            }
            // Whoever goes on after a decision may die, too, but sooner or later nobody does.
            dies_at += total / 3;
            assert!(decided.len() < 6, "died at point {point} of {total}: asked about {decided:?} again and again");
        }
        let what = format!("died at point {point} of {total}, decided {decided:?}");
        assert_eq!(db.value("select count(*) from calls"), "2", "{what}");
        assert!(db.table_exists("called"), "{what}");
        project.run(["verify"]).ok();
        project.run(["status", "--exit-code"]).ok();
    });
}

#[test]
fn what_a_human_decides_holds_on_postgres() {
    what_a_human_decides_holds(Engine::Postgres);
}

#[test]
fn what_a_human_decides_holds_on_mariadb() {
    what_a_human_decides_holds(Engine::Mariadb);
}

/// What others did between a decision and the run that goes on is no trace of the statement that is next.
#[test]
fn what_others_did_after_a_decision_is_not_taken_for_the_statement() {
    if !Engine::Postgres.is_wanted() {
        return;
    }
    let decided = || {
        let db = TestDatabase::fresh(Engine::Postgres);
        let project = calling(&db);
        db.sql("create index kept on calls (id);");
        db.sql("create procedure linger() language plpgsql as $$ begin insert into calls default values; commit; perform pg_sleep(60); end $$;");
        let script = "-- migrate:no-transaction\ncall linger();\ndrop index concurrently kept;";
        project.write("migrations/0002_call.sql", script);
        let running = project.spawn(["up"]);
        while db.value("select count(*) from calls") == "0" {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        running.kill();
        running.wait();
        db.admin("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()");
        project.run(["up"]).exits(6).says("--statement 1 --done");
        project.run(["resolve", "2", "--statement", "1", "--done"]).ok();
        db.sql("drop index kept; create index kept on calls (id);");
        (db, project)
    };
    let total = points(&decided().1, &["up"]);
    in_parallel((1..=total).collect(), move |point| {
        let (db, project) = decided();
        project.run_with(&[("MIGRATE_FAIL_AT", &point.to_string())], ["up"]);
        project.run(["up"]).ok();
        assert_eq!(
            db.value("select count(*) from pg_class where relname = 'kept'"),
            "0",
            "died at point {point} of {total}"
        );
    });
}
