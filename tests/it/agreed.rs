//! What was shown, promised or recorded, and what then holds: nothing is undone that nobody saw, no record is claimed that is
//! not there, and a second try begins where the first did.

use std::thread::sleep;
use std::time::Duration;

use crate::support::{Engine, Project, TestDatabase};

fn mariadb() -> Option<TestDatabase> {
    Engine::Mariadb.is_wanted().then(|| TestDatabase::fresh(Engine::Mariadb))
}

fn postgres() -> Option<TestDatabase> {
    Engine::Postgres.is_wanted().then(|| TestDatabase::fresh(Engine::Postgres))
}

/// Three migrations of which the first is applied and the second takes its time.
fn in_progress(db: &TestDatabase) -> Option<Project> {
    let slow = match db.engine() {
        Engine::Postgres => "select pg_sleep(2);",
        Engine::Mariadb => "select benchmark(20, sleep(0.1));",
        Engine::Sqlite => return None,
    };
    let project = Project::with([
        ("migrations/1_a.up.sql", "create table a (id int);".to_owned()),
        ("migrations/1_a.down.sql", "drop table a;".to_owned()),
        ("migrations/2_b.up.sql", format!("{slow} create table b (id int);")),
        ("migrations/2_b.down.sql", "drop table b;".to_owned()),
        ("migrations/3_c.up.sql", "create table c (id int);".to_owned()),
        ("migrations/3_c.down.sql", "drop table c;".to_owned()),
    ])
    .on(db);
    project.run(["up", "1"]).ok();
    Some(project)
}

