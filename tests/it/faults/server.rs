//! The server is killed in the middle of a run, and starts again.

use std::time::Duration;

use super::{assert_whole, files, undisturbed};
use crate::support::{Engine, Project, Server, TestDatabase};

/// The usual files with a statement that takes a while after each of some.
fn slow(engine: Engine) -> Vec<(&'static str, String)> {
    let pause = match engine {
        Engine::Postgres => "select pg_sleep(0.4);",
        _ => "do sleep(0.4);",
    };
    let slows = ["migrations/0003_many.up.sql", "migrations/0004_steps.up.sql", "migrations/0007_last.up.sql"];
    let mut files = files(engine);
    for (name, text) in &mut files {
        if slows.contains(name) {
            text.push_str(&format!("\n{pause}\n"));
        }
    }
    files
}

fn killed(engine: Engine) {
    if !engine.is_wanted() {
        return;
    }
    let schema = undisturbed(engine);
    let server = Server::private(engine);
    for moment in [150, 450, 750, 1050, 1350] {
        let db = TestDatabase::on(&server);
        let project = Project::with(slow(engine)).on(&db);
        project.run(["up", "1"]).ok();
        let run = project.spawn(["up"]);
        std::thread::sleep(Duration::from_millis(moment));
        server.kill();
        std::thread::sleep(Duration::from_millis(300));
        server.restart();
        let attempt = run.wait();
        project.run(["up"]).ok();
        assert_whole(&db, &project, &schema, &format!("killed after {moment} ms; the run said {attempt:?}"));
    }
}

#[test]
fn postgres() {
    killed(Engine::Postgres);
}

#[test]
fn mariadb() {
    killed(Engine::Mariadb);
}
