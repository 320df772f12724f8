//! What only reads needs no right to write.

use crate::support::{Engine, Project, Server, TestDatabase};

const READS: [&[&str]; 9] = [
    &["status"],
    &["verify"],
    &["log"],
    &["plan"],
    &["plan", "down"],
    &["up", "--dry-run"],
    &["down", "--dry-run"],
    &["redo", "--dry-run"],
    &["goto", "2", "--dry-run"],
];
const WRITES: [&[&str]; 5] = [&["up"], &["down", "--yes"], &["redo", "--yes"], &["tag", "here"], &["repair"]];

fn project() -> Project {
    Project::with([
        ("migrations/0001_users.up.sql", "create table users (id int primary key);"),
        ("migrations/0001_users.down.sql", "drop table users;"),
        ("migrations/0002_orders.up.sql", "create table orders (id int primary key);"),
    ])
}

/// Whoever reads is let, and whoever writes is told why not.
fn only_reads(project: &Project, why: &str) {
    for command in READS {
        project.run(command).ok();
    }
    for command in WRITES {
        project.run(command).exits(8).says(why);
    }
}

#[test]
fn a_login_that_may_only_read() {
    TestDatabase::run(Engine::Postgres, |db| {
        let project = project().on(&db);
        project.run(["up", "1"]).ok();
        let url = format!("{}?options=-c%20default_transaction_read_only%3Don", db.url());
        only_reads(&project.variable("MIGRATE_DATABASE_URL", &url), "lets this login only read");
        assert!(db.table_exists("users") && !db.table_exists("orders"));
    });
}

#[test]
fn a_server_that_may_only_be_read() {
    if !Engine::Mariadb.is_wanted() {
        return;
    }
    let server = Server::private(Engine::Mariadb);
    let db = TestDatabase::on(&server);
    let project = project().on(&db);
    project.run(["up", "1"]).ok();
    db.admin("set global read_only = 1;");
    only_reads(&project, "is read-only");
    db.admin("set global read_only = 0;");
    project.run(["up"]).ok();
}
