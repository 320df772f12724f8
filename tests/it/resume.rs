//! Going on in another session with a script that changed the one it began in.

use crate::support::{Engine, Project, TestDatabase};

/// A script that breaks off in its middle, and the same mended.
fn broken_and_mended(script: &str) -> (String, String) {
    let script = format!("-- migrate:no-transaction\n{script}");
    (script.replace("BREAK", "insert into nowhere values (1)"), script.replace("BREAK", "select 1"))
}

/// Runs a script up to its break, mends it, and goes on.
fn resumed(db: &TestDatabase, script: &str) -> Project {
    let (broken, mended) = broken_and_mended(script);
    let project = Project::with([("migrations/0001_m.sql", broken)]).on(db);
    project.run(["up"]).exits(1).says("it goes on with statement");
    project.write("migrations/0001_m.sql", mended);
    project.write("migrations/0002_after.sql", "create table after_it (id int);");
    project
}

#[test]
fn postgres_settings_are_made_again() {
    if !Engine::Postgres.is_wanted() {
        return;
    }
    let db = TestDatabase::fresh(Engine::Postgres);
    db.sql("create schema other;");
    let project = resumed(
        &db,
        "set search_path to other; create table one (id int); BREAK; create table two (id int); create index concurrently i on two (id); vacuum;",
    );
    project.run(["up"]).ok();
    let tables =
        db.rows("select schemaname, tablename from pg_tables where tablename in ('one', 'two', 'after_it') order by 2");
    let of = |schema: &str, table: &str| vec![schema.to_owned(), table.to_owned()];
    assert_eq!(tables, [of("public", "after_it"), of("other", "one"), of("other", "two")]);
}

#[test]
fn a_role_holds_for_the_statements_after_it_and_for_nothing_else() {
    if !Engine::Postgres.is_wanted() {
        return;
    }
    let db = TestDatabase::fresh(Engine::Postgres);
    let role = format!("{}_app", db.name());
    let user = db.value("select session_user");
    db.admin(&format!("create role {role}"));
    db.admin(&format!("grant {role} to {user}"));
    db.sql(&format!("grant create on schema public to {role};"));
    let script = format!(
        "set role {role}; create table one (id int); BREAK; create table two (id int); create index concurrently i on two (id); reset role; create table three (id int);"
    );
    resumed(&db, &script).run(["up"]).ok();
    let owners = db.rows("select tableowner from pg_tables where tablename in ('one', 'three', 'two', 'after_it', 'migrate_history') order by tablename").concat();
    assert_eq!(owners, [&*user, &user, &role, &user, &role]);
    db.sql("drop table one; drop table two;");
    db.sql(&format!("revoke create on schema public from {role};"));
    db.admin(&format!("drop role {role}"));
}

#[test]
fn mariadb_settings_are_made_again() {
    if !Engine::Mariadb.is_wanted() {
        return;
    }
    let db = TestDatabase::fresh(Engine::Mariadb);
    let project = resumed(
        &db,
        "set @x = 5, sql_mode = 'PIPES_AS_CONCAT'; create table one (id int, v varchar(5)); BREAK; insert into one values (@x, 'a' || 'b');",
    );
    project.run(["up"]).ok();
    assert_eq!(db.rows("select id, v from one").concat(), ["5", "ab"]);
}

#[test]
fn sqlite_settings_are_made_again() {
    if !Engine::Sqlite.is_wanted() {
        return;
    }
    let db = TestDatabase::fresh(Engine::Sqlite);
    let project = resumed(
        &db,
        "pragma case_sensitive_like = on; create table one (v int); BREAK; insert into one select 'A' like 'a';",
    );
    project.run(["up"]).ok();
    assert_eq!(db.value("select v from one"), "0");
}

/// Whether a copy that was broken off is whole, only its file can tell.
#[test]
fn a_copy_of_sqlite_that_was_broken_off_needs_a_human() {
    if !Engine::Sqlite.is_wanted() {
        return;
    }
    let mut doubtful = 0;
    for point in 1.. {
        let db = TestDatabase::fresh(Engine::Sqlite);
        let project = Project::with([("migrations/0001_m.sql", "vacuum into 'copy.db';")]).on(&db);
        let died = project.run_with(&[("MIGRATE_FAIL_AT", &point.to_string())], ["up", "--no-lint"]);
        if died.signal().is_none() {
            break;
        }
        if project.path("copy.db").exists() && db.value("select state from migrate_history") == "running" {
            doubtful += 1;
            project.run(["up", "--no-lint"]).exits(6).says("whether the copy was written whole");
        }
    }
    assert!(doubtful > 0);
}

#[test]
fn a_checkpoint_that_sqlite_could_not_finish_is_told() {
    if !Engine::Sqlite.is_wanted() {
        return;
    }
    let db = TestDatabase::fresh(Engine::Sqlite);
    db.sql("pragma journal_mode = wal; create table t (i int); insert into t values (1);");
    let mut reader = db.open();
    reader.sql("begin; select * from t;");
    db.sql("insert into t values (2);");
    let project = Project::with([("migrations/0001_m.sql", "pragma wal_checkpoint(truncate);")]).on(&db);
    project.run(["up", "--no-lint"]).ok().says("the write-ahead log was not emptied");
    reader.sql("commit;");
}

