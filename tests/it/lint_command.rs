//! `migrate lint` as a program: what it judges, what it is told, and how it ends.

use std::process::Command;

use crate::support::{Output, Project};

const USERS: (&str, &str) = ("migrations/0001_users.up.sql", "create table users (id int primary key, name text);\n");
const DROP: (&str, &str) = ("migrations/0002_drop.up.sql", "alter table users drop column name;\n");

fn project(files: &[(&str, &str)]) -> Project {
    Project::with(files.iter().copied()).variable("MIGRATE_DIALECT", "postgres")
}

fn git(project: &Project, arguments: &[&str]) {
    let settings = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"];
    let mut command = Command::new("git");
    command.args(settings).args(arguments).current_dir(project.path(".")).env("HOME", project.path("."));
    let output = command.env_remove("GIT_DIR").output().expect("git is installed");
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A project whose files so far are committed on `main`, with a branch checked out.
fn on_a_branch(files: &[(&str, &str)]) -> Project {
    let project = project(files);
    git(&project, &["init", "-q", "-b", "main"]);
    git(&project, &["add", "."]);
    git(&project, &["commit", "-q", "-m", "deployed"]);
    git(&project, &["checkout", "-q", "-b", "change"]);
    project
}

fn lint(project: &Project, more: &[&str]) -> Output {
    project.run(["lint"].iter().chain(more))
}

#[test]
fn outside_of_git_everything_is_judged() {
    let project = project(&[USERS, DROP]);
    lint(&project, &[]).ok();
    lint(&project, &["--last", "1"]).exits(3).says("drop-column");
    lint(&project, &["--after", "1"]).exits(3).says("drop-column");
    lint(&project, &["--after", "2"]).ok();
    lint(&project, &["--since", "main"]).exits(2).says("no git checkout");
}

/// When everything is judged, nothing is in use; an allowance was needed all the same when it was written.
#[test]
fn an_allowance_for_what_an_earlier_script_made_is_needed() {
    let allowed = "-- migrate:allow drop-column: nobody reads it\nalter table users drop column name;\n";
    let idle = "-- migrate:allow drop-table: nobody reads it\ncreate table orders (id int primary key);\n";
    let project = project(&[USERS, ("migrations/0002_drop.up.sql", allowed), ("migrations/0003_orders.up.sql", idle)]);
    for arguments in [&["--all"][..], &["--last", "1"]] {
        let told = lint(&project, &[&["--format", "json"], arguments].concat());
        assert_eq!(rules(&told), ["unused-suppression"], "{arguments:?}");
        assert_eq!(told.json()["findings"][0]["file"], "migrations/0003_orders.up.sql");
    }
}

#[test]
fn in_a_checkout_what_is_new_is_judged() {
    let project = on_a_branch(&[USERS]);
    project.write(DROP.0, DROP.1);
    lint(&project, &[]).exits(3).says("drop-column").says("1 of 2 migrations");
    lint(&project, &["--all"]).ok();
    lint(&project, &["--since", "HEAD"]).exits(3);
    lint(&project, &["--since", "nowhere"]).exits(2).says("no branch or commit `nowhere`");
    git(&project, &["add", "."]);
    git(&project, &["commit", "-q", "-m", "new"]);
    lint(&project, &[]).exits(3).says("drop-column");
    lint(&project, &["--since", "HEAD"]).ok().says("0 of 2 migrations");
    project.write("migrate.toml", "[lint]\nstart_after = \"2\"\n");
    lint(&project, &[]).ok();
    project.write("migrate.toml", "[lint]\nsince = \"HEAD\"\n");
    lint(&project, &[]).ok().says("0 of 2");
}

#[test]
fn a_late_file_meets_a_database_that_has_all_of_the_base() {
    let project = on_a_branch(&[USERS, ("migrations/0005_tags.up.sql", "create table tags (id int);")]);
    project.write("migrations/0003_late.up.sql", "alter table tags drop column id;");
    let late = lint(&project, &[]).exits(3).says("`tags.id` is dropped");
    late.says("version 0003 stands before 0005, which is deployed already");
    project.remove("migrations/0003_late.up.sql");
    project.write("migrations/0006_tagged.up.sql", "create table tagged (id int primary key);");
    let after = lint(&project, &["--rule", "all=off", "--rule", "out-of-order-version=error"]).ok();
    assert!(after.stdout.contains("1 script with 1 statement"), "{after}");
}

#[test]
fn a_repeatable_migration_is_judged_after_what_it_was() {
    let project = on_a_branch(&[USERS, ("migrations/R__v.sql", "create view v as select id, name from users;")]);
    project.write("migrations/R__v.sql", "drop view v;");
    lint(&project, &[]).exits(3).says("drop-view");
    project.write("migrations/R__v.sql", "create or replace view v as select id, name from users;\n-- the same\n");
    lint(&project, &[]).ok();
}

#[test]
fn named_files_are_judged_with_what_comes_before_them() {
    let project = project(&[USERS, DROP, ("migrations/0003_again.up.sql", "alter table users add column name text;")]);
    lint(&project, &["migrations/0002_drop.up.sql"]).exits(3).says("drop-column");
    lint(&project, &["migrations"]).ok();
    lint(&project, &["migrations/0009_missing.up.sql"]).exits(2).says("cannot read");
    project.write("elsewhere/change.sql", "drop table users;");
    lint(&project, &["elsewhere/change.sql"]).exits(3).says("elsewhere/change.sql:1:1").says("drop-table");
}

#[test]
fn a_folder_without_migrations_says_so() {
    let empty = project(&[("migrations/README.md", "soon"), ("elsewhere/0001_a.sql", "select 1;")]);
    lint(&empty, &[]).ok().says("no migrations in `migrations`");
    lint(&empty, &["migrations"]).ok().says("no migrations in `migrations`");
    let up = empty.run(["up", "--database-url", "sqlite://shop.db"]).ok();
    assert!(up.stderr.contains("no migrations in `migrations`"), "{up}");
    let full = lint(&empty, &["elsewhere"]).ok();
    assert!(!full.stderr.contains("no migrations"), "{full}");
}

#[test]
fn a_version_that_is_used_twice_is_a_finding() {
    let down = ("migrations/0002_tags.down.sql", "drop table tags;\n");
    let project =
        on_a_branch(&[USERS, ("migrations/0002_tags.up.sql", "create table tags (id int primary key);\n"), down]);
    project.write("migrations/0002_labels.up.sql", "create table labels (id int primary key);\n");
    project.write("migrations/0002_labels.down.sql", "drop table labels;\n");
    let found = lint(&project, &[]).exits(3).says("duplicate-version").says("1 of 3 migrations");
    assert!(!found.stdout.contains("edited"), "{found}");
    lint(&project, &["--all"]).exits(3).says("duplicate-version");
    project.run(["up", "--database-url", "sqlite://shop.db"]).exits(2).says("version 0002 is used twice");
}

#[test]
#[cfg(unix)]
fn links_that_are_not_followed_are_told() {
    let project = project(&[("shared/20260101000000_a/up.sql", "select 1;"), ("migrations/README.md", "")]);
    for name in ["20260101000000_a", "20260102000000_b"] {
        std::os::unix::fs::symlink("../shared/20260101000000_a", project.path("migrations").join(name)).unwrap();
    }
    let linted = lint(&project, &[]).ok().says("no migrations in `migrations`");
    let links = linted.stderr.matches("is a symbolic link that leads out of the folder").count();
    assert_eq!(links, 2, "{linted}");
}

#[test]
fn standard_input_is_a_script() {
    let project = project(&[USERS, DROP]);
    let piped = |text: &str, more: &str| {
        let shell = format!("printf '{text}' | \"$0\" lint - {more}");
        let mut command = Command::new("sh");
        command.args(["-c", &shell, env!("CARGO_BIN_EXE_migrate")]).current_dir(project.path("."));
        let output = command.env("MIGRATE_DIALECT", "postgres").output().expect("a shell");
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (code, said) = piped("drop table users;", "");
    assert!(code == Some(3) && said.contains("<stdin>:1:1"), "{said}");
    let (code, said) = piped("select 1;", "--stdin-name migrations/0002_drop.up.sql");
    assert_eq!((code, said.contains("drop-column")), (Some(0), false), "{said}");
    let (code, said) = piped("alter table users drop column id;", "--stdin-name migrations/0002_drop.up.sql");
    assert!(code == Some(3) && said.contains("migrations/0002_drop.up.sql:1:19"), "{said}");
}

#[test]
fn what_is_said_about_rules_counts() {
    let project = project(&[USERS, DROP]);
    let last = |more: &[&str]| lint(&project, &[&["--last", "1"], more].concat());
    last(&["--rule", "drop-column=warning"]).ok().says("warning");
    last(&["--rule", "drop-column=warning", "--fail-on", "warning"]).exits(3);
    last(&["--fail-on", "none"]).ok().says("drop-column");
    last(&["--ignore", "data-loss"]).ok();
    last(&["--select", "style,table-rewrite"]).ok();
    last(&["--select", "drop-column"]).exits(3);
    last(&["--rule", "drop-colum=off"]).exits(2).says("did you mean `drop-column`?");
    last(&["--fail-on", "fatal"]).exits(2).says("`fatal` is none of");
    project.write("migrate.toml", "[lint.rules]\ndrop-column = \"off\"\n");
    last(&[]).ok();
    last(&["--select", "drop-column"]).exits(3);
    project.write("migrate.toml", "[lint.paths.\"migrations/*\"]\ndrop-column = \"info\"\n");
    last(&[]).ok().says("info");
    project.write("migrate.toml", "[lint.paths.\"legacy/**\"]\ndrop-column = \"info\"\n");
    last(&[]).exits(3);
    project.write("migrate.toml", "[lint.rules]\ndrop-tabel = \"off\"\n");
    last(&[])
        .exits(2)
        .says("migrate.toml:2: [lint.rules]: there is no rule `drop-tabel`")
        .says("did you mean `drop-table`?");
    project.write("migrate.toml", "[lint]\n\n[lint.paths.\"a/**\"]\nall = \"off\"\ndrop-table = \"of\"\n");
    last(&[]).exits(2).says("migrate.toml:5: [lint.paths.\"a/**\"] drop-table: `of` is no level");
    project.write("migrate.toml", "[lint]\nserver = { postgres = \"x\" }\nfail_on = \"error\"\n");
    last(&[]).exits(2).says("migrate.toml:2: [lint] server.postgres");
    project.write("migrate.toml", "[lint]\nfail_on = \"fatal\"\n");
    last(&[]).exits(2).says("migrate.toml:2: fail_on: `fatal` is none of");
    project.write("migrate.toml", "[lint]\nfail_onn = \"off\"\n");
    last(&[]).exits(2).says("did you mean `fail_on`?");
}

#[test]
fn tables_weigh_what_the_project_says_of_them() {
    let project = project(&[USERS, ("migrations/0002_i.up.sql", "create index i on users (name);")]);
    let last = || lint(&project, &["--last", "1"]);
    last().exits(3).says("create-index-blocks-writes");
    project.write("migrate.toml", "[lint.tables]\nsmall = [\"users\"]\n");
    last().ok().says("info");
    project.write("migrate.toml", "[lint.tables]\nsmall = [\"public.users\"]\n");
    last().ok();
    project.write("migrate.toml", "[lint.tables]\nsmall = [\"other.users\"]\n");
    last().exits(3);
}

#[test]
fn the_dialect_comes_from_flags_configuration_or_url_and_nothing_is_connected_to() {
    let project = Project::with([USERS, DROP]);
    let last = |more: &[&str]| project.run(["lint", "--last", "1"].iter().chain(more));
    last(&[]).exits(2).says("which database the SQL is for");
    last(&["--database-url", "postgres://nobody@nowhere.invalid/x"]).exits(3);
    last(&["--dialect", "postgresql"]).exits(3);
    last(&["--dialect", "oracle"]).exits(2).says("`oracle` is no database").says("known are postgres");
    project.write("migrate.toml", "dialect = \"mysql\"\n");
    last(&[]).exits(3);
}

#[test]
fn what_is_known_is_not_told_again() {
    let project = project(&[USERS, DROP]);
    project.write("migrate.toml", "[lint]\nstart_after = \"1\"\n");
    lint(&project, &["--all"]).exits(3);
    lint(&project, &["--all", "--write-baseline"]).ok().says("known from now on");
    lint(&project, &["--all", "--baseline", "lint-baseline.json"]).ok().says("known in");
    project.write(DROP.0, format!("-- moved down\n\n{}", DROP.1));
    lint(&project, &["--all", "--baseline", "lint-baseline.json"]).ok();
    project.write(DROP.0, format!("{}{}", DROP.1, "alter table users drop column id;\n"));
    lint(&project, &["--all", "--baseline", "lint-baseline.json"]).exits(3).says("`users.id`");
    project.write("migrate.toml", "[lint]\nbaseline = \"other.json\"\n");
    lint(&project, &["--all"]).exits(2).says("cannot read the baseline `other.json`");
}

/// What a migration in another language built is not known, so that nothing is said to be missing.
#[test]
fn behind_a_gap_nothing_is_unknown() {
    let down = "-- +goose Up\nalter table users add constraint named check (nick is not null);\n";
    let project = project(&[
        ("migrations/00001_users.sql", "-- +goose Up\ncreate table users (id int primary key);\n"),
        ("migrations/00003_named.sql", down),
    ]);
    lint(&project, &["--last", "1"]).exits(3).says("unknown-object");
    project.write("migrations/00002_nick.go", "package migrations\n");
    assert!(!lint(&project, &["--last", "1"]).exits(3).to_string().contains("unknown-object"));
}

/// Each layout's tool has its own word for a file that runs outside a transaction; whoever follows the advice is heard.
#[test]
fn the_way_outside_is_the_tools_own() {
    const BODY: &str = "select 1;\ncommit;\nselect 2;\n";
    // The layout, a file without its mark and what the advice names, and the files that follow it.
    type Case = (&'static str, (&'static str, String), &'static str, Vec<(&'static str, String)>);
    let cases: [Case; 7] = [
        (
            "pairs",
            ("1_a.up.sql", BODY.to_owned()),
            "`-- migrate:no-transaction`",
            vec![("1_a.up.sql", format!("-- migrate:no-transaction\n{BODY}"))],
        ),
        (
            "goose",
            ("1_a.sql", format!("-- +goose Up\n{BODY}")),
            "`-- +goose NO TRANSACTION`",
            vec![("1_a.sql", format!("-- +goose NO TRANSACTION\n-- +goose Up\n{BODY}"))],
        ),
        (
            "dbmate",
            ("1_a.sql", format!("-- migrate:up\n{BODY}")),
            "`transaction:false`",
            vec![("1_a.sql", format!("-- migrate:up transaction:false\n{BODY}"))],
        ),
        (
            "diesel",
            ("2026-01-01-000000_a/up.sql", BODY.to_owned()),
            "`run_in_transaction = false`",
            vec![("2026-01-01-000000_a/metadata.toml", "run_in_transaction = false\n".to_owned())],
        ),
        (
            "flyway",
            ("V1__a.sql", BODY.to_owned()),
            "`executeInTransaction=false`",
            vec![("V1__a.sql.conf", "executeInTransaction=false\n".to_owned())],
        ),
        (
            "atlas",
            ("1_a.sql", BODY.to_owned()),
            "`-- atlas:txmode none`",
            vec![("1_a.sql", format!("-- atlas:txmode none\n\n{BODY}"))],
        ),
        (
            "liquibase",
            ("1_a.sql", format!("--liquibase formatted sql\n--changeset me:1\n{BODY}")),
            "`runInTransaction:false`",
            vec![("1_a.sql", format!("--liquibase formatted sql\n--changeset me:1 runInTransaction:false\n{BODY}"))],
        ),
    ];
    for (layout, (file, text), mark, followed) in cases {
        let project = project(&[(&format!("migrations/{file}"), &text)]);
        let lint = || lint(&project, &["--layout", layout, "--select", "transaction-control-in-migration"]);
        lint().exits(3).says("leave it out, or write").says(mark);
        for (file, text) in &followed {
            project.write(format!("migrations/{file}"), text);
        }
        lint().ok();
    }
}

