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