each_database! {
    fn what_cannot_be_made_again_needs_a_human(db: TestDatabase) {
        let project = resumed(
            &db,
            "create temporary table seen (id int); create table one (id int); BREAK; insert into one select id from seen;",
        );
        let said = project.run(["up"]).exits(6).says("statement 1 had made a temporary table");
        let said = said.says("interrupted after 2 of 4 statements");
        assert!(said.stderr.contains("migrate resolve 0001 --applied"), "{said}");
        project.run(["resolve", "0001", "--applied"]).ok();
        project.run(["repair", "0001"]).ok();
        project.run(["up"]).ok().says("1 migration applied");
    }

    fn a_temporary_table_that_nobody_needs_any_more_stops_nothing(db: TestDatabase) {
        let project = resumed(
            &db,
            "create temporary table seen (id int); create table one (id int); BREAK; insert into one values (1);",
        );
        project.run(["up"]).ok();
        assert_eq!(db.value("select count(*) from one"), "1");
    }

    fn a_way_back_that_broke_off_can_be_mended(db: TestDatabase) {
        let (broken, mended) = broken_and_mended("drop table one; BREAK; drop table two;");
        let project = Project::with([
            ("migrations/0001_m.up.sql", "create table one (id int); create table two (id int);".to_owned()),
            ("migrations/0001_m.down.sql", broken),
        ])
        .on(&db);
        project.run(["up"]).ok();
        project.run(["down", "--yes"]).exits(1).says("it goes on with statement 2");
        project.write("migrations/0001_m.down.sql", mended);
        project.run(["down", "--yes"]).ok();
        assert!(!db.table_exists("two"));
        project.run(["status"]).ok().says("0 applied, 1 pending");
    }
}

each_database! {
    fn what_is_undone_after_a_half_done_migration_is_shown_first(db: TestDatabase) {
        let (broken, mended) = broken_and_mended("create table two (id int); BREAK; create table three (id int);");
        let project = Project::with([
            ("migrations/0001_a.up.sql", "create table one (id int);".to_owned()),
            ("migrations/0001_a.down.sql", "drop table one;".to_owned()),
            ("migrations/0002_b.up.sql", broken),
            ("migrations/0002_b.down.sql", "drop table three; drop table two;".to_owned()),
        ])
        .on(&db);
        project.run(["up"]).exits(1).says("it goes on with statement");
        project.write("migrations/0002_b.up.sql", mended);
        let shown = project.run(["down", "--dry-run"]).ok();
        shown.says("`0002` is half-done, ").says("undo 0002 b").says("1 migration to run");
        project.run(["goto", "1"]).exits(2).says("undo 0002 b").says("--yes");
        let back = project.run(["down", "--yes"]).ok();
        back.says("undo 0002 b").says("applied 0002 b").says("undone 0002 b");
        assert!(db.table_exists("one") && !db.table_exists("two"));
    }

    fn what_was_mended_is_planned_as_it_will_run(db: TestDatabase) {
        let (broken, mended) = broken_and_mended("create table two (id int); BREAK; create table three (id int);");
        let project = Project::with([("migrations/0001_a.up.sql", broken)]).on(&db);
        project.run(["up"]).exits(1).says("it goes on with statement");
        project.write("migrations/0001_a.up.sql", mended);
        project.write("migrations/0002_b.up.sql", "create table four (id int);");
        for command in [&["plan", "-o", "plan.json"][..], &["up", "--dry-run"]] {
            project.run(command).ok().says("`0001` is half-done, ").says("1 migration to run");
        }
        project.run(["up", "--plan", "plan.json"]).ok();
        assert!(db.table_exists("three") && db.table_exists("four"));
        project.run(["verify"]).ok();
    }

    fn what_was_half_undone_counts_when_it_is_said_again(db: TestDatabase) {
        let (broken, mended) = broken_and_mended("drop table three; BREAK; drop table two;");
        let project = Project::with([
            ("migrations/0001_a.up.sql", "create table one (id int);".to_owned()),
            ("migrations/0001_a.down.sql", "drop table one;".to_owned()),
            ("migrations/0002_b.up.sql", "create table two (id int); create table three (id int);".to_owned()),
            ("migrations/0002_b.down.sql", broken),
        ])
        .on(&db);
        project.run(["up"]).ok();
        project.run(["down", "--yes"]).exits(1).says("it goes on with statement");
        project.write("migrations/0002_b.down.sql", mended);
        project.run(["redo", "--yes"]).exits(2).says("`0002` is half undone");
        project.run(["down", "--yes"]).ok().says("undone 0002 b");
        assert!(db.table_exists("one") && !db.table_exists("two"));
    }
}

#[test]
fn a_procedure_that_commits_is_called_by_itself() {
    if !Engine::Postgres.is_wanted() {
        return;
    }
    let db = TestDatabase::fresh(Engine::Postgres);
    let project = Project::with([(
        "migrations/0001_batches.sql",
        "create table batches (n int); create procedure fill() language plpgsql as $$ begin for n in 1..3 loop insert into batches values (n); commit; end loop; end $$;",
    )])
    .on(&db);
    project.run(["up"]).ok();
    project.write(
        "migrations/0002_fill.sql",
        "-- migrate:no-transaction\ninsert into batches values (0);\ncall fill();\ndo $$ begin call fill(); end $$;\ninsert into batches values (9);",
    );
    project.run(["up"]).ok();
    assert_eq!(db.value("select string_agg(n::text, ',' order by n) from batches"), "0,1,1,2,2,3,3,9");
    project.write("migrations/0003_within.sql", "insert into batches values (4);\ncreate procedure add() language sql as 'insert into batches values (5)';\ncall add();");
    project.run(["up"]).ok();
    assert_eq!(
        db.value("select max(n) from batches where n < 9"),
        "5",
        "what commits nothing is called in the transaction"
    );
}
