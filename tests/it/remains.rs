//! What a statement that was broken off leaves on PostgreSQL is cleared away or told of, and what it set is not lost in
//! silence.

use std::thread::sleep;
use std::time::Duration;

use crate::support::{Client, Engine, Output, Project, TestDatabase};

fn postgres() -> Option<TestDatabase> {
    Engine::Postgres.is_wanted().then(|| TestDatabase::fresh(Engine::Postgres))
}

/// A script whose statements run one by one.
fn alone(db: &TestDatabase, script: &str) -> Project {
    Project::with([("migrations/0001_a.up.sql", format!("-- migrate:no-transaction\n{script}"))]).on(db)
}

/// The same with a limit for each statement.
fn hurried(db: &TestDatabase, script: &str) -> Project {
    alone(db, &format!("-- migrate:statement-timeout 700ms\n{script}"))
}

fn up(project: &Project) -> Output {
    project.run(["up", "--no-lint"])
}

/// Dies as soon as the first statement is recorded.
fn dies_after_the_first(db: &TestDatabase, project: &Project) {
    let recorded =
        || db.table_exists("migrate_history") && db.value("select max(statements_done) from migrate_history") == "1";
    for point in 1.. {
        let output = project.run_with(&[("MIGRATE_FAIL_AT", &point.to_string())], ["up", "--no-lint"]);
        assert_eq!(output.signal(), Some(6), "{output}");
        if recorded() {
            return;
        }
        db.sql("drop table if exists migrate_history;");
    }
}

/// Somebody who has read a table, and whom others wait for.
fn reader(db: &TestDatabase, table: &str) -> Client {
    let mut reader = db.open();
    reader.sql(&format!("begin isolation level repeatable read; select count(*) from {table};"));
    reader
}

/// Waits until it is true.
fn until(what: &str, mut is_true: impl FnMut() -> bool) {
    for _ in 0..400 {
        if is_true() {
            return;
        }
        sleep(Duration::from_millis(50));
    }
    panic!("it never came to this: {what}");
}

/// Waits until somebody runs what begins so: clearing up waits for others as the statement did.
fn until_it_runs(db: &TestDatabase, text: &str) {
    let query = format!("select count(*) from pg_stat_activity where state = 'active' and query like '{text}%'");
    until(text, || db.value(&query) != "0");
}

fn invalid(db: &TestDatabase) -> String {
    let query = "select coalesce(string_agg(indexrelid::regclass::text, ',' order by indexrelid::regclass::text), '') from pg_index where not indisvalid";
    db.value(query)
}

#[test]
fn an_index_that_is_half_dropped_is_told_of_and_dropped_the_next_time() {
    let Some(db) = postgres() else { return };
    db.sql("create table t (x int); create index t_x on t (x);");
    let project = hurried(&db, "drop index concurrently t_x;");
    let mut other = reader(&db, "t");
    let failed = up(&project).exits(1).says("leaves the index `t_x`, which is invalid").says("give them longer");
    assert!(!failed.stderr.contains("nothing of it remains"), "{failed}");
    assert_eq!(invalid(&db), "t_x");
    assert_eq!(db.value("select state from migrate_history"), "running");
    other.sql("commit;");
    up(&project).ok();
    assert!(!db.table_exists("t_x"));
    assert_eq!(db.value("select count(*) from pg_class where relname = 't_x'"), "0");

    // The same on the way back, by a user who wants to stop.
    project.write("migrations/0002_b.up.sql", "create index t_x on t (x);");
    project.write("migrations/0002_b.down.sql", "drop index concurrently t_x;");
    up(&project).ok();
    let mut other = reader(&db, "t");
    let running = project.spawn(["down", "--yes"]);
    until("the index is invalid", || invalid(&db) == "t_x");
    running.interrupt();
    running.wait().exits(130).says("was broken off and leaves the index `t_x`");
    other.sql("commit;");
    project.run(["status", "--exit-code"]).exits(6);
    project.run(["down", "--yes"]).ok();
    assert_eq!(db.value("select count(*) from pg_class where relname = 't_x'"), "0");
}

#[test]
fn names_are_read_as_the_server_reads_them() {
    let Some(db) = postgres() else { return };
    let long = "Very".repeat(20);
    for name in ["\u{dc}nik", &long, r#"U&"\00dcn!""#, "u&\"!0041\" uescape '!'"] {
        db.sql("drop table if exists migrate_history, \"données\"; create table \"données\" (x int);");
        db.sql("insert into \"données\" values (1), (1);");
        let build =
            format!("create unique index concurrently if not exists {name} on U&\"donn\\00e9es\" /* its */ (x);");
        let project = alone(&db, &build);
        up(&project).exits(1).says("nothing of it remains");
        assert_eq!(invalid(&db), "", "{name}");
        db.sql("truncate \"données\";");
        up(&project).ok();
        let valid = db.value("select count(*) from pg_index where indrelid = '\"données\"'::regclass and indisvalid");
        assert_eq!(valid, "1", "{name}");
    }
}

