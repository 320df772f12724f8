//! Waiting for other deployments, and for locks inside the database, without making anybody else wait.

use std::time::{Duration, Instant};

use crate::support::{Client, Engine, PgBouncer, Project, TestDatabase};

fn slow(engine: Engine) -> &'static str {
    match engine {
        Engine::Postgres => "select pg_sleep(3);",
        Engine::Mariadb => "select benchmark(30, sleep(0.1));",
        Engine::Sqlite => {
            "with recursive c(x) as (select 1 union all select x + 1 from c where x < 10000000) select max(x) from c;"
        }
    }
}

each_database! {
    fn who_holds_the_lock_is_said_and_a_dead_holder_frees_it(db: TestDatabase) {
        let text = format!("create table t (id int);\n{}", slow(db.engine()));
        let project = Project::with([("migrations/0001_slow.sql", text)]).on(&db);
        let holder = project.spawn(["up"]);
        let start = Instant::now();
        while project.run(["lock"]).ok().stdout.contains("nobody") {
            assert!(start.elapsed() < Duration::from_secs(20), "nobody takes the lock");
        }
        let output = project.run(["up", "--lock-wait", "300ms"]).exits(7);
        output.says("another run holds the lock: ").says("connection ");
        holder.kill();
        drop(holder.wait());
        project.run(["up"]).ok();
        assert!(db.table_exists("t"));
        project.run(["lock"]).ok().says("nobody holds the lock");
    }

    fn ctrl_c_leaves_nothing(db: TestDatabase) {
        let text = format!("create table t (id int);\n{}", slow(db.engine()));
        let project = Project::with([("migrations/0000_first.sql", "create table first_one (id int);")]).on(&db);
        project.run(["up"]).ok();
        project.write("migrations/0001_slow.sql", text);
        project.write("migrations/0002_after.sql", "create table after_it (id int);");
        let running = project.spawn(["up"]);
        std::thread::sleep(Duration::from_millis(800));
        running.interrupt();
        running.wait().exits(130);
        assert!(!db.table_exists("after_it"));
        project.run(["lock"]).ok().says("nobody holds the lock");
        project.run(["up"]).ok();
        project.run(["verify"]).ok();
    }
}

#[test]
fn an_index_is_built_concurrently_while_another_deployer_waits() {
    if !Engine::Postgres.is_wanted() {
        return;
    }
    let db = TestDatabase::fresh(Engine::Postgres);
    db.sql(
        "create table big (id int, v text); insert into big select i, md5(i::text) from generate_series(1, 200000) i;",
    );
    let project = Project::with([("migrations/0001_index.sql", "create index concurrently big_v on big (v);")]).on(&db);
    let running: Vec<_> = (0..3).map(|_| project.spawn(["up"])).collect();
    for one in running {
        one.wait().ok();
    }
    assert_eq!(db.value("select count(*) from pg_index where indexrelid = 'big_v'::regclass and indisvalid"), "1");
}

/// How long the slowest of the readers waited while `work` went on.
fn slowest_reader(db: &TestDatabase, work: impl FnOnce()) -> Duration {
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut client = db.open();
            let mut slowest = Duration::ZERO;
            while !done.load(std::sync::atomic::Ordering::SeqCst) {
                let start = Instant::now();
                client.sql("select count(*) from busy;");
                slowest = slowest.max(start.elapsed());
                std::thread::sleep(Duration::from_millis(5));
            }
            slowest
        });
        work();
        done.store(true, std::sync::atomic::Ordering::SeqCst);
        reader.join().unwrap()
    })
}

/// A migration that changes a table, and a transaction that reads it.
fn blocked(db: &TestDatabase) -> (Project, Client) {
    db.sql("create table busy (id int); insert into busy values (1);");
    let project = Project::with([("migrations/0001_column.sql", "alter table busy add column more int;")]).on(db);
    let mut blocker = db.open();
    blocker.sql("begin;");
    blocker.sql("select count(*) from busy;");
    (project, blocker)
}

