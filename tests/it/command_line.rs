//! What the command line takes, refuses and says.

use std::fs::File;
use std::io::Write;

use crate::support::{Engine, Project, TestDatabase};

fn two() -> Project {
    Project::with([
        ("migrations/0001_users.up.sql", "create table users (id int primary key);"),
        ("migrations/0001_users.down.sql", "drop table users;"),
        ("migrations/0002_orders.up.sql", "create table orders (id int primary key);"),
        ("migrations/0002_orders.down.sql", "drop table orders;"),
    ])
}

#[test]
fn a_file_that_cannot_be_read_leads_to_no_other_database() {
    let project = two().variable("DATABASE_URL", "sqlite:wrong.db");
    for variable in ["MIGRATE_DATABASE_URL_FILE", "DATABASE_URL_FILE"] {
        let second = if variable == "DATABASE_URL_FILE" { "" } else { "sqlite:wrong.db" };
        let run = |words: &[&str]| {
            project.run_with(&[(variable, "/nope/secret"), ("DATABASE_URL", second)], words.iter().copied())
        };
        run(&["up"]).exits(2).says(&format!("cannot read `/nope/secret` ({variable}): "));
        run(&["lint"]).exits(2).says("cannot read `/nope/secret`");
        run(&["lint", "--dialect", "sqlite"]).ok();
    }
    assert!(!project.path("wrong.db").exists());
    project.write("secret", "sqlite:right.db\n");
    project.run_with(&[("MIGRATE_DATABASE_URL_FILE", "secret")], ["up"]).ok();
    assert!(project.path("right.db").exists() && !project.path("wrong.db").exists());
}

#[test]
fn a_result_that_cannot_be_written_is_a_failure() {
    let db = TestDatabase::fresh(Engine::Sqlite);
    let project = two().on(&db);
    project.run(["up", "1"]).ok();
    let commands: [&[&str]; 14] = [
        &["status"],
        &["status", "--format", "json"],
        &["plan"],
        &["verify"],
        &["log"],
        &["lock"],
        &["lint", "--dialect", "sqlite"],
        &["rules"],
        &["explain", "drop-column"],
        &["man"],
        &["completions", "bash"],
        &["new", "something"],
        &["--help"],
        &["--version"],
    ];
    for command in commands {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let ended = project.command(command).stdout(full).output().unwrap();
        let said = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(1), "{command:?}: {said}");
        assert!(said.contains("cannot write the result to standard output"), "{command:?}: {said}");
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let ended = project.command(command).stdout(writer).output().unwrap();
        let said = String::from_utf8_lossy(&ended.stderr);
        assert!(ended.status.success() && !said.contains("error"), "{command:?}: {said}");
    }
}

#[test]
fn a_version_that_is_taken_is_not_given_again() {
    let project = two();
    let refused = project.run(["new", "--version", "1", "more"]).exits(2);
    refused.says("`0001` is taken already, by `migrations/0001_users.up.sql`");
    project.write("more/0007_other.up.sql", "select 1;");
    let both = ["--dir", "migrations", "--dir", "more", "new", "--version", "0007", "more"];
    project.run(both).exits(2).says("more/0007_other.up.sql");
    project.run(["new", "--version", "0003", "more"]).ok().says("0003_more.up.sql");
    // The next one comes after those of all folders.
    project.run(["--dir", "migrations", "--dir", "more", "new", "next"]).ok().says("migrations/0008_next.up.sql");
}

#[test]
fn how_long_to_wait_is_as_it_was_said() {
    let project = two();
    let wait = |flags: &[&str]| {
        let address = ["wait", "--database-url", "postgres://nobody@127.0.0.1:1/none"];
        project.run_with(&[("MIGRATE_WAIT", "1s")], address.iter().chain(flags).copied()).exits(8)
    };
    wait(&[]).says("give up after 1.0 s");
    wait(&["--wait", "2s"]).says("give up after 2.0 s");
}