/// Whether this server rebuilds and detaches partitions as later ones do.
fn knows_partitions(db: &TestDatabase) -> bool {
    db.value("select current_setting('server_version_num')::int >= 140000") == "t"
}

#[test]
fn copies_of_indexes_are_cleared_away_with_those_of_partitions_and_long_values() {
    let Some(db) = postgres() else { return };
    db.sql("create table t (x int primary key, long text);");
    db.sql("create table p (x int) partition by range (x); create index p_f on p (x);");
    db.sql("create table p1 partition of p for values from (0) to (9);");
    let project = hurried(&db, "reindex table concurrently t;");
    let mut other = reader(&db, "t");
    let running = project.spawn(["up", "--no-lint"]);
    until_it_runs(&db, "DROP INDEX");
    other.sql("commit;");
    running.wait().exits(1).says("_index_ccnew`, which is invalid and which only an administrator can drop");
    let user = db.value("select current_user");
    db.admin(&format!("drop index {}; grant usage on schema pg_toast to {user};", invalid(&db)));
    db.sql("drop table migrate_history;");
    let cases = [("t", "table concurrently t"), ("p1", "table concurrently p"), ("p1", "index concurrently p_f")];
    for (table, whose) in cases.into_iter().take(if knows_partitions(&db) { 3 } else { 1 }) {
        let project = hurried(&db, &format!("reindex {whose};"));
        let mut other = reader(&db, table);
        let running = project.spawn(["up", "--no-lint"]);
        until_it_runs(&db, "DROP INDEX");
        assert_ne!(invalid(&db), "", "{whose}");
        other.sql("commit;");
        running.wait().exits(1).says("nothing of it remains");
        assert_eq!(invalid(&db), "", "{whose}");
        db.sql("drop table migrate_history;");
    }
}

#[test]
fn what_was_there_before_is_not_cleared_away() {
    let Some(db) = postgres() else { return };
    db.sql("create schema s; create table s.t (x int primary key); create schema other; create table other.o (x int);");
    db.sql("insert into other.o values (1), (1); create table t (x int); insert into t values (1), (1);");
    for build in ["o_ccnew on other.o", "t_x on t"] {
        db.try_sql(&format!("create unique index concurrently {build} (x);")).unwrap_err();
    }
    let project = alone(&db, "create index concurrently t_x on t (x);");
    up(&project).exits(1).says("already exists");
    assert_eq!(invalid(&db), "other.o_ccnew,t_x");
    let later = alone(&db, "create table z (x int); create index concurrently t_x on t (x);");
    for _ in 0..2 {
        up(&later).exits(1).says("already exists");
        assert_eq!(invalid(&db), "other.o_ccnew,t_x");
    }
    db.sql("drop table migrate_history;");
    project.write(
        "migrations/0001_a.up.sql",
        "-- migrate:no-transaction\n-- migrate:rerunnable\ncreate index concurrently t_x on t (x);",
    );
    up(&project).exits(1).says("already exists");
    assert_eq!(invalid(&db), "other.o_ccnew,t_x");
    db.sql("drop table migrate_history;");

    // Nor is it taken for what was to be built.
    let project = alone(&db, "create index concurrently if not exists t_x on t (x);");
    let failed = up(&project).exits(1).says("the index `t_x` is there already and invalid, so that no query uses it");
    failed.says("`DROP INDEX CONCURRENTLY t_x`").says("`REINDEX INDEX CONCURRENTLY t_x`");
    assert_eq!(invalid(&db), "other.o_ccnew,t_x");
    db.sql("delete from t; reindex index concurrently t_x;");
    up(&project).ok();
    db.sql("drop table migrate_history;");

    let project = hurried(&db, "reindex schema concurrently s;");
    let mut other = reader(&db, "s.t");
    let running = project.spawn(["up", "--no-lint"]);
    until_it_runs(&db, "DROP INDEX");
    assert_eq!(invalid(&db), "other.o_ccnew,s.t_pkey_ccnew");
    other.sql("commit;");
    running.wait().exits(1);
    assert_eq!(invalid(&db), "other.o_ccnew");
}

