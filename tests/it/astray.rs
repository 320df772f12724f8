//! Names that lead elsewhere, histories that are out of sight, and scripts that end what the runner began: none of it goes
//! unnoticed.

use std::thread::sleep;
use std::time::Duration;

use crate::support::{Engine, Project, TestDatabase};

fn one(db: &TestDatabase, script: &str) -> Project {
    Project::with([("migrations/0001_a.up.sql", script)]).on(db)
}

fn postgres() -> Option<TestDatabase> {
    Engine::Postgres.is_wanted().then(|| TestDatabase::fresh(Engine::Postgres))
}

fn mariadb() -> Option<TestDatabase> {
    Engine::Mariadb.is_wanted().then(|| TestDatabase::fresh(Engine::Mariadb))
}

/// Ends the connection of the run while this text is in its query.
fn cut_off(db: &TestDatabase, text: &str) {
    let found = || {
        match db.engine() {
        Engine::Postgres => db.admin(&format!(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and state = 'active' and query like '%{text}%' and pid <> pg_backend_pid();"
        )),
        _ => {
            let rows = db.admin(&format!("select id from information_schema.processlist where info like '%{text}%' and id <> connection_id();"));
            rows.iter().for_each(|row| drop(db.admin(&format!("kill {};", row[0]))));
            rows
        }
    }
    };
    for _ in 0..500 {
        if !found().is_empty() {
            return;
        }
        sleep(Duration::from_millis(20));
    }
    panic!("nobody runs `{text}`");
}

/// What became of a statement is looked up where the script's own settings lead, in whatever session.
#[test]
fn a_lost_session_s_search_path_holds_for_the_look_back() {
    let Some(db) = postgres() else { return };
    db.sql("create schema s1; create table s1.t (x int); create index ti on s1.t (x);");
    let project = one(
        &db,
        "-- migrate:no-transaction\n-- migrate:lock-timeout 30s\nset search_path = s1;\ndrop index concurrently ti;\ninsert into t values (1);",
    );
    let mut reader = db.open();
    reader.sql("begin; insert into s1.t values (0);");
    let running = project.spawn(["up", "--no-lint"]);
    sleep(Duration::from_millis(500));
    cut_off(&db, "drop index concurrently");
    sleep(Duration::from_millis(300));
    reader.sql("commit;");
    let ended = running.wait().ok();
    assert_eq!(db.value("select count(*) from pg_class where relname = 'ti'"), "0", "{ended}");
    assert_eq!(db.value("select string_agg(x::text, ',' order by x) from s1.t"), "0,1");
}

#[test]
fn a_lost_session_s_database_holds_for_the_look_back() {
    let Some(db) = mariadb() else { return };
    let other = TestDatabase::fresh(Engine::Mariadb);
    other.sql("create table old (id int); insert into old values (1);");
    let script = format!("use {};\ndrop table old;\ncreate table fresh (id int);", other.name());
    let project = one(&db, &script);
    let mut reader = other.open();
    reader.sql("begin; select * from old;");
    let running = project.spawn(["up", "--no-lint", "--lock-timeout", "20s"]);
    cut_off(&db, "drop table old");
    sleep(Duration::from_millis(300));
    reader.sql("commit;");
    let ended = running.wait().ok();
    assert!(!other.table_exists("old") && other.table_exists("fresh"), "{ended}");
    assert!(!db.table_exists("fresh"));
}

#[test]
fn a_history_that_the_path_does_not_lead_to_is_not_begun_again() {
    let Some(db) = postgres() else { return };
    let project = one(&db, "create schema app; create table app.seed (x int); insert into app.seed values (1);");
    project.up();
    db.sql(&format!("alter database {} set search_path = app;", db.name()));
    let refused = project.run(["up"]).exits(5);
    refused.says("there is a history already, `public.migrate_history`").says("say `--schema public` to go on with it");
    assert_eq!(db.value("select count(*) from app.seed"), "1");
    project.run(["up", "--schema", "public"]).ok().says("nothing to do");
    project.run(["up", "--schema", "app", "--no-lint"]).exits(1).says("already exists");
}

/// Where strings end depends on a setting that the script changes: a COMMIT comes to light that nobody saw.
#[test]
fn a_script_that_ended_its_transaction_unseen_is_half_done() {
    let Some(db) = postgres() else { return };
    let project = one(
        &db,
        "create table a (id int);\nset standard_conforming_strings = off;\nselect 'x\\''; commit; --';\ncreate table b (id int);\nselect 1/0;",
    );
    let failed = project.run(["up", "--no-lint"]).exits(6);
    assert!(!failed.stderr.contains("nothing of it remains"), "{failed}");
    assert_eq!(db.value("select state from migrate_history"), "running");
    project.run(["up", "--no-lint"]).exits(6).says("ended its transaction by itself");
    project.run(["status", "--exit-code"]).exits(6);
    project.run(["resolve", "1", "--applied"]).ok();
    project.run(["up", "--no-lint"]).ok().says("nothing to do");
}

