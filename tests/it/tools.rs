//! Folders of other tools, run in place by every command.

use crate::support::{Engine, Project, TestDatabase};

/// Tests on one database.
macro_rules! on_database {
    ($engine:ident, $(fn $name:ident($db:ident: TestDatabase) $body:block)+) => {
        $(
            #[test]
            fn $name() {
                TestDatabase::run(Engine::$engine, |$db| $body);
            }
        )+
    };
}

/// A folder of a tool: two migrations, the second of which adds `name` to `users`.
struct Tool {
    layout: &'static str,
    files: &'static [(&'static str, &'static str)],
    /// The file that holds the second migration.
    second: &'static str,
    /// Whether the tool knows a way back.
    reversible: bool,
    /// What `new --version 3 add age` writes.
    new: &'static [&'static str],
}

const TOOLS: &[Tool] = &[
    Tool {
        layout: "flyway",
        files: &[
            ("V1__users.sql", "create table ${prefix}users (id int primary key);"),
            ("deep/V2__name.sql", "alter table ${prefix}users add column name varchar(50);"),
            ("deep/U2__name.sql", "alter table ${prefix}users drop column name;"),
            ("R__view.sql", "-- again when this changes\nselect 1;"),
        ],
        second: "deep/V2__name.sql",
        reversible: true,
        new: &["deep/V3__add_age.sql", "deep/U3__add_age.sql"],
    },
    Tool {
        layout: "goose",
        files: &[
            (
                "00001_users.sql",
                "-- +goose Up\n-- +goose StatementBegin\ncreate table users (id int primary key);\n\
                 -- +goose StatementEnd\n\n-- +goose Down\ndrop table users;\n",
            ),
            (
                "00002_name.sql",
                "-- +goose Up\nalter table users add column name varchar(50);\n\n\
                 -- +goose Down\nalter table users drop column name;\n",
            ),
        ],
        second: "00002_name.sql",
        reversible: true,
        new: &["3_add_age.sql"],
    },
    Tool {
        layout: "dbmate",
        files: &[
            (
                "20240101120000_users.sql",
                "-- migrate:up\ncreate table users (id int primary key);\n\n-- migrate:down\ndrop table users;\n",
            ),
            (
                "20240102120000_name.sql",
                "-- migrate:up\nalter table users add column name varchar(50);\n\n\
                 -- migrate:down\nalter table users drop column name;\n",
            ),
        ],
        second: "20240102120000_name.sql",
        reversible: true,
        new: &["3_add_age.sql"],
    },
    Tool {
        layout: "diesel",
        files: &[
            ("2024-01-01-120000_users/up.sql", "create table users (id int primary key);"),
            ("2024-01-01-120000_users/down.sql", "drop table users;"),
            ("2024-01-02-120000_name/up.sql", "alter table users add column name varchar(50);"),
            ("2024-01-02-120000_name/down.sql", "alter table users drop column name;"),
        ],
        second: "2024-01-02-120000_name/up.sql",
        reversible: true,
        new: &["3_add_age/up.sql", "3_add_age/down.sql"],
    },
    Tool {
        layout: "refinery",
        files: &[
            ("V1__users.sql", "BEGIN;\ncreate table users (id int primary key);\nCOMMIT;"),
            ("U2__name.sql", "alter table users add column name varchar(50);"),
        ],
        second: "U2__name.sql",
        reversible: false,
        new: &["V3__add_age.sql"],
    },
    Tool {
        layout: "prisma",
        files: &[
            (
                "20240101120000_users/migration.sql",
                "BEGIN;\ncreate table users (id int primary key);\nCOMMIT;\nselect 1;",
            ),
            ("20240102120000_name/migration.sql", "alter table users add column name varchar(50);"),
            ("20240102120000_name/down.sql", "alter table users drop column name;"),
        ],
        second: "20240102120000_name/migration.sql",
        reversible: true,
        new: &["3_add_age/migration.sql"],
    },
];

fn project(tool: &Tool, db: &TestDatabase) -> Project {
    let files = tool.files.iter().map(|(path, text)| (format!("migrations/{path}"), *text));
    Project::with(files).variable("prefix", "").on(db)
}

