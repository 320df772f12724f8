//! What must stay true whatever breaks: each migration happens exactly once, the history says so, and nothing is
//! half-done in silence.

mod abort;
mod cut;
mod decided;
mod disk;
mod hole;
mod race;
mod server;

use crate::support::{Engine, Project, TestDatabase};

/// A history with one of everything that is recorded in its own way. Each `n = n + 1` must happen exactly once.
fn files(engine: Engine) -> Vec<(&'static str, String)> {
    let (session, alone, undo_alone, concurrently) = match engine {
        Engine::Postgres => (
            "set search_path = public; set role none;",
            "create index concurrently lone on base (n);",
            "drop index concurrently lone;",
            "create index concurrently step_many on many (id);",
        ),
        Engine::Mariadb => (
            "set foreign_key_checks = 0; set @anything = 1;",
            "alter table base add column extra int;",
            "alter table base drop column extra;",
            "create index step_many on many (id);",
        ),
        Engine::Sqlite => {
            ("pragma case_sensitive_like = on;", "vacuum;", "vacuum;", "create index step_many on many (id);")
        }
    };
    let drop_step = match engine {
        Engine::Mariadb => "drop index step_many on many;",
        _ => "drop index step_many;",
    };
    vec![
        ("migrations/0001_base.up.sql", "create table base (id int primary key, n int not null); insert into base values (1, 0);".to_owned()),
        ("migrations/0001_base.down.sql", "drop view if exists seen; drop table base;".to_owned()),
        ("migrations/0002_count.up.sql", "update base set n = n + 1;".to_owned()),
        ("migrations/0002_count.down.sql", "update base set n = n - 1;".to_owned()),
        (
            "migrations/0003_many.up.sql",
            "create table many (id int primary key, v int); insert into many values (1, 1); insert into many values (2, 2); create index many_v on many (v); update base set n = n + 1;".to_owned(),
        ),
        ("migrations/0003_many.down.sql", "drop table many; update base set n = n - 1;".to_owned()),
        (
            "migrations/0004_steps.up.sql",
            format!("-- migrate:no-transaction\nupdate base set n = n + 1; create table step (id int); {concurrently} update base set n = n + 1; alter table step add column more int;"),
        ),
        (
            "migrations/0004_steps.down.sql",
            format!("-- migrate:no-transaction\nupdate base set n = n - 1; {drop_step} drop table step; update base set n = n - 1;"),
        ),
        ("migrations/0005_session.up.sql", format!("{session} create table session_table (id int);")),
        ("migrations/0005_session.down.sql", "drop table session_table;".to_owned()),
        ("migrations/0006_alone.up.sql", alone.to_owned()),
        ("migrations/0006_alone.down.sql", undo_alone.to_owned()),
        ("migrations/0007_last.up.sql", "update base set n = n + 1;".to_owned()),
        ("migrations/0007_last.down.sql", "update base set n = n - 1;".to_owned()),
        ("migrations/R__view.sql", "drop view if exists seen; create view seen as select n from base;".to_owned()),
    ]
}

/// How often `n = n + 1` stands in the files.
const COUNTED: &str = "5";

fn project(db: &TestDatabase) -> Project {
    Project::with(files(db.engine())).on(db)
}

/// The schema that an undisturbed run makes.
fn undisturbed(engine: Engine) -> String {
    let db = TestDatabase::fresh(engine);
    project(&db).run(["up"]).ok();
    db.schema()
}

/// Everything that must hold after the next plain `up`.
fn assert_whole(db: &TestDatabase, project: &Project, schema: &str, what: &str) {
    // In one question: some tests ask it thousands of times, and each run of the client is a connection.
    let found = db.rows(
        "select n,
            (select count(*) from migrate_history where state = 'running'),
            (select max(seq) - count(*) from migrate_history),
            (select count(*) from (select version, name from migrate_history where kind = 'apply' and state = 'done'
                group by version, name having count(*) > 1) again)
         from base",
    );
    let expected = [[COUNTED, "0", "0", "0"]];
    assert_eq!(
        found, expected,
        "{what}: how often the updates happened, how many entries are half-done and missing, how many migrations were applied twice"
    );
    assert_eq!(db.schema(), schema, "{what}");
    project.run(["verify"]).ok();
    project.run(["status", "--exit-code"]).ok();
}

/// Runs jobs on a few threads, each job once.
fn in_parallel<T: Send + 'static>(jobs: Vec<T>, work: impl Fn(T) + Send + Sync + Clone + 'static) {
    let jobs = std::sync::Arc::new(std::sync::Mutex::new(jobs));
    let workers: Vec<_> = (0..4)
        .map(|_| {
            let (jobs, work) = (jobs.clone(), work.clone());
            std::thread::spawn(move || {
                loop {
                    let Some(job) = jobs.lock().unwrap().pop() else { break };
                    work(job);
                }
            })
        })
        .collect();
    let results: Vec<_> = workers.into_iter().map(std::thread::JoinHandle::join).collect();
    if let Some(Err(panic)) = results.into_iter().find(Result::is_err) {
        std::panic::resume_unwind(panic);
    }
}