/// Whoever shares a history shares its lock, whatever database each is connected to.
#[test]
fn a_history_in_another_database_has_one_lock() {
    let Some(db) = mariadb() else { return };
    let (other, home) = (TestDatabase::fresh(Engine::Mariadb), TestDatabase::fresh(Engine::Mariadb));
    let script = format!(
        "create table {0}.z (a int, b int);\ninsert into {0}.z select sleep(2), 7;\nalter table {0}.z add column d int;",
        db.name()
    );
    let first = one(&db, &script).variable("MIGRATE_SCHEMA", home.name());
    let second = one(&other, &script).variable("MIGRATE_SCHEMA", home.name());
    let running = first.spawn(["up", "--no-lint"]);
    sleep(Duration::from_millis(700));
    second.run(["up", "--no-lint"]).ok().says("nothing to do");
    running.wait().ok().says("1 migration applied");
    assert_eq!(db.value("select count(*) from z"), "1");
}

/// A standby that lacks the last commits takes over while a run goes on.
#[test]
fn a_server_that_lacks_rows_is_not_gone_on_with() {
    let Some(db) = postgres() else { return };
    let project = Project::with([
        ("migrations/0001_a.up.sql", "create table a (id int);"),
        ("migrations/0002_b.up.sql", "create table b (id int);"),
    ])
    .on(&db);
    project.up();
    project.write("migrations/0003_c.up.sql", "select pg_sleep(30); create table c (id int);");
    let running = project.spawn(["up", "-v"]);
    running.wait_for("0003 [1/");
    sleep(Duration::from_millis(300));
    db.sql("drop table b; delete from migrate_history where seq = 2;");
    cut_off(&db, "pg_sleep");
    running.wait().exits(5).says("has another history than this run began with: row 2");
    assert!(!db.table_exists("c"));
}

#[test]
fn a_claim_that_is_always_refused_ends_the_run() {
    let Some(db) = postgres() else { return };
    let project = one(&db, "create table a (id int);");
    project.up();
    db.sql("create unique index on migrate_history (name);");
    project.write("migrations/0002_a.up.sql", "create table b (id int);");
    project.run(["up"]).exits(5).says("row 2 of the history is refused as if there were one already");
    assert!(!db.table_exists("b"));
}

#[test]
fn what_mariadb_dropped_of_several_is_not_called_rolled_back() {
    let Some(db) = mariadb() else { return };
    db.sql("create table b (id int);");
    let project = one(&db, "drop table b, missing;");
    // MySQL drops all of them or none.
    let halves = db.dialect() == "mariadb";
    let failed = project.run(["up", "--no-lint"]);
    if halves {
        failed.exits(6).says("--statement 1 --done");
    } else {
        failed.exits(1).says("nothing of it remains");
    }
    assert_eq!(db.table_exists("b"), !halves);
    let other = TestDatabase::fresh(Engine::Mariadb);
    let whole = one(&other, "drop table missing;");
    whole.run(["up", "--no-lint"]).exits(1).says("nothing of it remains");
}

/// An engine without transactions does not roll back, and nobody is told that it did.
#[test]
fn what_myisam_keeps_is_not_called_rolled_back() {
    let Some(db) = mariadb() else { return };
    db.sql("create table a (id int primary key, balance int) engine=MyISAM; insert into a values (1, 100);");
    let project = one(&db, "update a set balance = balance + 10; insert into nowhere values (1);");
    let failed = project.run(["up", "--no-lint"]).exits(6).says("what it had changed in `a` by then stays");
    assert!(!failed.stderr.contains("nothing of it remains"), "{failed}");
    db.sql("update a set balance = 100;");
    project.write("migrations/0001_a.up.sql", "update a set balance = balance + 10; do sleep(5);");
    let running = project.spawn(["up", "--no-lint"]);
    cut_off(&db, "do sleep");
    running.wait().exits(6).says("the connection was lost while `0001 a` ran").says("put them back by hand");
    assert_eq!(db.value("select balance from a"), "110");
    db.sql("update a set balance = 100;");
    project.write("migrations/0001_a.up.sql", "create table b (id int); insert into a values (2, 1), (3, 1), (1, 1);");
    project.run(["up", "--no-lint"]).exits(6).says("--statement 2 --done");
    project.run(["up", "--no-lint"]).exits(6).says("what it changed in `a` stays, as MyISAM knows no transactions");
    db.sql("delete from a where id > 1;");
    project.run(["resolve", "1", "--statement", "2", "--again"]).ok();
    project.write("migrations/0001_a.up.sql", "create table b (id int); insert into a values (2, 1), (3, 1);");
    project.run(["up", "--no-lint"]).ok();
    assert_eq!(db.value("select sum(balance) from a"), "102");
}

