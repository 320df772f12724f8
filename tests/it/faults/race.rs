//! Several deployers: eight at once, ten rounds; one that goes on where another has been meanwhile.

use super::{assert_whole, project, undisturbed};
use crate::support::{Engine, Project, TestDatabase};

each_database! {
    fn eight_deployers(db: TestDatabase) {
        let engine = db.engine();
        let schema = undisturbed(engine);
        for round in 1..=10 {
            let db = TestDatabase::fresh(engine);
            let projects: Vec<_> = (0..8).map(|_| project(&db)).collect();
            let running: Vec<_> = projects.iter().map(|project| project.spawn(["up", "--format", "json"])).collect();
            let mut applied = Vec::new();
            for one in running {
                let output = one.wait().ok();
                let outcome = output.json();
                let done = outcome["done"].as_array().unwrap().iter();
                applied.extend(done.map(|done| done["id"].as_str().unwrap().to_owned()));
            }
            applied.sort();
            let expected = ["0001", "0002", "0003", "0004", "0005", "0006", "0007", "R__view"];
            assert_eq!(applied, expected, "round {round}");
            assert_whole(&db, &projects[0], &schema, &format!("round {round}"));
        }
    }
}

/// One loses its connection, and with it the lock, and does not know it yet while another deploys.
#[test]
fn a_plan_ends_where_the_history_has_what_another_wrote() {
    if !Engine::Postgres.is_wanted() {
        return;
    }
    let db = TestDatabase::fresh(Engine::Postgres);
    let both = [
        ("migrations/0001_count.sql", "create table counted (n int);"),
        ("migrations/0003_one.sql", "insert into counted values (1);"),
    ];
    let (first, second) = (Project::with(both).on(&db), Project::with(both).on(&db));
    first.run(["up", "1"]).ok();
    first.write("migrations/0002_slow.sql", "select pg_sleep(5);");
    let running = first.spawn(["up", "-v"]);
    running.wait_for("0002 [1/1]");
    running.freeze(true);
    db.rows("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query like '%pg_sleep%' and pid <> pg_backend_pid()");
    second.run(["up"]).ok().says("applied 0003 one");
    running.freeze(false);
    running.wait().exits(5).says("row 2 of the history while this run had lost its connection");
    assert_eq!(db.value("select count(*) from counted"), "1");
    first.run(["up"]).ok().says("applied 0002 slow");
}