each_database! {
    /// While the other deployment was at work there was nothing to undo, and the way to a name led forward.
    fn what_another_deployment_applied_meanwhile_is_not_undone_unseen(db: TestDatabase) {
        let Some(project) = in_progress(&db) else { return };
        let first = project.spawn(["up"]);
        sleep(Duration::from_millis(700));
        let later = ["down --to 1 --yes", "goto 2"].map(|words| project.spawn(words.split(' ')));
        first.wait().ok();
        for one in later {
            let told = one.wait().exits(5).says("nothing was run, since it is not what was shown any more");
            told.says("another run was at work meanwhile");
        }
        assert!(db.table_exists("a") && db.table_exists("b") && db.table_exists("c"));
        project.run(["down", "--to", "1", "--yes"]).ok();
        assert!(!db.table_exists("b") && !db.table_exists("c"));
    }

    fn a_name_for_a_state_begins_no_history_beside_another_tools(db: TestDatabase) {
        db.sql("create table schema_migrations (version bigint primary key, dirty boolean); insert into schema_migrations values (1, false);");
        let project = Project::with([("migrations/1_a.up.sql", "create table a (id int);"), ("migrations/2_b.up.sql", "create table b (id int);")]).on(&db);
        project.run(["tag", "before"]).ok();
        project.run(["up", "0", "--release", "r1"]).ok();
        project.run(["status"]).ok().says("golang-migrate has applied migrations to this database");
        project.run(["up"]).exits(2).says("golang-migrate has applied migrations to this database");
        assert!(!db.table_exists("a") && !db.table_exists("b"));
    }

    fn a_baseline_older_than_every_file_is_no_missing_file(db: TestDatabase) {
        let project = Project::with([("migrations/V2__b.sql", "create table b (id int);"), ("migrations/V3__c.sql", "create table c (id int);")]).on(&db);
        project.run(["baseline", "7"]).exits(2).says("there is no file of version `7`, and `3` is the newest");
        project.run(["baseline", "1"]).ok().says("baselined 1");
        project.run(["status", "--exit-code"]).exits(4).says("applied  1 baseline");
        project.run(["up"]).ok().says("2 migrations applied");
        project.run(["verify"]).ok();
    }

    fn a_release_s_repeatables_come_back_with_it(db: TestDatabase) {
        let project = Project::with([
            ("migrations/1_a.up.sql", "create table a (id int);"),
            ("migrations/1_a.down.sql", "drop table a;"),
            ("migrations/2_b.up.sql", "create table b (id int);"),
            ("migrations/2_b.down.sql", "drop view if exists seen; drop table b;"),
            ("migrations/R__seen.sql", "drop view if exists seen; create view seen as select id from b;"),
        ])
        .on(&db);
        project.run(["up", "--release", "v1"]).ok();
        project.run(["down", "--yes"]).ok();
        assert!(!db.table_exists("seen"));
        project.run(["goto", "v1", "--dry-run"]).ok().says("apply R__seen");
        project.run(["goto", "v1"]).ok();
        assert!(db.table_exists("seen"));
        project.run(["goto", "v1"]).ok().says("nothing to do");
        // They have no place in the order.
        project.run(["goto", "seen", "--yes"]).exits(2).says("`seen` is no version");
    }

    fn a_way_back_that_only_the_history_has_is_kept_and_told_of(db: TestDatabase) {
        let project = Project::with([("migrations/1_a.up.sql", "create table a (id int);"), ("migrations/1_a.down.sql", "drop table a;")]).on(&db);
        project.run(["up"]).ok();
        project.remove("migrations/1_a.down.sql");
        let has_way_back = || !project.run(["status"]).ok().stdout.contains("no way back");
        assert!(has_way_back());
        project.run(["redo", "--yes"]).ok();
        assert!(has_way_back());
        project.run(["down", "--yes"]).ok();
        assert!(!db.table_exists("a") && !has_way_back());
        project.write("migrations/1_a.down.sql", "-- migrate:down irreversible: rows are gone\n");
        assert!(!has_way_back());
    }

    fn a_version_is_no_number_of_migrations(db: TestDatabase) {
        let project = Project::with([
            ("migrations/20240101_a.up.sql", "create table a (id int);"),
            ("migrations/20240101_a.down.sql", "drop table a;"),
            ("migrations/20240102_b.up.sql", "create table b (id int);"),
            ("migrations/20240102_b.down.sql", "drop table b;"),
        ])
        .on(&db);
        project.run(["up", "20240101"]).exits(2).says("a version is given with `--to 20240101`");
        project.run(["up", "0001"]).exits(2).says("a version is given with `--to 0001`");
        project.run(["up"]).ok();
        project.run(["down", "20240101", "--yes"]).exits(2).says("a version is given with `--to 20240101`");
        project.run(["down", "9", "--yes"]).exits(2).says("9 are more than the 2 that can be undone");
        project.run(["down", "--to", "20240101_a", "--yes"]).ok();
        assert!(db.table_exists("a") && !db.table_exists("b"));
    }

    fn a_decision_is_about_the_whole_or_about_a_statement(db: TestDatabase) {
        let project = Project::with([("migrations/1_a.up.sql", "-- migrate:no-transaction\ncreate table a (id int);\ncreate table a (id int);\ncreate table b (id int);")]).on(&db);
        project.run(["up"]).exits(1);
        project.run(["resolve", "1", "--applied", "--statement", "2"]).exits(2);
        project.run(["status"]).ok().says("half-done");
        project.run(["resolve", "a", "--applied"]).ok();
        project.run(["status", "--exit-code"]).ok();
    }

    /// The other tool would run it again otherwise.
    fn what_a_human_declares_applied_is_told_to_the_other_tool(db: TestDatabase) {
        let project = Project::with([("migrations/1_a.up.sql", "create table a (id int);")]).on(&db);
        db.sql("create table schema_migrations (version bigint primary key, dirty boolean); insert into schema_migrations values (1, false); create table a (id int);");
        project.run(["adopt", "--mirror"]).ok().says("its records are kept current from now on");
        project.write("migrations/2_b.up.sql", "-- migrate:no-transaction\ncreate table b (id int);\ncreate table b (id int);");
        project.run(["up"]).exits(1);
        assert_eq!(db.value("select max(version) from schema_migrations"), "1");
        project.run(["resolve", "2", "--applied"]).ok();
        assert_eq!(db.value("select max(version) from schema_migrations"), "2");
        project.write("migrations/2_b.up.sql", "create table b (id int);");
        project.run(["repair"]).ok().says("the records of golang-migrate are kept current, but for this");
        db.sql("drop table schema_migrations;");
        project.write("migrations/3_c.up.sql", "create table c (id int);");
        project.run(["up"]).exits(1).says("migrate adopt --no-mirror");
        project.run(["adopt", "--no-mirror"]).ok().says("its records are kept current no longer");
        project.run(["up"]).ok();
    }
}

/// A row of the history that a trigger takes away is not claimed to be there.
#[test]
fn a_record_that_is_swallowed_is_missed() {
    for engine in [Engine::Postgres, Engine::Sqlite].into_iter().filter(|engine| engine.is_wanted()) {
        let db = TestDatabase::fresh(engine);
        let project = Project::with([("migrations/1_a.up.sql", "create table a (id int);")]).on(&db);
        project.run(["up"]).ok();
        db.sql(match engine {
            Engine::Postgres => {
                "create function nothing() returns trigger language plpgsql as 'begin return null; end';
                 create trigger swallow before insert on migrate_history for each row execute function nothing();"
            }
            _ => "create trigger swallow before insert on migrate_history begin select raise(ignore); end;",
        });
        let why = "a row that was written to the history's table is not there";
        project.run(["tag", "v1"]).exits(1).says(why);
        project.write("migrations/2_b.up.sql", "vacuum;");
        project.run(["up"]).exits(1).says(why);
        db.sql(if engine == Engine::Postgres {
            "drop trigger swallow on migrate_history;"
        } else {
            "drop trigger swallow;"
        });
        project.run(["up"]).ok().says("applied 2 b");
    }
}