each_database! {
    fn every_command_works_on_every_tools_folder(db: TestDatabase) {
        for tool in TOOLS {
            let project = project(tool, &db);
            let title = tool.layout;
            let second = format!("migrations/{}", tool.second);
            project.run(["status", "--exit-code"]).exits(4).says("pending");
            project.run(["plan"]).ok().says("create table users").says("alter table users add column name");
            project.run(["up"]).ok().says("applied");
            db.sql("insert into users (id, name) values (1, 'Ada')");
            project.run(["up"]).ok().says("nothing to do");
            project.run(["status", "--exit-code"]).ok();
            project.run(["verify"]).ok().says("verified");

            let text = project.read(&second);
            project.write(&second, format!("{text}-- edited\n"));
            if tool.layout == "goose" || tool.layout == "dbmate" {
                // The end of the file is the way back, which stops nobody who goes forward.
                project.run(["verify"]).exits(5).says("the down script of");
                project.run(["up"]).ok().says("was edited since");
                project.write(&second, text.replacen("add column", "add  column", 1));
            }
            project.run(["verify"]).exits(5).says("was edited after it had been applied");
            project.run(["up"]).exits(5);
            project.write(&second, &text);

            if tool.reversible {
                project.run(["down", "--yes"]).ok().says("undone");
                project.run(["status", "--exit-code"]).exits(4).says("pending  ");
                project.run(["up"]).ok();
                // What the folder has lost, the history has kept.
                for (path, _) in tool.files.iter().filter(|(path, _)| path.contains("name")) {
                    project.remove(format!("migrations/{path}"));
                }
                project.run(["down", "--yes"]).ok().says("undone");
            } else {
                project.run(["down", "--yes"]).exits(2).says("has no down script");
            }
            let columns = db.rows("select * from users");
            assert_eq!(columns[0].len(), if tool.reversible { 1 } else { 2 }, "{title}");
            db.sql("drop table users");
            db.sql("drop table migrate_history");
        }
    }

    fn new_files_are_in_the_folders_style(db: TestDatabase) {
        if db.engine() != Engine::Sqlite {
            return;
        }
        for tool in TOOLS {
            let project = project(tool, &db);
            let made = project.run(["new", "--version", "3", "add", "age"]).ok();
            for path in tool.new {
                let path = format!("migrations/{path}");
                assert!(made.stdout.contains(&path), "{}: {made}", tool.layout);
                project.read(path);
            }
            project.run(["status"]).ok().says("add_age");
            let repeatable = project.run(["new", "--repeatable", "totals"]);
            if tool.layout == "flyway" {
                repeatable.ok().says("migrations/R__totals.sql");
            } else {
                repeatable.exits(2).says(&format!("the layout `{}` has no such migrations", tool.layout));
            }
        }
    }
}

/// A folder of a tool whose second migration says, in the tool's own way, that it cannot be in a transaction.
fn without_transaction(layout: &str) -> Project {
    let users = "create table users (id int primary key, name text);";
    let index = "create index concurrently users_name on users (name);\nanalyze users;";
    let undo = "drop index concurrently users_name;\nanalyze users;";
    let files: Vec<(&str, String)> = match layout {
        "flyway" => vec![
            ("V1__users.sql", users.to_owned()),
            ("V2__index.sql", index.to_owned()),
            ("V2__index.sql.conf", "executeInTransaction=false".to_owned()),
            ("U2__index.sql", undo.to_owned()),
            ("U2__index.sql.conf", "executeInTransaction=false".to_owned()),
        ],
        "goose" => vec![
            ("1_users.sql", format!("-- +goose Up\n{users}\n-- +goose Down\ndrop table users;\n")),
            ("2_index.sql", format!("-- +goose NO TRANSACTION\n-- +goose Up\n{index}\n-- +goose Down\n{undo}\n")),
        ],
        "dbmate" => vec![
            ("1_users.sql", format!("-- migrate:up\n{users}\n-- migrate:down\ndrop table users;\n")),
            (
                "2_index.sql",
                format!("-- migrate:up transaction:false\n{index}\n-- migrate:down transaction:false\n{undo}\n"),
            ),
        ],
        "diesel" => vec![
            ("1_users/up.sql", users.to_owned()),
            ("2_index/up.sql", index.to_owned()),
            ("2_index/down.sql", undo.to_owned()),
            ("2_index/metadata.toml", "run_in_transaction = false".to_owned()),
        ],
        _ => unreachable!("{layout}"),
    };
    Project::with(files.into_iter().map(|(path, text)| (format!("migrations/{path}"), text)))
}

