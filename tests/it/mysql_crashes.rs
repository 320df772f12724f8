//! Schema changes that cannot be rolled back, and a death in the middle of them: the program's, or the server's.

use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::support::{Engine, Project, Server, Signal, TestDatabase};

/// How many moments to die at are tried.
const ROUNDS: u32 = 12;

/// Every kind of statement that leaves another trace in the catalog, and rows that show what ran twice or not at all.
fn script(number: usize) -> String {
    "create table t# (id int primary key, a int, b varchar(20));
     create index i# on t# (a);
     alter table t# add column c int;
     insert into t# (id, a) values (1, 1), (2, 2);
     update t# set a = a + 1;
     alter table t# modify a bigint not null;
     create table s# (id int primary key);
     insert into s# values (1);
     truncate table s#;
     insert into s# values (7);
     rename table s# to r#;
     create view v# as select a from t#;
     drop view v#;
     alter table t# drop column b, add unique key u# (id, a);
     create procedure p#() select 1;
     analyze table t#;
     update t# set a = a + 1;"
        .replace('#', &number.to_string())
}

fn project(db: &TestDatabase) -> Project {
    Project::with((1..=6).map(|number| (format!("migrations/{number}_m.up.sql"), script(number)))).on(db)
}

/// Everything that a run leaves: the schema, and the rows that count.
fn outcome(db: &TestDatabase) -> String {
    let rows = |number: usize| {
        let sums =
            format!("select concat((select sum(a) from t{number}), '/', (select group_concat(id) from r{number}))");
        db.value(&sums)
    };
    let history =
        "select concat(count(*), ' ', max(seq), ' ', sum(state = 'done')) from migrate_history where kind = 'apply'";
    format!("{}\n{:?}\n{}", db.schema(), (1..=6).map(rows).collect::<Vec<_>>(), db.value(history))
}

/// How a run goes that nothing disturbs, and how long it takes.
fn undisturbed(server: &Arc<Server>) -> (String, Duration) {
    let db = server.database();
    let start = Instant::now();
    project(&db).up();
    (outcome(&db), start.elapsed())
}

#[test]
fn the_program_may_die_at_any_moment() {
    if !Engine::Mariadb.is_wanted() {
        return;
    }
    let server = Server::shared(Engine::Mariadb);
    let (expected, takes) = undisturbed(&server);
    for round in 1..=ROUNDS {
        let db = server.database();
        let project = project(&db);
        let running = project.spawn(["up"]);
        sleep(takes * round / (ROUNDS + 1));
        running.kill();
        running.wait();
        let again = project.up();
        assert_eq!(outcome(&db), expected, "killed in round {round}; then\n{again}");
    }
}

#[test]
fn the_server_may_die_at_any_moment() {
    if !Engine::Mariadb.is_wanted() {
        return;
    }
    let server = Server::private(Engine::Mariadb);
    let (expected, takes) = undisturbed(&server);
    for round in 1..=ROUNDS {
        let db = server.database();
        let project = project(&db);
        let running = project.spawn(["up"]);
        sleep(takes * round / (ROUNDS + 1));
        server.stop(Signal::Kill);
        server.restart();
        // It waits for the server, finds out what became of its last message, and goes on; or it gives up.
        let first = running.wait();
        let again = project.up();
        assert_eq!(outcome(&db), expected, "killed in round {round}:\n{first}\nthen\n{again}");
    }
}