#[test]
fn what_a_rerunnable_block_committed_is_told_of() {
    let Some(db) = postgres() else { return };
    db.sql("create table t (x int);");
    let project = alone(
        &db,
        "-- migrate:rerunnable\ndo $$ begin for i in 1..5 loop insert into t values (i); commit; if i = 3 then raise exception 'boom'; end if; end loop; end $$;",
    );
    let failed =
        up(&project).exits(1).says("leaves whatever it had committed by then").says("runs that statement again");
    assert!(!failed.stderr.contains("nothing of it remains"), "{failed}");
    assert_eq!(db.value("select count(*) from t"), "3");
    assert_eq!(db.value("select state from migrate_history"), "running");
    project.write(
        "migrations/0001_a.up.sql",
        "-- migrate:no-transaction\n-- migrate:rerunnable\ndo $$ begin delete from t; commit; end $$;",
    );
    up(&project).ok();
    assert_eq!(db.value("select count(*) from t"), "0");
}

#[test]
fn settings_that_only_the_lost_session_knew_need_a_human() {
    let Some(db) = postgres() else { return };
    db.sql("create schema tenant; create table work (x int);");
    for (first, rest, what) in [
        (
            "select set_config('search_path', nspname, false) from pg_namespace where nspname = 'tenant';",
            "create table a (x int); create table b (x int);",
            "a setting that was computed then",
        ),
        (
            "do $$ begin execute 'set search_path to tenant'; end $$;",
            "create table a (x int); create table b (x int);",
            "a setting that was computed then",
        ),
        ("create table pg_temp.work (x int);", "insert into work values (1); select 1;", "a temporary table"),
    ] {
        let project = alone(&db, &format!("{first}\n{rest}"));
        dies_after_the_first(&db, &project);
        up(&project).exits(6).says(&format!("statement 1 had made {what}"));
        assert!(!db.table_exists("b"), "{first}");
        assert_eq!(db.value("select count(*) from work"), "0", "{first}");
        db.sql("drop table migrate_history;");
        up(&project).ok();
        let there = db.value("select count(*) from pg_tables where schemaname = 'public' and tablename in ('a', 'b')");
        assert_eq!((there, db.value("select count(*) from work")), ("0".into(), "0".into()), "{first}");
        db.sql("drop table migrate_history; drop schema tenant cascade; create schema tenant;");
    }
}

#[test]
fn a_prepared_statement_is_made_again_once() {
    let Some(db) = postgres() else { return };
    db.sql("create table t (x int);");
    let project = alone(&db, "prepare p (int) as insert into t values ($1); execute p(1); vacuum t; execute p(2);");
    dies_after_the_first(&db, &project);
    up(&project).ok();
    assert_eq!(db.value("select string_agg(x::text, ',' order by x) from t"), "1,2");
}

/// Both ride in one message with the next on a fresh database.
#[test]
fn what_a_migration_leaves_in_its_session_does_not_change_the_next() {
    let Some(db) = postgres() else { return };
    db.sql("create schema tenant; create table users (x int); insert into users values (1);");
    db.sql("create function enter() returns int language sql as $$ select 1 from set_config('search_path', 'tenant', false) $$;");
    let project = Project::with([
        ("migrations/0001_a.up.sql", "create table pg_temp.users as select * from users;"),
        ("migrations/0002_b.up.sql", "update users set x = 2;"),
        ("migrations/0003_c.up.sql", "select enter();"),
        ("migrations/0004_d.up.sql", "create table made (x int);"),
    ])
    .on(&db);
    up(&project).ok();
    assert_eq!(db.value("select string_agg(x::text, ',' order by x) from public.users"), "2");
    assert_eq!(db.value("select schemaname from pg_tables where tablename = 'made'"), "public");
}

#[test]
fn a_role_that_a_function_takes_on_holds_for_the_statements_after_it() {
    let Some(db) = postgres() else { return };
    let role = format!("{}_app", db.name());
    let user = db.value("select session_user");
    db.admin(&format!("create role {role}; grant {role} to {user};"));
    db.sql(&format!("grant create on schema public to {role};"));
    let take = format!("select set_config('role', '{role}', false);");
    let project = alone(&db, &format!("{take} create table one (x int); vacuum one; create table two (x int);"));
    project.write("migrations/0002_b.up.sql", "create table three (x int);");
    up(&project).ok();
    let owners =
        db.rows("select tableowner from pg_tables where tablename in ('one', 'three', 'two') order by tablename");
    assert_eq!(owners.concat(), [&*role, &user, &role]);
    db.sql(&format!("drop table one, two; revoke create on schema public from {role};"));
    db.admin(&format!("drop role {role};"));
}

