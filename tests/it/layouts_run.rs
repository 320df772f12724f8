//! Every command works on the folders of other tools.

use crate::support::{Project, TestDatabase};

/// Applies everything, looks at it, undoes the last, and applies it again.
fn lives(project: &Project, db: &TestDatabase, steps: usize, last_table: &str, undo: &str) {
    project.run(["plan"]).ok().says("create table");
    project.run(["up"]).ok().says(&format!("{steps} migrations applied"));
    assert!(db.table_exists(last_table));
    project.run(["up"]).ok().says("nothing to do");
    project.run(["status", "--exit-code"]).ok().says(&format!("{steps} applied, 0 pending"));
    project.run(["verify"]).ok().says(&format!("verified {steps} applied migrations"));
    project.run(["down", "--to", undo, "--yes"]).ok();
    assert!(!db.table_exists(last_table));
    project.run(["status", "--exit-code"]).exits(4).says(&format!("{} applied, 1 pending", steps - 1));
    project.run(["up"]).ok();
}

each_database! {
    fn liquibase(db: TestDatabase) {
        let project = Project::with([(
            "migrations/changes.sql",
            "--liquibase formatted sql\n\n\
             --changeset ann:users\ncreate table users (id int primary key, name varchar(50));\n--rollback drop table users;\n\n\
             --changeset ann:orders endDelimiter:// rollbackEndDelimiter:GO\ncreate table orders (id int primary key)\n//\n\
             insert into orders values (1)\n//\n--rollback drop table orders\n--rollback GO\n",
        )])
        .on(&db);
        lives(&project, &db, 2, "orders", "users");
        assert_eq!(db.value("select count(*) from orders"), "1");
        project.run(["new", "add phone"]).ok().says("changes.sql");
        assert!(project.read("migrations/changes.sql").ends_with("--changeset migrate:add_phone\n\n--rollback not required\n"));
        project.run(["status", "--exit-code"]).exits(4).says("changes.sql::add_phone::migrate");

        // Before those that are applied, in the changelog as in a file.
        let text = project.read("migrations/changes.sql").replace(
            "--changeset ann:users",
            "--changeset bob:early\ncreate table early (id int);\n--changeset ann:users",
        );
        project.write("migrations/changes.sql", text);
        project.run(["up"]).ok().says("changes.sql::early::bob");
        assert!(db.table_exists("early"));
        project.write("migrations/changes.sql", project.read("migrations/changes.sql").replace("varchar(50)", "varchar(60)"));
        project.run(["up"]).exits(5).says("changes.sql::users::ann").says("was edited");
    }

    fn liquibase_runs_again_what_is_to_run_again(db: TestDatabase) {
        let changes = |view: &str| format!(
            "--liquibase formatted sql\n--changeset a:t\ncreate table t (id int);\n\
             --changeset a:v runOnChange:true\ndrop view if exists v;\ncreate view v as select {view} as x from t;\n\
             --changeset a:count runAlways:true\ninsert into t values (1);\n"
        );
        let project = Project::with([("migrations/changes.sql", changes("id"))]).on(&db);
        project.run(["up"]).ok().says("3 migrations applied");
        project.run(["status", "--exit-code"]).ok().says("3 applied, 0 pending");
        project.run(["up"]).ok().says("1 migration applied");
        assert_eq!(db.value("select count(*) from t"), "2");
        project.write("migrations/changes.sql", changes("id + 1"));
        project.run(["status", "--exit-code"]).exits(4).says("1 pending");
        project.run(["up"]).ok().says("2 migrations applied");
        assert_eq!(db.value("select max(x) from v"), "2");
        // What has no way back stays, as a repeatable script does.
        project.run(["verify"]).ok();
    }

    fn liquibase_asks_before_it_runs(db: TestDatabase) {
        let project = Project::with([(
            "migrations/changes.sql",
            "--liquibase formatted sql\n--changeset a:t\ncreate table t (id int);\ninsert into t values (1);\n\
             --changeset a:marked\n--preconditions onFail:MARK_RAN\n--precondition-sql-check expectedResult:0 select count(*) from t\n\
             create table marked (id int);\n\
             --changeset a:later\n--preconditions onFail:CONTINUE\n--precondition-sql-check expectedResult:2 select count(*) from t\n\
             create table later (id int);\n\
             --changeset a:run\n--precondition-sql-check expectedResult:1 select count(*) from t\ncreate table run (id int);\n\
             --changeset a:halt\n--precondition-sql-check expectedResult:7 select count(*) from t\ncreate table halt (id int);\n",
        )])
        .on(&db);
        let output = project.run(["up"]).exits(1).says("a precondition of `changes.sql::halt::a` does not hold");
        let output = output.says("select count(*) from t` gives 1, not 7").says("it counts as applied and does not run");
        output.says("it is left for the next run");
        assert!(db.table_exists("run") && !db.table_exists("marked") && !db.table_exists("later") && !db.table_exists("halt"));
        db.sql("insert into t values (2)");
        project.run(["up"]).exits(1);
        assert!(db.table_exists("later") && !db.table_exists("marked"));
    }

    fn sqitch(db: TestDatabase) {
        let who = "2026-11-01T09:00:00Z Ann Baker <ann@example.org>";
        let script = |sql: &str| format!("-- Deploy\n\nBEGIN;\n\n{sql};\n\nCOMMIT;\n");
        let project = Project::with([
            ("migrations/sqitch.plan", format!("%syntax-version=1.0.0\n%project=shop\n\nusers {who}\n@v1.0 {who}\n\norders [users] {who}\n")),
            ("migrations/deploy/users.sql", script("create table users (id int primary key)")),
            ("migrations/revert/users.sql", script("drop table users")),
            ("migrations/deploy/orders.sql", script("create table orders (id int primary key)")),
            ("migrations/revert/orders.sql", script("drop table orders")),
        ])
        .on(&db);
        lives(&project, &db, 2, "orders", "@v1.0");
        project.run(["new", "add phone"]).ok().says("deploy/add_phone.sql");
        let plan = project.read("migrations/sqitch.plan");
        assert!(plan.lines().last().unwrap().starts_with("add_phone 20") && plan.ends_with("Z Ann Baker <ann@example.org>\n"), "{plan}");
        project.run(["up"]).ok().says("add_phone");
    }

    fn atlas(db: TestDatabase) {
        let project = Project::with([
            ("migrations/20240101000000_users.sql", "create table users (id int primary key);\n"),
            ("migrations/20240102000000_orders.sql", "-- atlas:txtar\n\n-- migration.sql --\ncreate table orders (id int primary key);\n-- down.sql --\ndrop table orders;\n"),
        ])
        .on(&db);
        lives(&project, &db, 2, "orders", "20240101000000");
        project.run(["new", "add phone"]).ok().says("_add_phone.sql");
    }

    fn graphile_migrate(db: TestDatabase) {
        let project = Project::with([(
            "migrations/committed/000001-users.sql",
            "--! Previous: -\n--! Hash: sha1:b9f0d8ad2a2a57a3a0a0a4d4a2f8d3c6e1f5a7b1\n--! AllowInvalidHash\n\ncreate table users (id int primary key);\n",
        )])
        .on(&db);
        project.run(["up"]).ok().says("1 migration applied");
        project.run(["new", "orders"]).ok().says("committed/000002-orders.sql");
        let text = project.read("migrations/committed/000002-orders.sql");
        assert!(text.starts_with("--! Previous: sha1:b9f0d8ad"), "{text}");
        project.write("migrations/committed/000002-orders.sql", text + "create table orders (id int primary key);\n");
        project.run(["up"]).ok();
        assert!(db.table_exists("orders"));
        project.run(["down", "--yes"]).exits(2).says("has no down script");
        project.run(["verify"]).ok();
    }
}