#[test]
fn of_a_long_line_what_is_near_is_shown() {
    let project = Project::empty().variable("DATABASE_URL", "sqlite:x.db");
    let row = "x".repeat(500_000);
    project.write("migrations/0001_a.sql", format!("select '{row}', nothing,\t'{row}';"));
    let failed = project.run(["up", "--no-lint"]).exits(1);
    assert!(failed.stderr.len() < 2_000, "{}", failed.stderr.len());
}

#[test]
fn what_names_no_folder_or_table_is_refused() {
    let project = two().variable("DATABASE_URL", "sqlite:x.db");
    project.run(["up", "--table", " "]).exits(2).says("the history's table has no name");
    project.write("below/deeper/0001_a.sql", "select 1;");
    project.run(["up", "--dir", "below"]).ok().says("SQL in `below/deeper`: name that folder, or say `--recursive`");
    project.write("migrate.toml", "dir = []\n[env.a]\n[env.b]\nurl = \"sqlite:${X\"\n");
    project.run(["status"]).exits(2).says("`dir` in migrate.toml names no folder");
    project.run(["lock", "--env", "a"]).exits(2).says("`[env.a]` in migrate.toml has no `url`");
    project.run(["lock", "--env", "b"]).exits(2).says("a `${` without its `}`");
}

#[test]
fn every_command_has_its_page_in_the_manual() {
    let project = Project::empty();
    let whole = project.run(["man"]).ok();
    let listed: Vec<&str> =
        whole.stdout.lines().filter_map(|line| line.strip_prefix("migrate\\-")?.strip_suffix("(1)")).collect();
    assert!(listed.len() > 20 && listed.contains(&"up") && !listed.contains(&"force"), "{whole}");
    project
        .run(["man", "up"])
        .ok()
        .says(".TH migrate-up 1")
        .says("The release that is being deployed")
        .says("\\fBmigrate\\fR(1)");
    project.run(["man", "plan", "down"]).ok().says(".TH migrate-plan-down 1").says("\\fBmigrate\\-plan\\fR(1)");
    project.run(["man", "nothing"]).exits(2).says("no command `nothing`").says("new, up, down");
    project.run(["man", "up", "-o", "pages"]).exits(2);
    let written = project.run(["man", "-o", "share/man1"]).ok();
    for name in listed {
        let file = format!("share/man1/migrate-{name}.1");
        assert!(written.stdout.lines().any(|line| line == file), "{file}: {written}");
        assert_eq!(project.read(&file), project.run(["man", name]).ok().stdout);
    }
    assert_eq!(project.read("share/man1/migrate.1"), whole.stdout);
    assert!(
        project.path("share/man1/migrate-plan-up.1").exists() && !project.path("share/man1/migrate-help.1").exists()
    );
    let json = project.run(["man", "-o", "share/man1", "--format", "json"]).ok().json();
    assert_eq!(json["files"].as_array().unwrap().len(), written.stdout.lines().count());
}

#[test]
fn golang_migrates_way_of_writing_it() {
    let project = two();
    project
        .run(["create", "-ext", "sql", "-dir", "m", "-seq", "-digits", "4", "add_z"])
        .ok()
        .says("m/0001_add_z.up.sql");
    project
        .run(["create", "-ext", "sql", "-dir", "m", "-seq", "-digits", "6", "add_y"])
        .ok()
        .says("m/000002_add_y.up.sql");
    let url = "sqlite:a.db";
    project.run(["-prefetch", "5", "-lock-timeout", "5", "-path", "migrations", "-database", url, "up", "1"]).ok();
    project.run(["-path", "migrations", "-database", url, "-prefetch=5", "up"]).ok().says("1 migration applied");
}

#[test]
fn an_address_without_its_beginning() {
    let project = two();
    project.run(["status", "-d", "a.db"]).exits(2).says("`sqlite:a.db`");
    project.run(["status", "-d", ""]).exits(2).says("the address is empty");
}