#[test]
fn what_a_script_must_not_set_is_refused() {
    let Some(db) = postgres() else { return };
    for (script, said) in [
        ("-- migrate:no-transaction\ndo $$ begin set role x; end $$;", "would be lost after it"),
        ("select set_config('session_authorization', 'x', false);", "would keep the history from being written"),
        ("set session session authorization x;", "would keep the history from being written"),
        ("set client_encoding = latin1; select 'é';", "convert the file to UTF-8"),
        ("select \"pg_advisory_unlock_all\"();", "would release the lock"),
    ] {
        let project = Project::with([("migrations/0001_a.up.sql", script)]).on(&db);
        up(&project).exits(2).says(said);
    }
    // Where nobody sees it beforehand, what the server says then is a refusal like another.
    let hidden =
        r"do $$ begin set client_encoding = 'LATIN1'; raise exception '%', convert_from('\xc3a9', 'UTF8'); end $$;";
    for script in [hidden.to_owned(), format!("-- migrate:no-transaction\n{hidden}")] {
        let project = Project::with([("migrations/0001_a.up.sql", script)]).on(&db);
        up(&project).exits(1).says("in words that are not UTF-8").says("nothing of it remains");
    }
    // What is the same in every encoding, and a role that is given back, are harmless.
    for script in [
        "set client_encoding = latin1; select 'e';",
        "set client_encoding = 'SQL_ASCII'; select 'é';",
        "-- migrate:no-transaction\ndo $$ begin set role none; perform 1; reset role; end $$;",
    ] {
        let project = Project::with([("migrations/0001_a.up.sql", script)]).on(&db);
        up(&project).ok();
        db.sql("drop table migrate_history;");
    }
    let script = "set client_encoding = 'UTF8'; set local search_path = public; create table t (x text);\ninsert into t values (E'a' -- it goes on\n'b\\'; c');";
    let project = Project::with([("migrations/0001_a.up.sql", script)]).on(&db);
    up(&project).ok();
    assert_eq!(db.value("select x from t"), "ab'; c");
}

#[test]
fn what_has_partitions_is_rebuilt_alone() {
    let Some(db) = postgres().filter(knows_partitions) else { return };
    db.sql("create table p (x int) partition by range (x); create index p_x on p (x);");
    db.sql("create table p1 partition of p for values from (0) to (9);");
    let sorted = db.value("select current_setting('server_version_num')::int >= 150000") == "t";
    let cluster = if sorted { "cluster p using p_x;" } else { "" };
    up(&alone(&db, &format!("reindex table p; reindex index p_x; {cluster}"))).ok();
}

/// What cannot be told is not called rolled back, nor what is finished unfinished.
#[test]
fn what_is_said_afterwards_is_true() {
    let Some(db) = postgres() else { return };
    db.sql("create table p (x int) partition by range (x);");
    for directive in ["", "-- migrate:rerunnable\n"].into_iter().filter(|_| knows_partitions(&db)) {
        db.sql("drop table if exists migrate_history, p1; create table p1 partition of p for values from (0) to (9);");
        let project = hurried(&db, &format!("{directive}alter table p detach partition p1 concurrently;"));
        let mut other = reader(&db, "p");
        let running = project.spawn(["up", "--no-lint"]);
        until_it_runs(&db, "ALTER TABLE p DETACH PARTITION p1 FINALIZE");
        other.sql("commit;");
        let failed = running.wait().exits(1);
        let failed = failed.says("all of its statements are done: run the command again, which records that");
        assert!(!failed.stderr.contains("goes on with statement"), "{failed}");
        up(&project).ok();
    }

    let project = Project::with([("migrations/0001_a.up.sql", "select 1;")]).on(&db);
    db.sql("drop table if exists migrate_history;");
    up(&project).ok();
    let project = project.variable("MIGRATE_DATABASE_URL", &format!("{}?connect_timeout=1", db.url()));
    project.write("migrations/0002_b.up.sql", "select pg_sleep(1); select 1/0;");
    let running = project.spawn(["up", "--no-lint", "-v"]);
    running.wait_for("0002 [1/");
    sleep(Duration::from_millis(300));
    // It is to be had as soon as the transaction is rolled back.
    let mut holder = db.open();
    holder.send("begin; lock table migrate_history; select pg_sleep(2);");
    let failed = running.wait().exits(1).says("it may be half-done");
    assert!(!failed.stderr.contains("nothing of it remains"), "{failed}");
}
