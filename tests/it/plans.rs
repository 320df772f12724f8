//! Plans that were written down.

use crate::support::{Engine, Project, Server, Signal, TestDatabase};

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
        project.run(["plan", "-o", "plan.json"]).ok().says("`0003` is half-done, ").says("1 migration to run");
        project.run(["up", "--plan", "plan.json", "--dry-run"]).ok();
        project.run(["up", "--plan", "plan.json", "--no-lint"]).ok().says("2 migrations applied");
        assert!(db.table_exists("more"));
    }

    fn a_plan_runs_on_the_database_it_was_made_on(db: TestDatabase) {
        let other = TestDatabase::fresh(db.engine());
        let project = shop(&db);
        project.run(["plan", "-o", "plan.json"]).ok();
        let elsewhere = ["--database-url", &other.url()];
        let run = |words: &[&str]| project.run(words.iter().chain(&elsewhere).copied());
        let refused = run(&["up", "--plan", "plan.json"]).exits(5).says("the plan was made on `").says("`, and this is `");
        refused.says("--any-database").says("migrate plan -o FILE");
        run(&["up", "--plan", "plan.json", "--dry-run"]).exits(5).says("the plan was made on `");
        assert!(!other.table_exists("users") && !other.table_exists("migrate_history"));
        let refused = project.run(["up", "--plan", "plan.json", "--table", "other_history"]).exits(5);
        refused.says("the plan was made on a history in `").says("other_history`");
        project.run(["up", "--any-database"]).exits(2).says("--plan");
        project.run(["up", "--plan", "plan.json"]).ok().says("2 migrations applied");
        // Made on one, and meant for the other.
        run(&["up", "--plan", "plan.json", "--any-database"]).ok().says("2 migrations applied");
        project.run(["plan", "down", "--all", "-o", "plan.json"]).ok();
        run(&["up", "--plan", "plan.json", "--yes"]).exits(5).says("`, and this is `");
        run(&["up", "--plan", "plan.json", "--yes", "--any-database"]).ok().says("2 migrations undone");
        run(&["up", "--plan", "plan.json", "--yes", "--any-database"]).exits(5).says("something was applied or undone since");
        assert!(db.table_exists("users") && !other.table_exists("users"));
    }

    fn a_database_is_the_same_by_every_address(db: TestDatabase) {
        let project = shop(&db);
        let other = match db.engine() {
            Engine::Sqlite => {
                std::os::unix::fs::symlink(db.file(), project.path("link.db")).unwrap();
                "sqlite:link.db".to_owned()
            }
            _ => db.url().replace("127.0.0.1", "localhost"),
        };
        assert_ne!(other, db.url());
        project.run(["plan", "-o", "plan.json", "--database-url", &other]).ok();
        project.run(["up", "--plan", "plan.json"]).ok();
    }

    /// Heads agree wherever the same was applied.
    fn a_history_that_was_begun_anew_is_another(db: TestDatabase) {
        let project = shop(&db);
        project.run(["up", "1"]).ok();
        project.run(["plan", "-o", "plan.json"]).ok();
        let head = db.value("select hash from migrate_history");
        db.sql("drop table users");
        db.sql("drop table migrate_history");
        project.run(["up", "1"]).ok();
        assert_eq!(db.value("select hash from migrate_history"), head);
        project.run(["up", "--plan", "plan.json"]).exits(5).says("with another history");
        project.run(["up", "--plan", "plan.json", "--any-database"]).ok();
        assert!(db.table_exists("tags"));
    }

    /// Who goes on with what is half-done becomes its owner.
    fn a_history_that_begins_half_done_is_the_same_afterwards(db: TestDatabase) {
        let project = shop(&db);
        project.write(
            "migrations/0000_half.sql",
            "-- migrate:no-transaction\ncreate table half (id int);\ninsert into later values (1);",
        );
        project.run(["up", "--no-lint"]).exits(1);
        db.sql("create table later (id int)");
        project.run(["plan", "-o", "plan.json"]).ok();
        project.run(["up", "--plan", "plan.json", "--no-lint"]).ok().says("3 migrations applied");
    }

    fn a_plan_notes_its_release(db: TestDatabase) {
        let project = shop(&db);
        project.run(["up", "1"]).ok();
        project.run(["tag", "here"]).ok();
        project.run(["plan", "-o", "plan.json"]).ok();
        project.run(["up", "--plan", "plan.json", "--release", "here"]).exits(2);
        project.run(["up", "--plan", "plan.json", "--release", "v2"]).ok();
        project.run(["down", "--to", "release:v2", "--yes"]).ok().says("nothing to do");
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
        project.run(["up", "--plan", "first.json"]).ok().says("the plan does not say which database it was made on");
        assert!(db.table_exists("tags"));
    }
}

/// A database of the same name on another server, as production has that of staging.
#[test]
fn the_same_name_on_another_server_is_another_database() {
    for engine in [Engine::Postgres, Engine::Mariadb].into_iter().filter(|engine| engine.is_wanted()) {
        let (staging, production) = (TestDatabase::fresh(engine), TestDatabase::on(&Server::private(engine)));
        let name = staging.name();
        production.admin(&format!("create database {name};"));
        let there = staging.url_at(production.server().address());
        let project = shop(&staging);
        project.run(["plan", "-o", "plan.json"]).ok();
        let refused = project.run(["up", "--plan", "plan.json", "--database-url", &there]).exits(5);
        refused.says(&format!("the plan was made on another server's `{name}`"));
        project.run(["plan", "-o", "plan.json", "--database-url", &there]).ok();
        project.run(["up", "--plan", "plan.json"]).exits(5);
        production.server().stop(Signal::Terminate);
        production.server().restart();
        project.run(["up", "--dry-run", "--plan", "plan.json", "--database-url", &there]).ok();
    }
}

#[test]
fn a_file_that_is_not_there_yet_has_its_name() {
    if !Engine::Sqlite.is_wanted() {
        return;
    }
    let project = shop(&TestDatabase::fresh(Engine::Sqlite));
    let run = |words: &[&str], url: &str| project.run(words.iter().chain(&["--database-url", url]).copied());
    run(&["plan", "-o", "plan.json"], "sqlite:new.db").ok();
    assert!(!project.path("new.db").exists());
    run(&["up", "--plan", "plan.json"], "sqlite:other.db").exits(5).says("new.db`, and this is `");
    let whole = format!("sqlite://{}", project.path("new.db").display());
    run(&["up", "--plan", "plan.json"], &whole).ok().says("2 migrations applied");
}
