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

    fn a_tag_is_what_was_applied_then_whatever_was_done_since(db: TestDatabase) {
        let project = released(&db);
        // The newest is not the one that was applied last any more.
        project.run(["down", "--to", "before-import", "--yes"]).ok();
        project.run(["redo", "--yes"]).ok().says("undone 0003 tags").says("applied 0003 tags");
        project.run(["up"]).ok();
        project.run(["down", "--to", "before-import", "--yes"]).ok().says("undone 0004 import");
        assert!(db.table_exists("tags") && !db.table_exists("import"));
        project.run(["down", "--to", "v1", "--yes"]).ok();
        let partly = project.run(["down", "--to", "before-import", "--yes"]).exits(2);
        partly.says("tag before-import has `0003`, which is not applied").says("migrate goto");
        project.run(["goto", "before-import", "--yes"]).ok().says("applied 0003 tags");
        assert!(db.table_exists("tags") && !db.table_exists("import"));
        project.run(["goto", "v3", "--yes"]).ok().says("applied 0004 import");
        project.run(["goto", "v3", "--yes"]).ok().says("nothing to do");
        project.run(["down", "--all", "--yes"]).ok();
        project.run(["goto", "v2", "--yes"]).ok().says("3 migrations applied");
        assert!(db.table_exists("tags") && !db.table_exists("import"));
        project.write("migrations/0005_more.up.sql", "create table more (id int primary key);");
        project.write("migrations/0005_more.down.sql", "drop table more;");
        project.run(["up"]).ok();
        project.run(["down", "--to", "users", "--yes"]).ok();
        project.remove("migrations/0002_orders.up.sql");
        project.remove("migrations/0002_orders.down.sql");
        project.run(["goto", "v1", "--yes"]).exits(2).says("there is no file for `0002`");
    }

    fn going_back_brings_nothing_that_was_undone_since(db: TestDatabase) {
        let project = released(&db);
        project.run(["down", "2", "--yes"]).ok();
        project.write("migrations/0005_more.up.sql", "create table more (id int primary key);");
        project.write("migrations/0005_more.down.sql", "drop table more;");
        project.remove("migrations/0003_tags.up.sql");
        project.remove("migrations/0003_tags.down.sql");
        project.run(["up", "--to", "5"]).ok();
        let both = project.run(["goto", "before-import", "--yes"]).exits(2);
        both.says("tag before-import has `0003`, which is not applied, and there is more than it has");
        let back = project.run(["down", "--to", "before-import", "--yes"]).ok();
        back.says("going back to tag before-import, but for `0003`, which it had").says("undone 0005 more");
        assert!(db.table_exists("orders") && !db.table_exists("more") && !db.table_exists("import"));
    }

    fn a_dry_run_of_both_ways_shows_both_and_runs_nothing(db: TestDatabase) {
        let project = released(&db);
        let before = project.run(["log"]).ok().stdout;
        let again = project.run(["redo", "--dry-run"]).ok();
        again.says("undo 0004 import").says("loses data").says("apply 0004 import").says("2 migrations to run");
        project.run(["goto", "v1", "--dry-run"]).ok().says("going back to release v1").says("undo 0003 tags");
        project.run(["down", "--to", "v1", "--yes"]).ok();
        project.run(["goto", "import", "--dry-run"]).ok().says("apply 0003 tags").says("apply 0004 import");
        project.run(["goto", "nowhere", "--dry-run"]).exits(2);
        assert!(!db.table_exists("tags") && !db.table_exists("import"));
        assert!(project.run(["log"]).ok().stdout.starts_with(&before));
    }

    fn redo_undoes_nothing_for_what_the_linter_stops(db: TestDatabase) {
        let project = released(&db);
        project.write("migrations/0004_import.up.sql", "creat table import (id int primary key);");
        project.run(["redo", "--yes"]).exits(3).says("unparsed-statement");
        assert!(db.table_exists("import"));
        project.write("migrations/0004_import.up.sql", "create table import (id int primary key); drop table orders;");
        project.run(["redo", "--yes"]).exits(3);
        assert!(db.table_exists("import") && db.table_exists("orders"));
        project.run(["redo", "--yes", "--no-lint"]).ok();
        assert!(!db.table_exists("orders"));
    }

    fn what_failed_after_an_undo_says_how_to_go_on(db: TestDatabase) {
        let project = released(&db);
        project.write("migrations/0004_import.up.sql", "insert into nowhere values (1);");
        let again = project.run(["redo", "--yes", "--no-lint"]).exits(1);
        again.says("run `migrate up`, which applies what is undone");
        project.write("migrations/0004_import.up.sql", "create table import (id int primary key);");
        project.run(["up"]).ok().says("applied 0004 import");
        project.write("migrations/0003_tags.down.sql", "insert into nowhere values (1);");
        project.run(["down", "2", "--yes", "--use", "file"]).exits(1).says("run `migrate down 1` for what is left");
    }

    fn a_dry_run_of_a_plan_says_what_the_run_would_say(db: TestDatabase) {
        let project = released(&db);
        project.write("migrations/0005_more.up.sql", "create table more (id int primary key);");
        project.run(["plan", "-o", "plan.json"]).ok();
        project.run(["up", "--plan", "plan.json", "--dry-run"]).ok().says("create table more");
        project.write("migrations/0005_more.up.sql", "create table other (id int primary key);");
        for arguments in [&["up", "--plan", "plan.json", "--dry-run"][..], &["up", "--plan", "plan.json"]] {
            project.run(arguments).exits(5).says("the script of 0005 was edited since");
        }
        assert!(!db.table_exists("other"));
    }

    fn a_name_that_means_several_states_is_asked_back(db: TestDatabase) {
        let project = released(&db);
        project.write("migrations/0005_more.up.sql", "create table more (id int primary key);");
        project.write("migrations/0005_more.down.sql", "drop table more;");
        project.run(["up", "--release", "2.0"]).ok();
        let asked = project.run(["down", "--to", "2.0", "--yes"]).exits(2);
        asked.says("`2.0` is migration 0002 and release 2.0").says("`release:2.0`");
        project.run(["down", "--to", "release:2.0", "--yes"]).ok().says("nothing to do");
        project.run(["down", "--to", "version:2.0", "--yes"]).ok().says("undone 0003 tags");
        assert!(db.table_exists("orders") && !db.table_exists("tags"));
        project.write("migrations/0006_orders.up.sql", "create table others (id int primary key);");
        project.run(["goto", "orders", "--yes"]).exits(2).says("`orders` is the name of several migrations: 0002, 0006");
    }

    fn what_an_older_release_finds_is_not_its_state(db: TestDatabase) {
        let project = released(&db);
        let older = Project::with([
            ("migrations/0001_users.up.sql", "create table users (id int primary key);"),
            ("migrations/0001_users.down.sql", "drop table users;"),
            ("migrations/0002_orders.up.sql", "create table orders (id int primary key);"),
            ("migrations/0002_orders.down.sql", "drop table orders;"),
        ])
        .on(&db);
        older.run(["up", "--release", "v1"]).ok();
        project.run(["down", "--to", "v1", "--yes"]).ok().says("undone 0003 tags");
        assert!(db.table_exists("orders") && !db.table_exists("tags"));
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
        project.write("migrations/0006_one.up.sql", "create table one (id int);");
        project.write("migrations/0007_two.up.sql", "create table two (id int);");
        project.run(["up"]).ok();
        let refused = project.run(["down", "4", "--yes"]).exits(2);
        let refused = refused.says("`0005 gone` cannot be undone: the old rows are gone");
        refused.says("error: `0007 two` and 1 more have no down script, neither in the folder nor in the history: `0006 one`");
        assert!(db.table_exists("import") && db.table_exists("gone") && db.table_exists("two"));
    }

    fn a_repair_does_not_hide_the_way_back(db: TestDatabase) {
        let project = released(&db);
        project.remove("migrations/0004_import.down.sql");
        let edited = project.read("migrations/0004_import.up.sql").replace(';', " ;");
        project.write("migrations/0004_import.up.sql", edited);
        project.run(["repair", "4"]).ok();
        project.run(["down", "--yes"]).ok();
        assert!(!db.table_exists("import"));
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

    fn a_stored_script_that_was_changed_is_not_run(db: TestDatabase) {
        let project = released(&db);
        project.run(["verify"]).ok();
        db.sql("update migrate_history set down_script = 'drop table users;' where version = '0004'");
        project.run(["verify"]).exits(5).says("`0004 import`: `down_script` in row 5 of the history was changed");
        // The folder has a script of its own, which is not the changed one.
        project.run(["down", "--dry-run", "--use", "stored"]).exits(5).says("down_script");
        project.run(["down", "--dry-run"]).ok();
        let down = project.read("migrations/0004_import.down.sql");
        project.remove("migrations/0004_import.down.sql");
        project.run(["down", "--yes"]).exits(5).says("`down_script` in row 5 of the history was changed").says("--use file");
        assert!(db.table_exists("users") && db.table_exists("import"));
        project.write("migrations/0004_import.down.sql", down);
        project.run(["down", "--yes", "--use", "file"]).ok();
        assert!(db.table_exists("users") && !db.table_exists("import"));
        project.run(["verify"]).ok();
    }

    fn a_stored_script_with_placeholders_is_what_was_stored(db: TestDatabase) {
        let project = Project::with([
            ("migrate.toml", "placeholders = true\n[variables]\ntable = \"things\"\n"),
            ("migrations/0001_a.up.sql", "create table ${table} (id int);"),
            ("migrations/0001_a.down.sql", "drop table ${table};"),
        ])
        .on(&db);
        project.run(["up"]).ok();
        project.run(["verify"]).ok();
        project.remove("migrations/0001_a.down.sql");
        db.sql("create table other (id int)");
        let stored = db.value("select down_script from migrate_history");
        db.sql("update migrate_history set down_script = replace(down_script, 'things', 'other')");
        project.run(["down", "--yes"]).exits(5).says("row 1");
        db.sql("update migrate_history set down_script = replace(down_script, 'other', 'things')");
        assert_eq!(db.value("select down_script from migrate_history"), stored);
        project.run(["down", "--yes"]).ok();
        assert!(!db.table_exists("things") && db.table_exists("other"));
    }
}