/// Holds a row as long as a first try takes, and a little longer.
fn row_held(db: &TestDatabase, project: &Project) -> crate::support::Output {
    let mut holder = db.open();
    holder.sql("begin;");
    holder.sql("update held set v = 10 where i = 1;");
    let running = project.spawn(["up", "--no-lint"]);
    sleep(Duration::from_millis(2500));
    holder.sql("commit;");
    running.wait()
}

#[test]
fn a_second_try_begins_under_the_settings_of_the_first() {
    let Some(db) = mariadb() else { return };
    let other = TestDatabase::fresh(Engine::Mariadb);
    let (own, other_name) = (db.name().to_owned(), other.name().to_owned());
    db.sql("create table held (i int primary key, v int); insert into held values (1, 0); create table log (id int);");
    other.sql("create table log (id int);");
    let project = Project::with([(
        "migrations/1_a.up.sql",
        format!("insert into log values (1); use {other_name}; update {own}.held set v = v + 1 where i = 1;"),
    )])
    .on(&db);
    row_held(&db, &project).ok().says("applied 1 a");
    assert_eq!(
        (db.value("select count(*) from log"), other.value("select count(*) from log")),
        ("1".into(), "0".into())
    );
}

#[test]
fn rows_that_no_rollback_takes_back_are_not_written_by_a_second_try() {
    let Some(db) = mariadb() else { return };
    db.sql("create table held (i int primary key, v int); insert into held values (1, 0); create table log (id int) engine = MyISAM;");
    let project = Project::with([(
        "migrations/1_a.up.sql",
        "insert into log values (1); update held set v = v + 1 where i = 1;",
    )])
    .on(&db);
    row_held(&db, &project).exits(6).says("`log`").says("MyISAM");
    assert_eq!(db.value("select count(*) from log"), "1");
}

#[test]
fn a_limit_of_the_script_s_own_lasts_to_its_end() {
    let Some(db) = postgres() else { return };
    db.sql("create table t (x int);");
    let script = "-- migrate:no-transaction\nset statement_timeout = '1h';\ncreate index concurrently i on t (x);\ncreate table u as select current_setting('statement_timeout') as s;";
    let project = Project::with([("migrations/1_a.up.sql", script)]).on(&db);
    project.run(["up", "--statement-timeout", "5s"]).ok();
    assert_eq!(db.value("select s from u"), "1h");
}

#[test]
fn a_history_that_somebody_locked_is_no_dead_server() {
    let Some(db) = postgres() else { return };
    let project = Project::with([("migrations/1_a.up.sql", "create table a (id int);")]).on(&db);
    project.run(["up"]).ok();
    let mut holder = db.open();
    holder.sql("begin;");
    holder.sql("lock table migrate_history in access exclusive mode;");
    project.run(["status"]).exits(1).says("somebody holds `public.migrate_history` locked");
    holder.sql("commit;");
    project.run(["status"]).ok();
}

/// Whatever the statement was, the server has said that it did nothing.
#[test]
fn a_refused_statement_that_is_mended_runs_without_a_decision() {
    let Some(db) = mariadb() else { return };
    let project = Project::with([(
        "migrations/1_a.up.sql",
        "create table a (id int); craete table b (id int); create table c (id int);",
    )])
    .on(&db);
    project.run(["up", "--no-lint"]).exits(1).says("it goes on with statement 2");
    project.run(["up", "--no-lint"]).exits(1).says("it goes on with statement 2");
    project
        .write("migrations/1_a.up.sql", "create table a (id int); create table b (id int); create table c (id int);");
    project.run(["up"]).ok().says("statement 2 was refused and is tried again");
    assert!(db.table_exists("a") && db.table_exists("b") && db.table_exists("c"));
    // Nor where the catalog would have shown nothing.
    let other = TestDatabase::fresh(Engine::Mariadb);
    let project =
        Project::with([("migrations/1_a.up.sql", "create table a (id int); alter table aa add column n int;")])
            .on(&other);
    project.run(["up", "--no-lint"]).exits(1).says("it goes on with statement 2");
    project.write("migrations/1_a.up.sql", "create table a (id int); alter table a add column n int;");
    project.run(["up"]).ok().says("statement 2 was refused and is tried again");
}

#[test]
fn a_name_in_a_comment_is_no_table_that_keeps_rows() {
    let Some(db) = mariadb() else { return };
    db.sql("create table held (i int primary key, v int); insert into held values (1, 0); create table log (id int) engine = MyISAM;");
    let script = "-- the log is kept elsewhere\nupdate held set v = v + 1 where i = 1; insert into held values (2, 'no number');";
    let project = Project::with([("migrations/1_a.up.sql", script.replace("'no number'", "3"))]).on(&db);
    row_held(&db, &project).ok();
}