#[test]
fn readers_never_wait_longer_than_the_lock_timeout() {
    if !Engine::Postgres.is_wanted() {
        return;
    }
    let db = TestDatabase::fresh(Engine::Postgres);
    let (project, mut blocker) = blocked(&db);
    let slowest = slowest_reader(&db, || {
        let running = project.spawn(["up"]);
        std::thread::sleep(Duration::from_secs(3));
        blocker.sql("commit;");
        let output = running.wait().ok();
        output.says("blocked").says("blocked by connection").says("idle in transaction");
    });
    assert!(slowest < Duration::from_millis(400), "a reader waited {slowest:?}");
}

#[test]
fn metadata_locks_are_waited_for_as_politely() {
    if !Engine::Mariadb.is_wanted() {
        return;
    }
    let db = TestDatabase::fresh(Engine::Mariadb);
    let (project, mut blocker) = blocked(&db);
    let running = project.spawn(["up"]);
    running.wait_for("blocked");
    blocker.sql("commit;");
    running.wait().ok();
}

#[test]
fn a_row_in_use_is_waited_for_no_longer_than_a_table() {
    if !Engine::Mariadb.is_wanted() {
        return;
    }
    let db = TestDatabase::fresh(Engine::Mariadb);
    db.sql("create table t (id int primary key, v int); insert into t values (1, 1), (2, 1);");
    let project = Project::with([("migrations/0001_v.sql", "update t set v = v + 1;")]).on(&db);
    let mut writer = db.open();
    writer.sql("begin;");
    writer.sql("update t set v = 9 where id = 2;");
    let running = project.spawn(["up", "-v", "--no-lint"]);
    running.wait_for("0001 [1/1]");
    let start = Instant::now();
    running.wait_for("attempt 1");
    assert!(start.elapsed() < Duration::from_secs(3), "it waited for {:?}", start.elapsed());
    writer.sql("commit;");
    let freed = Instant::now();
    running.wait().ok();
    assert!(freed.elapsed() < Duration::from_secs(5), "nobody noticed its end for {:?}", freed.elapsed());
    assert_eq!(db.rows("select v from t order by id").concat(), ["2", "10"]);
}

#[test]
fn a_file_that_another_process_has_locked_is_waited_for_aloud() {
    if !Engine::Sqlite.is_wanted() {
        return;
    }
    let db = TestDatabase::fresh(Engine::Sqlite);
    let project = Project::with([("migrations/0001_a.sql", "create table a (id int);")]).on(&db);
    project.up();
    let mut writer = db.open();
    writer.sql("begin exclusive;");
    let start = Instant::now();
    let running: Vec<_> =
        [&["status"][..], &["up"], &["log", "--format", "json"]].map(|words| project.spawn(words)).into();
    for one in &running {
        one.wait_for("(database is locked)");
        assert!(start.elapsed() < Duration::from_secs(4), "it said nothing for {:?}", start.elapsed());
    }
    writer.sql("commit;");
    for one in running {
        let said = one.wait().ok();
        #[cfg(target_os = "linux")]
        let said = said.says("(sqlite3) has locked it");
        drop(said);
    }
    assert!(start.elapsed() < Duration::from_secs(8), "it went on after {:?}", start.elapsed());
    writer.sql("begin exclusive;");
    let refused = project.run(["status"]).exits(8).says("waiting for the database (").says("has locked it");
    refused.says("hint: let it finish its transaction, or end it; `--wait 60s` gives it longer");
    writer.sql("commit;");
}

#[test]
fn giving_up_on_a_lock_names_who_was_in_the_way() {
    if !Engine::Postgres.is_wanted() {
        return;
    }
    let db = TestDatabase::fresh(Engine::Postgres);
    let (project, mut blocker) = blocked(&db);
    let output = project.run(["up", "--retry-for", "1s"]).exits(1).says("blocked by connection").says("rolled back");
    assert!(!output.stderr.contains("end it and run"), "the file is not to blame: {output}");
    output.says("It was still blocked after ").says("attempts in 1.").says("`--retry-for 30m`");
    blocker.sql("commit;");
    project.run(["up"]).ok();
}

