//! The network cuts the connection after byte N, in either direction, and before each answer of the server. A sample by default; every byte with
//! `COEXIST_TEST_EVERY_BYTE=1`, every seventh with `=7`.

use std::thread;
use std::time::Duration;

use super::{assert_whole, files, in_parallel, undisturbed};
use crate::support::{Cut, Direction, Engine, Manner, Project, Proxy, Scope, TestDatabase};

fn through(db: &TestDatabase, proxy: &Proxy) -> Project {
    Project::with(files(db.engine())).on(db).variable("MIGRATE_DATABASE_URL", &db.url_at(proxy.address()))
}

#[allow(clippy::disallowed_methods, reason = "the test's own switch, not the program's")]
fn every_byte() -> Option<usize> {
    let value = std::env::var("COEXIST_TEST_EVERY_BYTE").ok()?;
    Some(value.parse().ok().filter(|step| *step > 0).expect("COEXIST_TEST_EVERY_BYTE is a number of bytes"))
}

fn cuts(engine: Engine) {
    if !engine.is_wanted() {
        return;
    }
    let schema = undisturbed(engine);
    let db = TestDatabase::fresh(engine);
    let proxy = Proxy::to(db.server().address());
    through(&db, &proxy).run(["up"]).ok();
    let counts = proxy.counts();
    let mut jobs = Vec::new();
    for (direction, bytes) in
        [(Direction::ToServer, counts.bytes_to_server), (Direction::ToClient, counts.bytes_to_client)]
    {
        let step = every_byte().unwrap_or((bytes / 25).max(1) as usize);
        jobs.extend((1..bytes).step_by(step).map(|after| (direction, after)));
    }
    // Among them is that to COMMIT.
    jobs.extend(proxy.answers().into_iter().map(|before| (Direction::ToClient, before)));
    in_parallel(jobs, move |(direction, after)| {
        let db = TestDatabase::fresh(engine);
        let proxy = Proxy::to(db.server().address());
        proxy.cut(Cut { direction, after, manner: Manner::Reset, scope: Scope::Network });
        let project = through(&db, &proxy);
        let mut running = project.spawn(["up"]);
        while !running.has_ended() {
            // The network comes back a moment after it broke, as it does.
            if proxy.counts().cut {
                proxy.restore();
            }
            thread::sleep(Duration::from_millis(5));
        }
        let attempt = running.wait();
        // What an attempt says it applied is applied, before anybody runs again.
        let said: Vec<&str> = attempt.stderr.lines().filter_map(|line| line.strip_prefix("applied ")).collect();
        if !said.is_empty() {
            let done = db.rows("select version, name from migrate_history where kind = 'apply' and state = 'done'");
            for line in said {
                let first = line.split(' ').next().unwrap_or_default();
                let known = done.iter().any(|row| row[0] == first || format!("R__{}", row[1]) == first);
                assert!(known, "cut after {after} bytes {direction:?}: {line}");
            }
        }
        proxy.restore();
        project.run(["up"]).ok();
        assert_whole(&db, &project, &schema, &format!("cut after {after} bytes {direction:?}"));
    });
}

#[test]
fn postgres() {
    cuts(Engine::Postgres);
}

#[test]
fn mariadb() {
    cuts(Engine::Mariadb);
}
