//! The password is in nothing that the program prints, logs or stores. (Every other test looks for it, too.)

use crate::support::{Engine, Project, TestDatabase};

/// What stands between the user's name and the `@` in a URL.
fn password(url: &str) -> Option<String> {
    let authority = url.split("://").nth(1)?.split('@').next()?;
    authority.split_once(':').map(|(_, password)| password.to_owned())
}

fn assert_silent(output: &crate::support::Output, password: &str) {
    let said = format!("{}{}", output.stdout, output.stderr);
    assert!(!said.contains(password), "the password is in:\n{said}");
}

/// Commands that never see a database.
const ELSEWHERE: &[&str] = &["lint", "rules", "explain", "convert"];

/// Every command, in an order in which each has something to do; some fail.
const COMMANDS: &[&[&str]] = &[
    &["new", "another"],
    &["status"],
    &["plan", "-o", "plan.json"],
    &["up", "--dry-run"],
    &["up", "--plan", "plan.json", "-vv"],
    &["up", "--format", "json"],
    &["up"],
    &["log"],
    &["verify"],
    &["verify", "--head", "0"],
    &["tag", "x"],
    &["tag", "x"],
    &["lock"],
    &["lock", "--format", "json"],
    &["plan", "down"],
    &["down", "--dry-run"],
    &["down"],
    &["down", "--yes", "-vv"],
    &["redo", "--yes"],
    &["goto", "0001", "--yes"],
    &["goto", "nothing", "--yes"],
    &["adopt"],
    &["baseline", "0002"],
    &["repair"],
    &["resolve", "1", "--applied"],
    &["force", "1"],
    &["version"],
    &["wait"],
    &["completions", "bash"],
    &["man"],
    &["help"],
];

/// A migration that fails for a reason of its own, and says the password while it does.
fn failures(engine: Engine, secret: &str) -> Vec<(&'static str, String)> {
    let said = match engine {
        Engine::Postgres => format!("do $$ begin raise notice 'it is {secret}'; end $$; select * from nowhere;"),
        _ => format!("-- migrate:no-transaction\ncreate table half (id int); select '{secret}' from nowhere;"),
    };
    vec![
        ("0003_syntax.sql", format!("create table '{secret}';")),
        ("0003_missing.sql", said),
        ("0003_refused.sql", format!("begin; select '{secret}';")),
        ("0003_directive.sql", format!("-- migrate:{secret}\nselect 1;")),
        ("0003_unfinished.sql", format!("select '{secret}")),
    ]
}

/// What `migrate help` lists.
fn listed(help: &str) -> Vec<String> {
    let commands = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    // A summary that is too long for its line goes on further to the right.
    let named = commands.lines().filter_map(|line| line.strip_prefix("  ").filter(|rest| !rest.starts_with(' ')));
    named.filter_map(|line| line.split_whitespace().next().map(str::to_owned)).collect()
}

fn check(engine: Engine) {
    if !engine.is_wanted() {
        return;
    }
    let db = TestDatabase::fresh(engine);
    let project = Project::with([
        ("migrations/0001_t.up.sql", "create table t (id int);"),
        ("migrations/0001_t.down.sql", "drop table t;"),
        ("migrations/0002_u.up.sql", "create table u (id int);"),
        ("migrations/0002_u.down.sql", "drop table u;"),
    ])
    .on(&db);
    let secret = password(&db.url()).expect("the test user has a password");
    let help = project.run(["help"]).ok().stdout;
    for command in listed(&help).iter().filter(|command| !ELSEWHERE.contains(&command.as_str())) {
        assert!(COMMANDS.iter().any(|known| known[0] == command), "`migrate {command}` is not tried for secrets");
    }
    for command in COMMANDS {
        assert_silent(&project.run(*command), &secret);
    }
    assert!(!project.read("plan.json").contains(&secret));
    let table = db.rows("select * from migrate_history").concat().concat();
    assert!(!table.contains(&secret));
    for (file, text) in failures(engine, &secret) {
        let path = format!("migrations/{file}");
        project.write(&path, text);
        for format in ["text", "json"] {
            let output = project.run(["up", "-vv", "--format", format]);
            assert_ne!(output.code(), Some(0), "{file}: {output}");
            assert_silent(&output, &secret);
        }
        assert_silent(&project.run(["plan"]), &secret);
        project.remove(&path);
    }
    let wrong = "wr0ng-p4ssw0rd";
    let good = db.url();
    for url in [
        good.replace(&secret, wrong),
        good.replace(&format!("@{}", db.server().address()), "@127.0.0.1:1").replace(&secret, wrong),
        format!("{}?nonsense={wrong}", good.replace(&secret, wrong)),
        good.replace(&secret, &format!("{wrong}@{wrong}")),
        good.replace("://", ":/").replace(&secret, wrong),
    ] {
        for format in ["text", "json"] {
            let output = project.run(["status", "-vv", "--format", format, "--database-url", &url]);
            assert_ne!(output.code(), Some(0), "{output}");
            assert_silent(&output, wrong);
        }
    }
}

#[test]
fn an_address_in_the_wrong_place() {
    let (project, secret) = (Project::empty(), "wr0ng-p4ssw0rd");
    for url in [format!("postgres://ann:{secret}@host/d"), format!("mysql://host/d?password={secret}")] {
        for words in [
            &["log", &url][..],
            &["status", "--port", &url],
            &[&url, "up"],
            &["up", "--format", "json", "--port", &url],
        ] {
            let refused = project.run(words).exits(2);
            assert_silent(&refused, secret);
            refused.says("****");
        }
    }
}

#[test]
fn postgres() {
    check(Engine::Postgres);
}

#[test]
fn mariadb() {
    check(Engine::Mariadb);
}