on_database! {
    Postgres,
    fn each_tools_own_word_lets_statements_run_outside_a_transaction(db: TestDatabase) {
        for layout in ["flyway", "goose", "dbmate", "diesel"] {
            let project = without_transaction(layout).on(&db);
            project.run(["plan"]).ok().says("statement by statement");
            project.run(["up"]).ok().says("2 migrations applied");
            let valid = "select indisvalid::text from pg_index where indexrelid = 'users_name'::regclass";
            assert_eq!(db.value(valid), "true", "{layout}");
            // The word is kept with the script: the way back needs no file.
            std::fs::remove_dir_all(project.path("migrations")).unwrap();
            std::fs::create_dir(project.path("migrations")).unwrap();
            project.run(["down", "--yes"]).ok().says("undone");
            assert_eq!(db.value("select count(*) from pg_indexes where indexname = 'users_name'"), "0", "{layout}");
            db.sql("drop table users");
            db.sql("drop table migrate_history");
        }
    }

    fn flyway_needs_no_word_where_no_statement_can_be_in_a_transaction(db: TestDatabase) {
        let project = Project::with([
            ("migrations/V1__a.sql", "create table a (b int, c int);"),
            ("migrations/V2__i.sql", "create index concurrently b on a (b);\ncreate index concurrently c on a (c);"),
            ("migrations/U2__i.sql", "drop index concurrently b;\ndrop index concurrently c;"),
        ]).on(&db);
        project.run(["up"]).ok();
        assert_eq!(db.value("select count(*) from pg_indexes where tablename = 'a'"), "2");
        project.run(["down", "--yes"]).ok();
        assert_eq!(db.value("select count(*) from pg_indexes where tablename = 'a'"), "0");
        project.write("migrations/V2__i.sql", "create index concurrently b on a (b);\ninsert into a values (1, 2);");
        project.run(["up"]).exits(2).says("cannot run inside a transaction");
    }

    fn without_the_word_nothing_is_run(db: TestDatabase) {
        let project = Project::with([
            ("migrations/20240101120000_a/migration.sql", "create table users (id int);\ncreate index concurrently i on users (id);"),
        ]).on(&db);
        project.run(["up"]).exits(2).says("migration.sql:2:1").says("cannot run inside a transaction");
        assert!(!db.table_exists("users"));
    }

    fn a_block_of_goose_is_sent_whole(db: TestDatabase) {
        let project = Project::with([(
            "migrations/1_a.sql",
            "-- +goose Up\n-- +goose StatementBegin\ncreate function one() returns int language plpgsql as $$\nbegin\n  return 1;\nend $$;\n\
             -- +goose StatementEnd\n-- +goose StatementBegin\ndo 'begin create table a (b int); end';\n-- +goose StatementEnd\n\
             -- +goose Down\n-- +goose StatementBegin\ndrop table a;\ndrop function one();\n-- +goose StatementEnd\n",
        )]).on(&db);
        project.run(["up"]).ok();
        assert_eq!(db.value("select one() + count(*) from a"), "1");
        project.run(["down", "--yes"]).ok();
        assert!(!db.table_exists("a"));
    }

    fn transactions_that_prisma_writes_become_one(db: TestDatabase) {
        let text = "-- AlterEnum\nBEGIN;\nCREATE TYPE \"Role_new\" AS ENUM ('USER');\nALTER TYPE \"Role\" RENAME TO \"Role_old\";\n\
                    ALTER TYPE \"Role_new\" RENAME TO \"Role\";\nDROP TYPE \"Role_old\";\nCOMMIT;\n\n-- AlterTable\n";
        let project = Project::with([
            ("migrations/20240101120000_a/migration.sql", "CREATE TYPE \"Role\" AS ENUM ('USER', 'OLD');"),
            ("migrations/20240102120000_b/migration.sql", text),
        ]).on(&db);
        let second = "migrations/20240102120000_b/migration.sql";
        project.write(second, format!("{text}ALTER TABLE nowhere ADD COLUMN a int;"));
        project.run(["up", "--no-lint"]).exits(1).says("migration.sql:10:").says("nowhere");
        assert_eq!(db.value("select count(*) from pg_enum"), "2", "the transaction in the middle was rolled back, too");
        project.write(second, text);
        project.run(["up", "--no-lint"]).ok();
        assert_eq!(db.value("select count(*) from pg_enum"), "1");
    }
}

