//! Going back.

use crate::support::{Project, TestDatabase};

fn released(db: &TestDatabase) -> Project {
    let project = Project::with([
        ("migrations/0001_users.up.sql", "create table users (id int primary key);"),
        ("migrations/0001_users.down.sql", "drop table users;"),
        ("migrations/0002_orders.up.sql", "create table orders (id int primary key);"),
        ("migrations/0002_orders.down.sql", "drop table orders;"),
    ])
    .on(db);
    project.run(["up", "--release", "v1"]).ok();
    project.write("migrations/0003_tags.up.sql", "create table tags (id int primary key);");
    project.write("migrations/0003_tags.down.sql", "drop table tags;");
    project.run(["up", "--release", "v2"]).ok();
    project.run(["tag", "before-import"]).ok();
    project.write("migrations/0004_import.up.sql", "create table import (id int primary key);");
    project.write("migrations/0004_import.down.sql", "drop table import;");
    project.run(["up", "--release", "v3"]).ok();
    project
}

each_database! {
    fn to_a_release_a_tag_a_name_a_version(db: TestDatabase) {
        let project = released(&db);
        project.run(["down", "--to", "before-import", "--yes"]).ok().says("tag before-import").says("loses data");
        assert!(db.table_exists("tags") && !db.table_exists("import"));
        project.run(["down", "--to", "v1", "--yes"]).ok();
        assert!(db.table_exists("orders") && !db.table_exists("tags"));
        project.run(["up"]).ok();
        project.run(["down", "--to", "tags", "--yes"]).ok();
        assert!(db.table_exists("tags") && !db.table_exists("import"));
        project.run(["down", "--to", "1", "--yes"]).ok();
        assert!(db.table_exists("users") && !db.table_exists("orders"));
        project.run(["down", "--to", "nowhere", "--yes"]).exits(2).says("`nowhere` is no version");
        project.run(["down", "--all", "--yes"]).ok();
        assert!(!db.table_exists("users"));
        project.run(["verify"]).ok();
    }

    fn with_the_older_releases_files(db: TestDatabase) {
        let project = released(&db);
        for file in ["0003_tags.up.sql", "0003_tags.down.sql", "0004_import.up.sql", "0004_import.down.sql"] {
            project.remove(format!("migrations/{file}"));
        }
        project.run(["down", "--to", "v1", "--dry-run"]).ok().says("from the history");
        project.run(["down", "--to", "v1", "--yes"]).ok();
        assert!(db.table_exists("orders") && !db.table_exists("tags") && !db.table_exists("import"));
        project.run(["up"]).ok().says("nothing to do");
    }

    fn nobody_to_ask_is_no_yes(db: TestDatabase) {
        let project = released(&db);
        project.run(["down"]).exits(2).says("--yes");
        assert!(db.table_exists("import"));
        project.run(["down", "-y"]).ok();
        assert!(!db.table_exists("import"));
        project.run(["redo", "-y"]).ok().says("1 migration undone, 1 migration applied");
        project.run(["goto", "1", "-y"]).ok();
        assert!(!db.table_exists("orders"));
        project.run(["goto", "4", "-y"]).ok();
        assert!(db.table_exists("import"));
    }

    fn no_way_back_is_said_before_anything_is_run(db: TestDatabase) {
        let project = released(&db);
        project.write("migrations/0005_gone.up.sql", "-- migrate:down irreversible: the old rows are gone\ncreate table gone (id int);");
        project.run(["up"]).ok();
        project.run(["down", "2", "--yes"]).exits(2).says("the old rows are gone");
        assert!(db.table_exists("import") && db.table_exists("gone"));
    }

    fn a_release_without_migrations_can_be_gone_back_to(db: TestDatabase) {
        let project = released(&db);
        project.run(["up", "--release", "v3.1"]).ok();
        project.write("migrations/0005_more.up.sql", "create table more (id int);");
        project.write("migrations/0005_more.down.sql", "drop table more;");
        project.run(["up", "--release", "v4"]).ok();
        project.run(["down", "--to", "v3.1", "--yes"]).ok();
        assert!(!db.table_exists("more") && db.table_exists("import"));
        project.run(["log"]).ok().says("v3.1").says("before-import").says("revert");
    }

    fn a_baseline_takes_over_what_is_there(db: TestDatabase) {
        db.sql("create table users (id int primary key)");
        db.sql("create table orders (id int primary key)");
        let project = Project::with([
            ("migrations/0001_users.up.sql", "create table users (id int primary key);"),
            ("migrations/0002_orders.up.sql", "create table orders (id int primary key);"),
            ("migrations/0003_tags.up.sql", "create table tags (id int primary key);"),
        ])
        .on(&db);
        project.run(["baseline", "2"]).ok().says("baselined 0002");
        project.run(["up"]).ok().says("1 migration applied");
        project.run(["baseline", "3"]).exits(2).says("already has");
        project.run(["verify"]).ok();
    }
}
