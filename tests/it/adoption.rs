//! Taking over what other tools applied. Their tables are made here as they make them; `tests/peers` runs the tools.

use crate::support::{Project, TestDatabase};

/// The SHA-384 of `create table users (id int);`.
const USERS: &str = "8749ef7c6bd5b620892c0cb7f1518841d9a8711a8de9601ac5f649401452bd33a19993197260380621d4dc79ed0ba7c4";

fn sqlx(db: &TestDatabase) -> Project {
    let (bytes, truth) = match db.dialect() {
        "postgres" => ("bytea", "boolean"),
        _ => ("blob", "boolean"),
    };
    db.sql(&format!(
        "create table _sqlx_migrations (version bigint primary key, description text not null, \
         installed_on timestamp not null default current_timestamp, success {truth} not null, checksum {bytes} not null, \
         execution_time bigint not null)"
    ));
    db.sql("create table users (id int)");
    record(db, 1, USERS, true);
    Project::with([
        ("migrations/0001_users.sql", "create table users (id int);"),
        ("migrations/0002_orders.up.sql", "create table orders (id int);"),
        ("migrations/0002_orders.down.sql", "drop table orders;"),
    ])
    .on(db)
}

fn record(db: &TestDatabase, version: u64, checksum: &str, success: bool) {
    let checksum = if db.dialect() == "postgres" { format!("'\\x{checksum}'") } else { format!("x'{checksum}'") };
    db.sql(&format!(
        "insert into _sqlx_migrations (version, description, success, checksum, execution_time) \
         values ({version}, 'it', {success}, {checksum}, 1)"
    ));
}

fn theirs(db: &TestDatabase) -> Vec<String> {
    db.rows("select version from _sqlx_migrations order by version").concat()
}

each_database! {
    fn what_was_applied_is_taken_over_once(db: TestDatabase) {
        let project = sqlx(&db);
        let before = db.schema();
        project.run(["adopt", "--dry-run"]).ok().says("matched     0001 users").says("pending     0002 orders").says("1 to adopt");
        assert_eq!(db.schema(), before, "nothing was written");
        project.run(["adopt"]).ok().says("taking over from sqlx").says("1 adopted, 0 known already, 1 pending");
        project.run(["adopt", "--from", "sqlx"]).ok().says("0 adopted, 1 known already, 1 pending");
        let row = "select kind || ' ' || source_tool || ' ' || source_checksum from migrate_history";
        let row = if db.dialect() == "postgres" || db.dialect() == "sqlite" { row.to_owned() } else {
            "select concat(kind, ' ', source_tool, ' ', source_checksum) from migrate_history".to_owned()
        };
        assert_eq!(db.value(&row), format!("adopt sqlx {USERS}"));
        project.run(["verify"]).ok().says("verified 1 applied migration");
        project.run(["up"]).ok().says("1 migration applied");
        assert_eq!(theirs(&db), ["1"], "it was only read");
    }

    fn edited_files_are_not_taken_for_what_was_applied(db: TestDatabase) {
        let project = sqlx(&db);
        project.write("migrations/0001_users.sql", "create table users (id int, name text);");
        project.run(["adopt"]).exits(5).says("edited      0001 users").says("recorded ").says("nothing was taken over");
        assert_eq!(db.value("select count(*) from migrate_history"), "0");
        project.run(["adopt", "--accept-edited"]).ok().says("1 adopted");
        project.run(["verify"]).ok();
        // Line ends are no edit.
        let other = sqlx_again(&db);
        other.write("migrations/0001_users.sql", "create table users (id int);\r\n");
        other.run(["adopt", "--table", "second", "--dry-run"]).exits(5).says("edited");
    }

    fn a_state_that_is_half_done_waits_for_a_decision(db: TestDatabase) {
        let project = sqlx(&db);
        record(&db, 2, USERS, false);
        project.run(["adopt"]).exits(6).says("half-done   0002 orders").says("sqlx recorded that it failed");
        project.run(["status"]).ok().says("half-done");
        project.run(["up"]).exits(6).says("sqlx left it half-done").says("migrate resolve");
        project.run(["resolve", "2", "--reverted"]).ok();
        project.run(["up"]).ok().says("0002 orders");
        assert!(db.table_exists("orders"));
    }

    fn the_tools_records_are_kept_current_where_that_is_asked_for(db: TestDatabase) {
        let project = sqlx(&db);
        project.run(["adopt", "--mirror"]).ok().says("its records are kept current from now on");
        project.run(["up"]).ok();
        assert_eq!(theirs(&db), ["1", "2"]);
        project.run(["down", "--yes"]).ok();
        assert_eq!(theirs(&db), ["1"]);
        project.run(["adopt", "--no-mirror"]).ok();
        project.run(["up"]).ok();
        assert_eq!(theirs(&db), ["1"]);
    }

    fn what_is_only_in_the_database_is_said(db: TestDatabase) {
        let project = sqlx(&db);
        record(&db, 9, USERS, true);
        project.remove("migrations/0001_users.sql");
        project.run(["adopt"]).ok().says("only there  1").says("ahead       9").says("1 adopted");
        project.run(["status"]).ok().says("ahead");
    }

    fn which_tool_it_was_must_be_clear(db: TestDatabase) {
        let project = Project::with([("migrations/0001_users.sql", "create table users (id int);")]).on(&db);
        project.run(["adopt"]).exits(2).says("no table of another tool").says("migrate baseline");
        project.run(["adopt", "--from", "nothing"]).exits(2).says("known are sqlx, diesel");
        db.sql("create table schema_migrations (version varchar(128) primary key)");
        db.sql("create table __diesel_schema_migrations (version varchar(50) primary key, run_on timestamp)");
        project.run(["adopt"]).exits(2).says("several tools have tables in this database: diesel, dbmate");
        db.sql("insert into schema_migrations values ('0001')");
        project.run(["adopt", "--from", "dbmate"]).ok().says("unverified  0001 users").says("keeps no checksums");
    }
}

fn sqlx_again(db: &TestDatabase) -> Project {
    Project::with([("migrations/0001_users.sql", "create table users (id int);")]).on(db)
}
