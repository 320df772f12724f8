//! `migrate lint --fix` and `--diff`: what they write, and that a real server takes it.

use crate::support::{Engine, Project, TestDatabase};

const TABLES: (&str, &str) = (
    "migrations/0001_tables.up.sql",
    "create table users (id int primary key, email text, name text);\n\
     create table orders (id int, user_id int, total int);\n\
     create index orders_old on orders (total);\n\
     create table events (at date, note text) partition by range (at);\n\
     create table events_24 partition of events for values from ('2024-01-01') to ('2025-01-01');\n\
     insert into users values (1, 'a', 'b');\ninsert into orders values (1, 1, 10);\n",
);

/// Everything that can be mended on PostgreSQL, with Windows' line ends.
const CHANGES: &str = "\u{feff}-- Résumé of all that blocks.\r\nalter table users add column nick text;\r\n\r\n\
                       -- Looked up at login.\r\ncreate index users_email on users (email);\r\n\
                       drop index orders_old;\r\nreindex table orders;\r\n\
                       alter table orders add constraint orders_user foreign key (user_id) references users (id);\r\n\
                       alter table orders add check (total > 0);\r\n\
                       alter table users alter column email set not null;\r\n\
                       alter table events detach partition events_24;\r\n";

const BACK: &str = "alter table events attach partition events_24 for values from ('2024-01-01') to ('2025-01-01');\n\
                    alter table users alter column email drop not null;\n\
                    alter table orders drop constraint orders_total_check;\n\
                    alter table orders drop constraint orders_user;\n\
                    create index orders_old on orders (total);\n\
                    drop index users_email;\nalter table users drop column nick;\n";

fn project(files: &[(&str, &str)]) -> Project {
    Project::with(files.iter().copied()).variable("MIGRATE_DIALECT", "postgres")
}