on_database! {
    Sqlite,
    fn placeholders_come_from_flags_the_environment_and_the_configuration(db: TestDatabase) {
        let project = Project::with([
            ("migrations/1_a.up.sql", "create table ${table} (id int);"),
            ("migrations/1_a.down.sql", "drop table ${table};"),
        ]).on(&db);
        let text = "placeholders = true\n[variables]\ntable = \"from_file\"\n";
        project.run(["up", "--no-lint"]).exits(1).says("unrecognized token");
        project.write("migrate.toml", "placeholders = true\n");
        project.run(["up"]).exits(2)
            .says("migrations/1_a.up.sql:1:14: the placeholder `table` has no value; give it with `--var table=VALUE`");
        project.write("migrate.toml", text);
        project.run(["up"]).ok();
        assert!(db.table_exists("from_file"));
        // The values may change: what was applied stays what it was.
        project.run_with(&[("table", "from_environment")], ["verify"]).ok();
        project.run(["down", "--yes", "--var", "table=from_file"]).ok();
        project.run_with(&[("table", "from_environment")], ["up"]).ok();
        assert!(db.table_exists("from_environment"));
        // The stored way back needs no value.
        project.remove("migrations/1_a.up.sql");
        project.remove("migrations/1_a.down.sql");
        project.run(["down", "--yes"]).ok();
        assert!(!db.table_exists("from_environment"));
        project.write("migrations/1_a.up.sql", "create table ${table} (id int);");
        project.run_with(&[("table", "from_environment")], ["up", "--var", "table=from_flag"]).ok();
        assert!(db.table_exists("from_flag"));
    }

    fn a_folder_that_lacks_a_migration_is_read_but_not_run(db: TestDatabase) {
        let project = Project::with([
            ("migrations/1_a.sql", "-- +goose Up\ncreate table a (b int);"),
            ("migrations/2_b.go", "package migrations"),
        ]).on(&db);
        project.run(["status"]).ok().says("2_b.go:1: is a migration in Go, which only goose can run");
        project.run(["up"]).exits(2).says("2_b.go:1: is a migration in Go").says("hint:");
        assert!(!db.table_exists("a"));
    }

    fn several_folders_of_several_tools_are_one_history(db: TestDatabase) {
        let project = Project::with([
            ("core/V1__a.sql", "create table a (b int);"),
            ("billing/2_c/up.sql", "create table c (d int);"),
            ("billing/2_c/down.sql", "drop table c;"),
            ("more/2024/3_e.sql", "-- +goose Up\ncreate table e (f int);\n"),
            ("migrate.toml", "dir = [\"core\", \"billing\", \"more\"]\nrecursive = true\n"),
        ]).on(&db);
        project.run(["up"]).ok().says("3 migrations applied");
        project.write("billing/3_g/up.sql", "select 1;");
        project.run(["status"]).exits(2).says("version 3 is used twice: `billing/3_g/up.sql` and `more/2024/3_e.sql`");
        project.remove("billing/3_g/up.sql");
        std::fs::remove_dir(project.path("billing/3_g")).unwrap();
        project.run(["down", "--to", "1", "--yes", "--dir", "billing"]).exits(2);
    }

    fn several_histories_live_in_one_database(db: TestDatabase) {
        let project = Project::with([
            ("shop/1_a.sql", "-- migrate:up\ncreate table a (b int);\n-- migrate:down\ndrop table a;\n"),
            ("blog/1_c/up.sql", "create table c (d int);"),
            ("blog/1_c/down.sql", "drop table c;"),
        ]).on(&db);
        for (dir, table) in [("shop", "shop_history"), ("blog", "blog_history")] {
            project.run(["up", "--dir", dir, "--table", table]).ok().says("1 migration applied");
            project.run(["status", "--dir", dir, "--table", table]).ok().says("1 applied, 0 pending");
        }
        project.run(["down", "--yes", "--dir", "shop", "--table", "shop_history"]).ok();
        assert!(!db.table_exists("a") && db.table_exists("c"));
    }

    fn subfolders_are_read_when_asked_for(db: TestDatabase) {
        for (layout, text) in [("pairs", ""), ("goose", "-- +goose Up\n"), ("dbmate", "-- migrate:up\n")] {
            let project = Project::with([
                ("migrations/1_a.sql", format!("{text}create table a (b int);")),
                ("migrations/2024/2_c.sql", format!("{text}create table c (d int);")),
            ]).on(&db);
            project.run(["status"]).ok().says("0 applied, 1 pending");
            project.run(["status", "--recursive"]).ok().says("0 applied, 2 pending");
            project.run(["up", "--recursive", "--layout", layout]).ok().says("2 migrations applied");
            for table in ["a", "c", "migrate_history"] {
                db.sql(&format!("drop table {table}"));
            }
        }
    }
}

#[test]
fn a_folder_of_two_tools_says_how_to_choose() {
    let project =
        Project::with([("migrations/1_a.sql", "-- +goose Up\nselect 1;\n"), ("migrations/2_b/up.sql", "select 2;")]);
    let status = ["status", "--database-url", "sqlite:none.db"];
    project.run(status).exits(2).says("can be read as `goose` or `diesel`; say which with `--layout NAME`");
    project.run(status.into_iter().chain(["--layout", "goose"])).ok().says("0 applied, 1 pending");
}