#[test]
fn a_transaction_pooler_is_refused_with_the_way_out() {
    if !Engine::Postgres.is_wanted() {
        return;
    }
    let db = TestDatabase::fresh(Engine::Postgres);
    let pooler = PgBouncer::before(db.server(), 1);
    let project = Project::with([("migrations/0001_t.sql", "create table t (id int);")]).on(&db);
    let output = project.run_with(&[("MIGRATE_DATABASE_URL", &db.url_at(pooler.address()))], ["up"]);
    assert_ne!(output.code(), Some(0), "{output}");
    output.says("MIGRATE_DATABASE_URL");
    assert!(!db.table_exists("t"));
    project.run(["up"]).ok();
}

#[test]
fn an_interrupted_sleep_ends_the_run_as_well() {
    if !Engine::Mariadb.is_wanted() {
        return;
    }
    let db = TestDatabase::fresh(Engine::Mariadb);
    let project = Project::with([
        ("migrations/0001_slow.sql", "create table one (id int); do sleep(20); create table two (id int);"),
        ("migrations/0002_last.sql", "do sleep(20);"),
    ])
    .on(&db);
    // The server cuts the sleep short and calls that a success.
    let running = project.spawn(["up", "1", "-v"]);
    running.wait_for("0001 [2/3]");
    running.interrupt();
    running.wait().exits(130);
    assert!(!db.table_exists("two"));
    project.run(["up", "--to", "1"]).ok();
    assert!(db.table_exists("two"));
    let running = project.spawn(["up", "-v"]);
    running.wait_for("0002 [1/1]");
    running.interrupt();
    running.wait().exits(130);
}

/// MariaDB keeps what sessions say of themselves only where its performance schema is on, which it usually is not.
fn whoever_waits_sees_which_migration_the_holder_is_at(engine: Engine, slow: &str) {
    if !engine.is_wanted() {
        return;
    }
    let db = TestDatabase::fresh(engine);
    let project = Project::with([("migrations/0001_first.sql", "create table one (id int);")]).on(&db);
    project.run(["up"]).ok();
    project.write("migrations/0002_slow_one.sql", slow);
    let holder = project.spawn(["up", "-v"]);
    holder.wait_for("0002 [1/1]");
    project.run(["up", "--lock-wait", "1s"]).exits(7).says(" 0002 slow_one, connection ");
    holder.interrupt();
    holder.wait().exits(130);
}

#[test]
fn whoever_waits_for_postgres_sees_which_migration_the_holder_is_at() {
    whoever_waits_sees_which_migration_the_holder_is_at(Engine::Postgres, "select pg_sleep(60);");
}

#[test]
fn whoever_waits_for_sqlite_sees_which_migration_the_holder_is_at() {
    let slow = "create table two as with recursive counted (n) as (select 1 union all select n + 1 from counted) select max(n) from counted;";
    whoever_waits_sees_which_migration_the_holder_is_at(Engine::Sqlite, slow);
}

fn half_detached(killed: bool) {
    let db = TestDatabase::fresh(Engine::Postgres);
    if db.value("show server_version_num").parse::<u32>().unwrap() < 140_000 {
        // Before, the statement did not exist.
        return;
    }
    db.sql(
        "create table m (id int) partition by range (id); create table m1 partition of m for values from (1) to (9);",
    );
    let project =
        Project::with([("migrations/0001_detach.sql", "alter table m detach partition m1 concurrently;")]).on(&db);
    let mut reader = db.open();
    reader.sql("begin; select count(*) from m;");
    let running = project.spawn(["up"]);
    let start = Instant::now();
    while db.value("select count(*) from pg_inherits where inhdetachpending") == "0" {
        assert!(start.elapsed() < Duration::from_secs(60), "{}", running.so_far());
        std::thread::sleep(Duration::from_millis(50));
    }
    if killed {
        running.kill();
        drop(running.wait());
    } else {
        running.interrupt();
        running.wait().exits(130);
    }
    drop(reader);
    project.run(["up"]).ok();
    assert_eq!(db.value("select count(*) from pg_inherits"), "0");
    project.run(["status", "--exit-code"]).ok();
}

#[test]
fn a_partition_that_was_half_detached_is_detached_by_the_next_run() {
    if Engine::Postgres.is_wanted() {
        half_detached(true);
        half_detached(false);
    }
}
