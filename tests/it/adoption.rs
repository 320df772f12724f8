//! Taking over what other tools applied. Their tables are made here as they make them; `tests/peers` runs the tools.

use crate::support::{Project, TestDatabase};

const MINE: [(&str, &str); 2] = [
    ("migrations/1_users.up.sql", "create table users (id int);\n"),
    ("migrations/2_orders.up.sql", "create table orders (id int);\n"),
];

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
        // The configuration has the last word.
        project.write("migrate.toml", "[history]\nmirror = \"sqlx\"\n");
        project.run(["redo", "--yes"]).ok();
        assert_eq!(theirs(&db), ["1", "2"]);
        project.write("migrate.toml", "[history]\nmirror = \"nothing\"\n");
        project.run(["up"]).exits(2).says("migrate.toml:2: mirror: `nothing` is no tool").says("known are off, golang-migrate");
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
        project.run(["adopt", "--from", "nothing"]).exits(2).says("known are golang-migrate, sqlx");
        db.sql("create table schema_migrations (version varchar(128) primary key)");
        db.sql("create table __diesel_schema_migrations (version varchar(50) primary key, run_on timestamp)");
        project.run(["adopt"]).exits(2).says("several tools have tables in this database: dbmate, diesel");
        db.sql("insert into schema_migrations values ('0001')");
        project.run(["adopt", "--from", "dbmate"]).ok().says("unverified  0001 users").says("keeps no checksums");
    }

    fn golang_migrate_knows_the_newest_version_only(db: TestDatabase) {
        let project = Project::with(MINE.into_iter().chain([
            ("migrations/1_users.down.sql", "drop table users;"),
            ("migrations/2_orders.down.sql", "drop table orders;"),
            ("migrations/3_last.up.sql", "create table last_one (id int);"),
            ("migrations/3_last.down.sql", "drop table last_one;"),
        ]))
        .on(&db);
        db.sql("create table schema_migrations (version bigint not null primary key, dirty boolean not null)");
        db.sql("create table users (id int)");
        db.sql("create table orders (id int)");
        db.sql("insert into schema_migrations values (2, false)");
        project.run(["adopt", "--mirror"]).ok().says("unverified  1 users").says("unverified  2 orders").says("2 adopted");
        let theirs = || db.rows("select version from schema_migrations").concat();
        project.run(["up"]).ok();
        assert_eq!(theirs(), ["3"]);
        project.run(["down", "2", "--yes"]).ok();
        assert_eq!(theirs(), ["1"]);
        project.run(["down", "--yes"]).ok();
        assert!(theirs().is_empty());
    }

    fn golang_migrates_dirty_version_waits_for_a_decision(db: TestDatabase) {
        let project = Project::with(MINE).on(&db);
        db.sql("create table schema_migrations (version bigint not null primary key, dirty boolean not null)");
        db.sql("create table users (id int)");
        db.sql("create table orders (id int)");
        db.sql("insert into schema_migrations values (2, true)");
        project.run(["adopt"]).exits(6).says("half-done   2 orders").says("golang-migrate calls it dirty").says("2 adopted");
        project.run(["up"]).exits(6).says("golang-migrate left it half-done");
        project.run(["resolve", "2", "--applied"]).ok();
        project.run(["up"]).ok().says("nothing to do");
        project.run(["status", "--exit-code"]).ok().says("2 applied, 0 pending");
    }

    fn a_half_done_script_that_cannot_be_run_waits_for_a_decision(db: TestDatabase) {
        let project = Project::with(MINE).on(&db);
        // What this opens is not closed: no such script is ever run.
        project.write("migrations/2_orders.up.sql", "create table orders (id int);\nbegin;\ninsert into orders values (1);");
        db.sql("create table schema_migrations (version bigint not null primary key, dirty boolean not null)");
        db.sql("create table users (id int)");
        db.sql("insert into schema_migrations values (2, true)");
        project.run(["adopt"]).exits(6).says("half-done   2 orders");
        let again = ["resolve", "2", "--statement", "1", "--again"];
        for command in [&["up"][..], &again] {
            project.run(command).exits(6).says(":2:1: `begin`").says("`migrate resolve 2 --applied` or `--reverted`");
        }
        project.run(["resolve", "2", "--reverted"]).ok();
        project.run(["status"]).ok().says("1 applied, 1 pending");
    }

    fn flyways_rows_are_folded_and_its_checksums_checked(db: TestDatabase) {
        let project = Project::with([
            ("migrations/V1__users.sql", "create table users (id int);\n"),
            ("migrations/V2__orders.sql", "create table orders (id int);\n"),
            ("migrations/V3__gone.sql", "create table gone (id int);\n"),
            ("migrations/R__names.sql", "drop view if exists names;\ncreate view names as select id from users;\n"),
        ])
        .on(&db);
        db.sql(
            "create table flyway_schema_history (installed_rank int not null primary key, version varchar(50), \
             description varchar(200) not null, type varchar(20) not null, script varchar(1000) not null, checksum int, \
             installed_by varchar(100) not null, installed_on timestamp not null default current_timestamp, \
             execution_time int not null, success boolean not null)",
        );
        for table in ["users", "orders", "gone"] {
            db.sql(&format!("create table {table} (id int)"));
        }
        let columns = "installed_rank, version, description, type, script, checksum, installed_by, execution_time, success";
        for (rank, row) in FLYWAY.iter().enumerate() {
            db.sql(&format!("insert into flyway_schema_history ({columns}) values ({rank}, {row}, 'me', 1, true)"));
        }
        let output = project.run(["adopt", "--layout", "flyway", "--mirror"]).ok().says("unverified  1 users");
        output.says("matched     2 orders").says("runs again  R__names").says("pending     3 gone");
        db.sql("drop table gone");
        project.run(["up", "--layout", "flyway"]).ok().says("2 migrations applied");
        let rows = db.rows(
            "select coalesce(version, '-'), description, type, checksum from flyway_schema_history \
             where installed_rank > 6 order by installed_rank",
        );
        assert_eq!(rows.iter().map(|row| row.join(" ")).collect::<Vec<_>>(), FLYWAY_AFTER);
    }

    fn goose_and_prisma_are_taken_over(db: TestDatabase) {
        let goose = Project::with([(
            "migrations/1_users.sql",
            "-- +goose Up\ncreate table users (id int);\n-- +goose Down\ndrop table users;\n",
        )])
        .on(&db);
        db.sql("create table goose_db_version (id integer primary key, version_id bigint not null, is_applied boolean not null)");
        for row in ["1, 0, true", "2, 1, true", "3, 1, false", "4, 2, true", "5, 1, true"] {
            db.sql(&format!("insert into goose_db_version values ({row})"));
        }
        goose.run(["adopt", "--table", "of_goose"]).ok().says("1 users").says("ahead       2");

        let provider = match db.dialect() {
            "postgres" => "postgresql",
            "sqlite" => "sqlite",
            _ => "mysql",
        };
        let provider = format!("provider = \"{provider}\"\n");
        let prisma = Project::with([
            ("migrations/migration_lock.toml", provider.as_str()),
            ("migrations/20240101000000_users/migration.sql", "create table users (id int);\n"),
            ("migrations/20240102000000_orders/migration.sql", "create table orders (id int);\n"),
        ])
        .on(&db);
        db.sql(
            "create table _prisma_migrations (id varchar(36) primary key, checksum varchar(64), finished_at varchar(40), \
             migration_name varchar(255), rolled_back_at varchar(40), started_at varchar(40), applied_steps_count int)",
        );
        db.sql(&format!("insert into _prisma_migrations values ('a', '{PRISMA}', '2024', '20240101000000_users', null, '2024', 1)"));
        db.sql("insert into _prisma_migrations values ('b', 'x', null, '20240102000000_orders', '2024', '2024', 0)");
        db.sql("insert into _prisma_migrations values ('c', 'x', null, '20240102000000_orders', null, '2025', 0)");
        let output = prisma.run(["adopt", "--from", "prisma", "--table", "of_prisma"]).exits(6);
        output.says("matched     20240101000000 users").says("half-done   20240102000000 orders");
    }

    fn atlas_is_taken_over_with_how_far_it_came(db: TestDatabase) {
        let project = Project::with([
            ("migrations/1_users.sql", "create table users (id int);\n"),
            (
                "migrations/2_orders.sql",
                "-- atlas:txmode none\n\ncreate table orders (id int);\ninsert into orders values (1);\ninsert into orders values (2);\n",
            ),
        ])
        .on(&db);
        let kind = if matches!(db.dialect(), "postgres" | "sqlite") { "\"type\"" } else { "`type`" };
        db.sql(&format!(
            "create table atlas_schema_revisions (version varchar(255) primary key, description varchar(255) not null, \
             {kind} bigint not null default 2, applied bigint not null, total bigint not null, executed_at timestamp, \
             execution_time bigint not null, error varchar(255), error_stmt varchar(255), hash varchar(255) not null, \
             partial_hashes varchar(255), operator_version varchar(255) not null)"
        ));
        db.sql("create table users (id int)");
        db.sql("create table orders (id int)");
        db.sql("insert into orders values (1)");
        let columns = format!("version, description, {kind}, applied, total, execution_time, error, hash, operator_version");
        let insert = |row: &str| db.sql(&format!("insert into atlas_schema_revisions ({columns}) values ({row})"));
        insert(&format!("'1', 'users', 2, 1, 1, 1, null, '{ATLAS}', 'v1'"));
        insert("'2', 'orders', 2, 2, 3, 1, 'locked', 'x', 'v1'");
        let output = project.run(["adopt"]).exits(6).says("matched     1 users");
        output.says("half-done   2 orders").says("Atlas recorded 2 of 3 statements: locked");
        project.run(["up"]).exits(6).says("statement 3 of 3");
        for command in [["tag", "v1"], ["baseline", "2"]] {
            project.run(command).exits(6).says("`2 orders` is half-done").says("migrate up").says("migrate resolve 2");
        }
        project.run(["resolve", "2", "--statement", "3", "--again"]).ok();
        project.run(["up"]).ok();
        assert_eq!(db.value("select count(*) from orders"), "2");
    }
}

