//! All pending migrations in one transaction.

use crate::support::{Engine, Project, TestDatabase};

const FAMILY: &str = "create table parent (id integer primary key); create table child (id integer primary key, parent_id integer references parent (id) on delete cascade); insert into parent values (1); insert into child values (1, 1);";
const REBUILD: &str = "pragma foreign_keys = off;\ncreate table parent_new (id integer primary key, more text);\ninsert into parent_new (id) select id from parent;\ndrop table parent;\nalter table parent_new rename to parent;\npragma foreign_keys = on;";

/// A SQLite database with a parent and a child, unless this run is not to test SQLite.
fn family() -> Option<(TestDatabase, Project)> {
    if !Engine::Sqlite.is_wanted() {
        return None;
    }
    let db = TestDatabase::fresh(Engine::Sqlite);
    let project = Project::with([("migrations/0001_family.sql", FAMILY)]).on(&db);
    project.up();
    Some((db, project))
}

#[test]
fn foreign_keys_are_suspended_whichever_script_asks() {
    for (second, third) in [("create table other (id int);", REBUILD), (REBUILD, "create table other (id int);")] {
        let Some((db, project)) = family() else { return };
        project.write("migrations/0002_second.sql", second);
        project.write("migrations/0003_third.sql", third);
        project.run(["up", "--transaction", "all"]).ok();
        assert_eq!(db.value("select count(*) from child"), "1", "the cascade did not run");
    }
}

#[test]
fn foreign_keys_are_checked_whichever_script_asks() {
    let suspended = "pragma foreign_keys = off;\ndelete from parent;";
    for (second, third, named) in [
        (suspended, "create table other (id int);", "0002"),
        ("create table other (id int);", suspended, "0003"),
        (REBUILD, "delete from parent;", "0003"),
    ] {
        let Some((db, project)) = family() else { return };
        project.write("migrations/0002_second.sql", second);
        project.write("migrations/0003_third.sql", third);
        let output = project.run(["up", "--no-lint", "--transaction", "all"]).exits(1);
        output.says("rows would point nowhere").says("child").says(named);
        assert_eq!(db.value("select count(*) from parent"), "1");
        assert_eq!(db.value("select count(*) from migrate_history"), "1");
    }
}

#[test]
fn what_holds_for_the_next_script_is_refused() {
    if !Engine::Postgres.is_wanted() {
        return;
    }
    let db = TestDatabase::fresh(Engine::Postgres);
    db.sql("create schema app");
    let project = Project::with([
        ("migrations/0001_one.sql", "create table one (id int);\nset search_path = app;"),
        ("migrations/0002_two.sql", "create table two (id int);"),
    ])
    .on(&db);
    project
        .run(["up", "--transaction", "all"])
        .exits(2)
        .says("0001_one.sql:2:1")
        .says("leave `--transaction all` away");
    assert!(!db.table_exists("migrate_history"));
    project.write("migrations/0001_one.sql", "create table one (id int);");
    project.write("migrations/0003_three.sql", "set search_path = app; create table three (id int);");
    project.run(["up", "--transaction", "all"]).ok();
    let of = |table: &str| db.value(&format!("select schemaname from pg_tables where tablename = '{table}'"));
    assert_eq!([of("one"), of("two"), of("three")], ["public", "public", "app"]);
}

#[test]
fn each_script_is_under_its_own_limits() {
    if !Engine::Postgres.is_wanted() {
        return;
    }
    let db = TestDatabase::fresh(Engine::Postgres);
    let keep = "insert into limits select current_setting('statement_timeout'), current_setting('lock_timeout');";
    let project = Project::with([
        ("migrations/0001_limits.sql", format!("create table limits (statement text, lock text); {keep}")),
        ("migrations/0002_own.sql", format!("-- migrate:statement-timeout 7s\n-- migrate:lock-timeout 2s\n{keep}")),
        ("migrations/0003_none.sql", keep.to_owned()),
    ])
    .on(&db);
    project.run(["up", "--transaction", "all"]).ok();
    assert_eq!(db.rows("select statement, lock from limits").concat(), ["0", "300ms", "7s", "2s", "0", "300ms"]);
}
