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

fn check(engine: Engine) {
    if !engine.is_wanted() {
        return;
    }
    let db = TestDatabase::fresh(engine);
    let project = Project::with([
        ("migrations/0001_t.up.sql", "create table t (id int);"),
        ("migrations/0001_t.down.sql", "drop table t;"),
    ])
    .on(&db);
    let secret = password(&db.url()).expect("the test user has a password");
    let commands: [&[&str]; 12] = [
        &["status"],
        &["plan"],
        &["up", "-vv"],
        &["up", "--format", "json"],
        &["log"],
        &["verify"],
        &["tag", "x"],
        &["lock"],
        &["down", "--yes"],
        &["repair"],
        &["resolve", "1", "--applied"],
        &["wait"],
    ];
    for command in commands {
        assert_silent(&project.run(command), &secret);
    }
    let table: String = db.rows("select * from migrate_history").concat().concat();
    assert!(!table.contains(&secret));
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
fn postgres() {
    check(Engine::Postgres);
}

#[test]
fn mariadb() {
    check(Engine::Mariadb);
}