fn sqlx_again(db: &TestDatabase) -> Project {
    Project::with([("migrations/0001_users.sql", "create table users (id int);")]).on(db)
}

/// Rows of Flyway: version, description, type, script and checksum.
const FLYWAY: [&str; 7] = [
    "null, '<< Flyway Schema Creation >>', 'SCHEMA', '', null",
    "'1', '<< Flyway Baseline >>', 'BASELINE', '', null",
    "'2', 'orders', 'SQL', 'V2__orders.sql', 2061956506",
    "null, 'names', 'SQL', 'R__names.sql', 1",
    "'3', 'gone', 'SQL', 'V3__gone.sql', 769547013",
    "'3', 'gone', 'DELETE', 'V3__gone.sql', 769547013",
    "null, 'names', 'SQL', 'R__names.sql', 2",
];

const FLYWAY_AFTER: [&str; 2] = ["3 gone SQL 769547013", "- names SQL 1686502333"];

/// The SHA-256 of `create table users (id int);` with its line end.
const PRISMA: &str = "aa76ff90435ce799b755046554b3bd03d6ccc618dfac6c24c129e8ce83c63ead";

/// The hash of the first file, as `atlas.sum` would have it.
const ATLAS: &str = "N7dGA5IxXMJquCmMzdbN2tmb64d8TgUGlYDGHCH4EJs=";