fn names(project: &Project) -> Vec<String> {
    let entries = std::fs::read_dir(project.path("migrations")).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn a_mended_project_runs_forth_and_back() {
    TestDatabase::run(Engine::Postgres, |db| {
        let project = Project::with([TABLES]).on(&db);
        project.up();
        let before = db.schema();
        project.write("migrations/0002_changes.up.sql", CHANGES);
        project.write("migrations/0002_changes.down.sql", BACK);
        let server = ["lint", "--after", "1", "--server-version", "14"];
        let mut found = project.run(server).exits(3);
        for rule in
            ["create-index-blocks", "drop-index-blocks", "reindex-blocks", "add-foreign", "set-not-null", "detach"]
        {
            found = found.says(rule);
        }
        let mended = project.run(server.iter().chain(&["--fix"]));
        for rule in ["index-blocks", "reindex-blocks", "add-foreign-key-validates", "set-not-null", "detach-partition"]
        {
            assert!(!mended.stdout.contains(rule), "{}", mended.stdout);
        }
        // The index, the dropped one, the rebuilt one, two checked constraints, the check and the requirement, the partition.
        assert_eq!(names(&project).len(), 3 + 2 * 8, "{:?}", names(&project));
        let up = std::fs::read_to_string(project.path("migrations/0002_changes.up.sql")).unwrap();
        assert!(up.starts_with("\u{feff}-- Résumé of all that blocks.\r\nalter table users add column nick text;\r\n"));
        assert_eq!(up.matches('\n').count(), up.matches("\r\n").count(), "{up:?}");
        if db.value("show server_version_num").parse::<u32>().unwrap() < 140_000 {
            // Those detach while nobody looks, or not at all.
            let detach = names(&project).into_iter().find(|name| name.ends_with("alter_events.up.sql"));
            let detach = format!("migrations/{}", detach.expect("it is a file of its own"));
            project.write(&detach, project.read(&detach).replace(" concurrently", ""));
        }
        project.up();
        let valid = "select count(*) from pg_constraint where not convalidated";
        assert_eq!(db.value(valid), "0");
        assert_eq!(db.value("select count(*) from pg_index where not indisvalid"), "0");
        let required = "select attnotnull from pg_attribute where attrelid = 'users'::regclass and attname = 'email'";
        assert_eq!(db.value(required), "t");
        assert_eq!(db.value("select count(*) from pg_inherits"), "0");
        assert_eq!(db.value("select count(*) from pg_indexes where indexname in ('users_email', 'orders_old')"), "1");
        project.run(["down", "--to", "1", "--yes"]).ok();
        // What DETACH CONCURRENTLY leaves behind, so that attaching again need not scan.
        db.sql("alter table events_24 drop constraint if exists events_24_at_check");
        assert_eq!(db.schema(), before);
    });
}

const INDEX: &str = "alter table users add column nick text;\ncreate index users_email on users (email);\n";

#[test]
fn a_difference_is_shown_and_nothing_written() {
    let project = project(&[TABLES, ("migrations/0002_index.up.sql", INDEX)]);
    let shown = project.run(["lint", "--after", "1", "--diff"]).exits(3);
    insta::assert_snapshot!(shown.stdout, @r"
    --- a/migrations/0002_index.up.sql
    +++ b/migrations/0002_index.up.sql
    @@ -1,2 +1 @@
     alter table users add column nick text;
    -create index users_email on users (email);
    --- /dev/null
    +++ b/migrations/0003_create_index_users_email.up.sql
    @@ -0,0 +1 @@
    +create index concurrently users_email on users (email);
    --- /dev/null
    +++ b/migrations/0003_create_index_users_email.down.sql
    @@ -0,0 +1 @@
    +drop index concurrently if exists users_email;
    ");
    assert_eq!(names(&project), ["0001_tables.up.sql", "0002_index.up.sql"]);
    assert_eq!(project.read("migrations/0002_index.up.sql"), INDEX);
    project.run(["lint", "--after", "1", "--fix", "--diff"]).exits(2);
}

/// Deployed migrations are never mended, whatever is wrong with them.
#[test]
fn history_is_left_alone() {
    let files = [TABLES, ("migrations/0002_index.up.sql", INDEX), ("migrations/0003_more.up.sql", "select 1;\n")];
    let project = project(&files);
    project.run(["lint", "--last", "1", "--fix"]).ok();
    assert_eq!(project.read("migrations/0002_index.up.sql"), INDEX);
    assert_eq!(names(&project).len(), 3);
}

/// Layouts that keep both ways in one file get the new migration so, too, and the section that is edited is found.
#[test]
fn other_layouts_get_new_migrations_in_their_own_way() {
    let tables = "-- +goose Up\ncreate table users (id int, email text);\n";
    let index = format!("-- +goose Up\n{INDEX}\n-- +goose Down\nalter table users drop column nick;\n");
    let project = project(&[("migrations/00001_tables.sql", tables), ("migrations/00002_index.sql", &index)]);
    project.run(["lint", "--after", "1", "--fix"]);
    assert_eq!(names(&project), ["00001_tables.sql", "00002_index.sql", "00003_create_index_users_email.sql"]);
    assert_eq!(
        project.read("migrations/00002_index.sql"),
        "-- +goose Up\nalter table users add column nick text;\n\n-- +goose Down\nalter table users drop column nick;\n"
    );
    assert_eq!(
        project.read("migrations/00003_create_index_users_email.sql"),
        "-- +goose Up\ncreate index concurrently users_email on users (email);\n\n\
         -- +goose Down\ndrop index concurrently if exists users_email;\n"
    );
}

/// A text that was made of a file's cannot be edited in the file.
#[test]
fn what_is_not_literally_in_the_file_is_refused() {
    let tables = ("migrations/V1__tables.sql", "create table users (id int, email text);\n");
    let index = "create index users_email on ${schema}users (email);\nselect 1;\n";
    let project = project(&[tables, ("migrations/V2__index.sql", index)]);
    let arguments = ["lint", "--after", "1", "--layout", "flyway", "--var", "schema=public.", "--fix"];
    project.run(arguments).exits(2).says("must be mended by hand");
    assert_eq!(project.read("migrations/V2__index.sql"), index);
    assert_eq!(names(&project).len(), 2);
}

/// A key whose index is built first is the same key.
#[test]
fn a_mended_key_is_the_same_key() {
    TestDatabase::run(Engine::Postgres, |db| {
        for (number, key, back) in [
            (
                2,
                "alter table users add unique (email, name);\n",
                "alter table users drop constraint users_email_name_key;\n",
            ),
            (
                4,
                "alter table users add constraint \"Named\" unique (name);\n",
                "alter table users drop constraint \"Named\";\n",
            ),
            (6, "alter table orders add primary key (id);\n", "alter table orders drop constraint orders_pkey;\n"),
        ] {
            let (up, down) =
                (format!("migrations/{number:04}_key.up.sql"), format!("migrations/{number:04}_key.down.sql"));
            let orders =
                ("migrations/0001_tables.up.sql", TABLES.1.replace("orders (id int,", "orders (id int not null,"));
            let project = Project::with([orders]).on(&db);
            project.up();
            // As it would be without the fix.
            db.sql(key);
            let wanted = db.schema();
            db.sql(back);
            let before = db.schema();
            project.write(&up, key);
            project.write(&down, back);
            let args = ["lint", "--last", "1"];
            project.run(args).exits(3).says("builds-index");
            let mended = project.run(args.iter().chain(&["--fix"])).ok();
            assert!(!mended.stdout.contains("builds-index"), "{}", mended.stdout);
            let written = project.read(&up);
            assert!(written.starts_with("create unique index concurrently "), "{written}");
            assert_eq!(names(&project).len(), 5, "{:?}", names(&project));
            project.up();
            assert_eq!(db.schema(), wanted, "{key}");
            project.run(["down", "2", "--yes"]).ok();
            assert_eq!(db.schema(), before, "{key}");
            project.run(["down", "--to", "0", "--yes"]);
            // Before 15 it is not the tester's.
            db.admin("drop schema public cascade; create schema public; grant all on schema public to public;");
        }
    });
}

#[test]
fn a_view_with_a_unique_index_is_refreshed_while_it_is_read() {
    TestDatabase::run(Engine::Postgres, |db| {
        let view = "create materialized view totals as select user_id, sum(total) from orders group by 1;\n\
                    create unique index totals_user on totals (user_id);\n";
        let project = Project::with([TABLES, ("migrations/0002_view.up.sql", view)]).on(&db);
        project.up();
        project.write(
            "migrations/0003_again.up.sql",
            "insert into orders values (2, 2, 20);\nrefresh materialized view totals;\n",
        );
        let args = ["lint", "--last", "1"];
        project.run(args).says("refresh-matview-blocks");
        let mended = project.run(args.iter().chain(&["--fix"]));
        assert!(!mended.stdout.contains("refresh-matview-blocks"), "{}", mended.stdout);
        assert!(
            project.read("migrations/0003_again.up.sql").contains("refresh materialized view concurrently totals;")
        );
        project.up();
        assert_eq!(db.value("select count(*) from totals"), "2");
    });
}

/// MariaDB takes every change with the algorithm that it is asked for, and the table is the same in the end.
#[test]
fn what_is_mended_on_mariadb_makes_the_same_tables() {
    TestDatabase::run(Engine::Mariadb, |db| {
        let tables = "create table users (id int primary key, name varchar(50), note varchar(20) default 'x');\n\
                      create table orders (id int primary key, user_id int, total int);\n";
        let changes = [
            "alter table users add column nick varchar(20);\n",
            "alter table users drop column nick;\n",
            "alter table orders add index orders_user (user_id);\n",
            "alter table users modify name varchar(60);\n",
            "alter table users modify note varchar(20) not null default 'y';\n",
            "alter table orders rename column total to sum;\n",
        ];
        let project = Project::with([("migrations/0001_tables.up.sql", tables)]).on(&db);
        project.up();
        // The runner limits nothing, and what is wrong for other reasons is not what this is about.
        project.write("migrate.toml", "[lint]\nfail_on = \"none\"\n[run]\nlock_timeout = \"none\"\n");
        let applied = &project;
        let rules = ["--rule", "mysql-missing-algorithm=warning", "--rule", "missing-lock-timeout=warning"];
        for (number, change) in changes.iter().enumerate() {
            let file = format!("migrations/{:04}_change.up.sql", number + 2);
            project.write(&file, change);
            let select = ["--select", "mysql-missing-algorithm,missing-lock-timeout", "--last", "1"];
            let args = || ["lint"].into_iter().chain(select).chain(rules);
            project.run(args()).says("mysql-missing-algorithm").says("missing-lock-timeout");
            let mended = project.run(args().chain(["--fix"])).ok();
            assert!(!mended.stdout.contains("mysql-missing-algorithm"), "{change}: {}", mended.stdout);
            assert!(!mended.stdout.contains("missing-lock-timeout"), "{change}: {}", mended.stdout);
            let written = project.read(&file);
            assert!(written.starts_with("-- migrate:lock-timeout 2s\n"), "{written}");
            assert!(written.to_ascii_lowercase().contains("algorithm="), "{written}");
            applied.run(["up"]).ok();
        }
        let mended = db.schema();
        let other = TestDatabase::fresh(Engine::Mariadb);
        other.sql(tables);
        changes.iter().for_each(|change| other.sql(change));
        let name = |schema: String, of: &TestDatabase| schema.replace(of.name(), "db");
        let without_history = |schema: String| {
            schema.lines().filter(|line| !line.contains("migrate_history")).collect::<Vec<_>>().join("\n")
        };
        assert_eq!(without_history(name(mended, &db)), without_history(name(other.schema(), &other)));
    });
}
