//! Plans that were written down.

use crate::support::{Project, TestDatabase};

fn shop(db: &TestDatabase) -> Project {
    Project::with([
        ("migrations/0001_users.up.sql", "create table users (id int primary key);"),
        ("migrations/0001_users.down.sql", "drop table users;"),
        ("migrations/0002_tags.up.sql", "create table tags (id int primary key);"),
        ("migrations/0002_tags.down.sql", "drop table tags;"),
    ])
    .on(db)
}

each_database! {
    fn a_plan_says_which_way_back_it_runs(db: TestDatabase) {
        let project = shop(&db);
        project.run(["up"]).ok();
        project.write("migrations/0002_tags.down.sql", "drop table tags; create table kept (id int);");
        project.run(["plan", "down", "--use", "stored", "-o", "stored.json"]).ok().says("from the history");
        project.run(["plan", "down", "--use", "file", "-o", "file.json"]).ok().says("migrations/0002_tags.down.sql");
        assert!(project.read("stored.json").contains("\"use\": \"stored\""), "{}", project.read("stored.json"));
        project.run(["up", "--plan", "stored.json", "--dry-run"]).ok().says("from the history");
        project.run(["up", "--plan", "file.json", "--dry-run"]).ok().says("create table kept");
        project.run(["up", "--plan", "stored.json", "--yes"]).ok().says("undone 0002 tags");
        assert!(!db.table_exists("tags") && !db.table_exists("kept"));
        project.run(["up"]).ok();
        // An edit after the plan was made is found, and asks nothing that a plan could not answer.
        project.run(["plan", "down", "-o", "plan.json"]).ok();
        project.write("migrations/0002_tags.down.sql", "drop table tags;");
        project.run(["up", "--plan", "plan.json"]).exits(5).says("the script of 0002 was edited since");
        assert!(db.table_exists("tags"));
    }

    fn a_plan_that_undoes_is_agreed_to(db: TestDatabase) {
        let project = shop(&db);
        project.run(["up"]).ok();
        project.run(["plan", "down", "-o", "plan.json"]).ok();
        let asked = project.run(["up", "--plan", "plan.json"]).exits(2);
        asked.says("loses data: drops table tags").says("there is nobody to ask").says("--yes");
        assert!(db.table_exists("tags"));
        project.run(["up", "--plan", "plan.json", "--dry-run"]).ok().says("loses data");
        let done = project.run(["up", "--plan", "plan.json", "--yes", "--quiet"]).ok().says("1 migration undone");
        assert_eq!(done.stderr, "");
        assert!(!db.table_exists("tags"));
        // One that goes forward asks nothing.
        project.run(["plan", "-o", "plan.json"]).ok();
        project.run(["up", "--plan", "plan.json"]).ok().says("1 migration applied");
        // Nor does one that is none any more.
        project.run(["plan", "down", "-o", "plan.json"]).ok();
        project.run(["down", "--yes"]).ok();
        project.run(["up", "--plan", "plan.json"]).exits(5).says("plan was made for another state");
        assert!(db.table_exists("users"));
    }

    fn a_plan_says_what_placeholders_stood_for(db: TestDatabase) {
        let project = Project::with([
            ("migrate.toml", "placeholders = true\n"),
            ("migrations/0001_a.up.sql", "create table ${table} (id int);"),
        ])
        .on(&db);
        project.run(["plan", "-o", "plan.json", "--var", "table=one"]).ok();
        project.run(["up", "--plan", "plan.json", "--var", "table=two"]).exits(5).says("the placeholders of 0001 have other values");
        assert!(!db.table_exists("two"));
        project.run(["up", "--plan", "plan.json", "--var", "table=one"]).ok();
        assert!(db.table_exists("one"));
    }

    fn a_plan_may_begin_after_what_is_half_done(db: TestDatabase) {
        let project = shop(&db);
        project.write(
            "migrations/0003_half.sql",
            "-- migrate:no-transaction\ncreate table half (id int);\ninsert into later values (1);",
        );
        project.write("migrations/0004_more.sql", "create table more (id int primary key);");
        project.run(["up", "--no-lint"]).exits(1);
        db.sql("create table later (id int)");
        project.run(["plan", "-o", "plan.json"]).ok().says("`0003` is half-done; it is finished first").says("1 migration to run");
        project.run(["up", "--plan", "plan.json", "--dry-run"]).ok();
        project.run(["up", "--plan", "plan.json", "--no-lint"]).ok().says("2 migrations applied");
        assert!(db.table_exists("more"));
    }

    fn the_first_format_is_read(db: TestDatabase) {
        let project = shop(&db);
        project.run(["up", "1"]).ok();
        project.run(["plan", "-o", "plan.json", "--format", "json"]).ok();
        let now: serde_json::Value = serde_json::from_str(&project.read("plan.json")).unwrap();
        let step = &now["steps"][0];
        let first = serde_json::json!({
            "version": 1,
            "head": now["head"],
            "steps": [{ "id": step["id"], "direction": step["direction"], "checksum": step["checksum"] }],
        });
        let with_version = |version: u32| {
            let mut plan = first.clone();
            plan["version"] = version.into();
            project.write("first.json", plan.to_string());
        };
        with_version(99);
        project.run(["up", "--plan", "first.json"]).exits(5).says("it has format 99");
        with_version(1);
        project.run(["up", "--plan", "first.json"]).ok();
        assert!(db.table_exists("tags"));
    }
}