#[test]
fn who_answers_for_postgres_and_is_another() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("postgres://ann@{}/d", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            let _ = client.write_all(b"d'you speak another protocol?");
        }
    });
    let refused = Project::empty().run(["log", "-d", &format!("{url}?sslmode=require")]).exits(8);
    let refused = refused.says("is no PostgreSQL server");
    assert!(!refused.stderr.contains("sqlx") && !refused.stderr.contains("SSLRequest"), "{refused}");
}

each_database! {
    fn a_tag_means_nothing_else(db: TestDatabase) {
        let project = two().on(&db);
        project.run(["up", "1", "--release", "v1"]).ok();
        project.run(["tag", "v1"]).exits(2).says("a release has the name `v1` already");
        project.run(["tag", "users"]).exits(2).says("the migration `0001 users` has the name `users` already");
        project.run(["tag", "orders"]).exits(2).says("the migration `0002 orders` has the name `orders` already");
        project.run(["tag", "0001"]).exits(2).says("cannot be a tag");
        project.run(["tag", "here"]).ok();
        project.run(["tag", "here"]).exits(2).says("a tag has the name `here` already");
        project.run(["tag", "there", "--dir", "nowhere"]).ok();
    }

    fn a_release_means_nothing_else(db: TestDatabase) {
        let project = two().on(&db);
        project.run(["baseline", "1", "--release", "users"]).exits(2).says("`0001 users` has the name `users` already");
        project.run(["up", "1", "--release", "v1"]).ok();
        project.run(["tag", "here"]).ok();
        project.run(["tag", "9.0"]).ok();
        for (name, owner) in [
            ("here", "a tag"),
            ("9.0", "a tag"),
            ("users", "the migration `0001 users`"),
            ("orders", "the migration `0002 orders`"),
        ] {
            let message = format!("{owner} has the name `{name}` already");
            project.run(["up", "--release", name]).exits(2).says(&message);
            project.run(["up", "--release", name, "--dry-run"]).exits(2).says(&message);
        }
        assert!(!db.table_exists("orders"));
        project.run(["up", "--release", "v2"]).ok().says("applied 0002 orders");
        for again in ["v2", "v1", "1.0.0", "1"] {
            project.run(["up", "--release", again]).ok().says("nothing to do");
        }
        project.run(["down", "--to", "here", "--yes"]).ok().says("undone 0002 orders");
    }

    fn what_is_not_there_is_said_to_be_missing(db: TestDatabase) {
        let project = two().on(&db);
        let up = project.run(["up", "1"]).ok();
        let head = up.stdout.trim().rsplit(' ').next().unwrap().to_owned();
        project.run(["down", "--to", "0002", "--yes"]).exits(2).says("`0002 orders` is not applied");
        project.run(["down", "--to", "orders", "--yes"]).exits(2).says("`0002 orders` is not applied");
        for words in [&["repair", "9"][..], &["repair", "abc"], &["repair", "--forget", "0099"]] {
            project.run(words).exits(2).says("is no migration among the files or in the history");
        }
        project.run(["repair", "1"]).exits(2).says("nothing to repair about `0001`");
        for wrong in ["", &head[..12]] {
            project.run(["verify", "--head", wrong]).exits(2).says("is no head: 64 hexadecimal digits");
        }
        project.run(["verify", "--head", &head]).ok();
        project.run(["verify", "--head", &"0a".repeat(32)]).exits(5);
    }

    fn who_wants_quiet_and_no_question_gets_no_plan(db: TestDatabase) {
        let project = two().on(&db);
        project.run(["up", "-q"]).ok();
        for command in [["redo", "--yes", "-q"], ["down", "--yes", "-q"]] {
            let ended = project.run(command).ok();
            assert!(!ended.stderr.contains("undo"), "{ended}");
        }
        assert!(project.run(["down", "--yes"]).ok().stderr.contains("loses data"));
    }
}