/// sqitch runs each script in a session of its own, so that no setting outlives it; other tools keep theirs.
#[test]
fn a_setting_ends_with_the_session_that_a_tool_gives_each_script() {
    const SCRIPT: &str = "set search_path to app;\ncreate table users (id int primary key);\n";
    let plan = "%syntax-version=1.0.0\n%project=app\n\nusers 2026-01-01T00:00:00Z A <a@example.org> # Users.\n";
    let sqitch = project(&[("migrations/sqitch.plan", plan), ("migrations/deploy/users.sql", SCRIPT)]);
    let flyway = project(&[("migrations/V1__users.sql", SCRIPT)]);
    let leaks = |project| rules(&lint(project, &["--select", "session-setting-leak", "--format", "json"])).len();
    assert_eq!((leaks(&sqitch), leaks(&flyway)), (0, 1));
}

/// A way back that is written for a deployed migration, or edited, runs one day, so it is judged; the up script is not.
#[test]
fn a_way_back_is_judged_that_is_newer_than_its_migration() {
    const DOWN: &str = "migrations/0001_users.down.sql";
    let project = on_a_branch(&[USERS]);
    project.write(DOWN, "alter table users drop column nam;\n");
    lint(&project, &[]).exits(0).says("incomplete-down-migration").says("1 of 1 migrations");
    project.write(DOWN, "drop table users;\n");
    let mended = lint(&project, &["--format", "json"]).ok();
    assert_eq!(rules(&mended), ["down-migration-data-loss"]);
    git(&project, &["add", "."]);
    git(&project, &["commit", "-q", "-m", "back"]);
    assert!(rules(&lint(&project, &["--since", "HEAD", "--format", "json"]).ok()).is_empty());
}

fn rules(output: &Output) -> Vec<String> {
    let found = output.json()["findings"].as_array().unwrap().clone();
    found.iter().map(|finding| finding["rule"].as_str().unwrap().to_owned()).collect()
}

/// In a workflow of GitHub findings are its annotations, unless another format is asked for.
#[test]
fn in_a_workflow_of_github_findings_are_annotations() {
    let here = project(&[USERS, DROP]);
    lint(&here, &["--last", "1"]).exits(3).says("error[drop-column]");
    let there = project(&[USERS, DROP]).variable("GITHUB_ACTIONS", "true");
    lint(&there, &["--last", "1"]).exits(3).says("::error file=migrations/0002_drop.up.sql,line=1,");
    lint(&there, &["--last", "1", "--format", "human"]).exits(3).says("error[drop-column]");
    let output = lint(&there, &["--last", "1", "--format", "json"]).exits(3);
    assert!(rules(&output).contains(&"drop-column".to_owned()));
    let other = project(&[USERS, DROP]).variable("GITHUB_ACTIONS", "false");
    lint(&other, &["--last", "1"]).exits(3).says("error[drop-column]");
}
