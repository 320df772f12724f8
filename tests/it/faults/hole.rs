//! The network swallows everything from byte N on, and nobody is told: only the missing answers show it.

use std::time::{Duration, Instant};

use super::{assert_whole, files, in_parallel, undisturbed};
use crate::support::{Cut, Direction, Engine, Manner, Project, Proxy, Running, Scope, TestDatabase};

/// Far more than the bound of six times the second that connecting may take, and twelve times for connecting again.
const ENOUGH: Duration = Duration::from_secs(180);

fn through(db: &TestDatabase, proxy: &Proxy) -> Project {
    let url = format!("{}?connect_timeout=1", db.url_at(proxy.address()));
    Project::with(files(db.engine())).on(db).variable("MIGRATE_DATABASE_URL", &url)
}

fn swallow(proxy: &Proxy, direction: Direction, after: u64) {
    proxy.cut(Cut { direction, after, manner: Manner::Silence, scope: Scope::Network });
}

/// Waits until the run has ended, or this has come true.
fn wait_until(running: &mut Running, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !running.has_ended() && !condition() {
        assert!(start.elapsed() < ENOUGH, "it waits without end: {}", running.so_far());
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Where in an undisturbed conversation to begin: before some of the answers, and in the middle of what is sent.
fn moments(engine: Engine) -> Vec<(Direction, u64)> {
    let db = TestDatabase::fresh(engine);
    let proxy = Proxy::to(db.server().address());
    through(&db, &proxy).run(["up"]).ok();
    let answers = proxy.answers();
    let some = answers.iter().skip(1).step_by((answers.len() / 6).max(1));
    let to_server = proxy.counts().bytes_to_server;
    some.map(|before| (Direction::ToClient, *before))
        .chain([(Direction::ToServer, to_server / 3), (Direction::ToServer, to_server * 2 / 3)])
        .collect()
}

fn swallowed_for_a_while(engine: Engine) {
    if !engine.is_wanted() {
        return;
    }
    let schema = undisturbed(engine);
    in_parallel(moments(engine), move |(direction, after)| {
        let db = TestDatabase::fresh(engine);
        let proxy = Proxy::to(db.server().address());
        swallow(&proxy, direction, after);
        let project = through(&db, &proxy);
        let mut running = project.spawn(["up"]);
        wait_until(&mut running, || proxy.counts().cut);
        // New connections go through again; what was swallowed stays so.
        proxy.restore();
        wait_until(&mut running, || false);
        let what = format!("swallowed after {after} bytes {direction:?}: {:?}", running.wait());
        // The server's own keepalive ends what was swallowed, in its time; here the proxy's end does.
        drop(proxy);
        let project = Project::with(files(engine)).on(&db);
        project.run(["up"]).ok();
        assert_whole(&db, &project, &schema, &what);
    });
}

fn swallowed_for_good(engine: Engine) {
    if !engine.is_wanted() {
        return;
    }
    let slow = if engine == Engine::Postgres { "select pg_sleep(300);" } else { "do sleep(300);" };
    in_parallel(vec![false, true], move |interrupted| {
        let db = TestDatabase::fresh(engine);
        let proxy = Proxy::to(db.server().address());
        let project = through(&db, &proxy);
        project.run(["up"]).ok();
        project.write("migrations/0008_slow.sql", slow);
        let mut running = project.spawn(["up", "-v"]);
        running.wait_for("0008 [1/1]");
        swallow(&proxy, Direction::Both, 0);
        if interrupted {
            running.interrupt();
        }
        wait_until(&mut running, || false);
        running.wait().exits(if interrupted { 130 } else { 8 });
    });
}

#[test]
fn postgres_goes_on_when_the_network_is_back() {
    swallowed_for_a_while(Engine::Postgres);
}

#[test]
fn mariadb_goes_on_when_the_network_is_back() {
    swallowed_for_a_while(Engine::Mariadb);
}

#[test]
fn postgres_is_given_up_in_the_end() {
    swallowed_for_good(Engine::Postgres);
}

#[test]
fn mariadb_is_given_up_in_the_end() {
    swallowed_for_good(Engine::Mariadb);
}
