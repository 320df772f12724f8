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
        db.sql("alter table events_24 drop constraint events_24_at_check");
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