/// The rest of an interrupted migration waits for others as the whole does.
#[test]
fn the_rest_waits_for_locks_as_well() {
    let Some(db) = postgres() else { return };
    db.sql("create table t (x int);");
    let project =
        one(&db, "-- migrate:no-transaction\ninsert into t values (1);\nvacuum t;\ninsert into t values (2);");
    let mut other = db.open();
    other.sql("begin; lock table t in share update exclusive mode;");
    let running = project.spawn(["up", "--no-lint", "-v"]);
    running.wait_for("blocked");
    running.kill();
    running.wait();
    let running = project.spawn(["up", "--no-lint"]);
    running.wait_for("blocked");
    other.sql("commit;");
    running.wait().ok();
    assert_eq!(db.value("select string_agg(x::text, ',' order by x) from t"), "1,2");
}

#[test]
fn a_database_that_another_tool_manages_is_not_begun_anew() {
    let Some(db) = postgres() else { return };
    let project = one(&db, "drop table if exists a; create table a (x int);");
    db.sql("create table schema_migrations (version bigint not null primary key, dirty boolean not null); create table a (x int);");
    // A table without rows is what a tool leaves that has applied nothing.
    let planned = project.run(["plan"]).ok();
    assert!(!planned.stderr.contains("has applied migrations"), "{planned}");
    db.sql("insert into schema_migrations values (1, false); insert into a values (1);");
    for command in ["up", "goto 1 --yes"] {
        let refused = project.run(command.split(' ').chain(["--no-lint"])).exits(2);
        refused.says("golang-migrate has applied migrations to this database").says("`--beside`");
    }
    project.run(["status"]).ok().says("`migrate adopt` takes over what was applied");
    assert_eq!(db.value("select count(*) from a"), "1");
    project.run(["up", "--no-lint", "--beside"]).ok();
    assert_eq!(db.value("select count(*) from a"), "0");
    project.run(["up", "--no-lint"]).ok().says("nothing to do");
}

each_database! {
    fn a_file_called_zero_is_not_the_empty_schema(db: TestDatabase) {
        let project = Project::empty().on(&db);
        for number in 1..=2 {
            project.write(format!("migrations/000{number}_t.up.sql"), format!("create table t{number} (id int);"));
            project.write(format!("migrations/000{number}_t.down.sql"), format!("drop table t{number};"));
        }
        project.up();
        project.write("migrations/0000_zero.up.sql", "select 1;");
        project.run(["down", "--to", "0000", "--yes"]).exits(2).says("`0000 zero` is not applied");
        assert!(db.table_exists("t1") && db.table_exists("t2"));
        project.remove("migrations/0000_zero.up.sql");
        project.run(["down", "--to", "0000", "--yes"]).ok();
        assert!(!db.table_exists("t1"));
    }

    fn a_script_that_removes_its_row_is_not_applied(db: TestDatabase) {
        let project = one(&db, "create table q (id int); ");
        project.up();
        // Capitals do not count there.
        let table = if db.engine() == Engine::Sqlite { "MIGRATE_history" } else { "migrate_history" };
        project.write("migrations/0002_b.up.sql", format!("insert into q values (1); delete from {table} where seq > 1;"));
        let failed = project.run(["up", "--no-lint"]);
        assert_ne!(failed.code(), Some(0), "{failed}");
        assert_eq!(db.value("select count(*) from q"), "0");
        assert_eq!(db.value("select count(*) from migrate_history"), "1");
    }

    fn an_empty_name_names_nothing(db: TestDatabase) {
        let project = Project::with([
            ("migrations/0001_a.up.sql", "create table a (id int);"),
            ("migrations/0001_a.down.sql", "drop table a;"),
        ])
        .on(&db);
        for name in ["", " "] {
            project.run(["up", "--release", name]).exits(2).says("cannot be a release: it is empty");
        }
        project.run(["up", "--release", "tag:x"]).exits(2).says("before the colon");
        project.run(["up", "--release", "v1"]).ok();
        for command in [&["down", "--to", "", "--yes"][..], &["goto", " ", "--yes"], &["up", "--to", ""]] {
            project.run(command.iter().copied()).exits(2);
        }
        project.run(["tag", " "]).exits(2).says("cannot be a tag: it is empty");
        project.run(["tag", "12"]).exits(2).says("digits alone are a version");
        assert!(db.table_exists("a"));
    }
}

#[test]
fn a_mistyped_file_is_told_and_made_by_nobody_who_could_only_find_nothing() {
    let project = Project::with([("migrations/0001_a.sql", "create table a (id int);")])
        .variable("MIGRATE_DATABASE_URL", "sqlite:shpo.db");
    for command in ["down", "redo", "tag x", "repair", "resolve 1 --applied", "adopt"] {
        let missing = project.run(command.split(' ')).exits(8);
        missing.says("there is no database `shpo.db`");
        assert!(!project.path("shpo.db").exists(), "{command}");
    }
    for command in ["status", "verify", "log", "plan"] {
        project.run([command]).ok().says("there is no file `shpo.db` yet, and so no history in it");
    }
    assert!(!project.path("shpo.db").exists());
    project.up();
}
