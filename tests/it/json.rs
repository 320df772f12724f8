//! `docs/json.md` has every key that `--format json` writes, and no other.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use coexist::databases::{Blocker, ErrorKind, Holder, Notice, Severity, SqlError};
use coexist::migration::Id;
use coexist::plan::Direction;
use coexist::report;
use coexist::run::event::Event;
use serde_json::Value;

use crate::support::{Engine, Project, TestDatabase};

type Keys = BTreeSet<String>;

/// The keys under each heading of the page; of a heading with several names, under each of them.
fn documented() -> BTreeMap<String, Keys> {
    let mut headings: Vec<String> = Vec::new();
    let mut all: BTreeMap<String, Keys> = BTreeMap::new();
    for line in include_str!("../../docs/json.md").lines() {
        let quoted = || line.split('`').skip(1).step_by(2).map(str::to_owned);
        if line.starts_with("### ") {
            headings = quoted().collect();
        } else if line.starts_with("| `") {
            let key = quoted().next().unwrap();
            for heading in &headings {
                assert!(all.entry(heading.clone()).or_default().insert(key.clone()), "{heading}: {key} twice");
            }
        }
    }
    all
}

/// The paths of a value's leaves. An empty list or object tells nothing of what may be in it.
fn leaves(value: &Value, path: &str, found: &mut Keys) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                leaves(value, &if path.is_empty() { key.clone() } else { format!("{path}.{key}") }, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| leaves(item, &format!("{path}[]"), found)),
        _ => {
            found.insert(path.to_owned());
        }
    }
}

/// Compares what was written with what is documented under this heading.
fn assert_documented<'v>(heading: &str, values: impl IntoIterator<Item = &'v Value>) {
    let mut found = Keys::new();
    for value in values {
        leaves(value, "", &mut found);
    }
    found.remove("event");
    let all = documented();
    let page = all.get(heading).unwrap_or_else(|| panic!("docs/json.md has no `{heading}`"));
    // What is null as a whole stands for what would be in it.
    let stands_for = |key: &str| page.iter().any(|known| known.starts_with(&format!("{key}.")));
    found.retain(|key| !stands_for(key));
    assert_eq!(&found, page, "`{heading}`: found, and in docs/json.md");
}

fn event(event: &Event<'_>) -> Value {
    let mut out = Vec::new();
    report::find("json").unwrap().event(event, &mut out).unwrap();
    serde_json::from_slice(&out).unwrap()
}

/// Fails to compile when an event is added, so that it is added below as well.
fn is_below(event: &Event<'_>) {
    match event {
        Event::Connected { .. }
        | Event::WaitingForServer { .. }
        | Event::WaitingForLock { .. }
        | Event::Recovered { .. }
        | Event::Started { .. }
        | Event::MigrationStarted { .. }
        | Event::StatementStarted { .. }
        | Event::StatementProgress { .. }
        | Event::Notice { .. }
        | Event::Blocked { .. }
        | Event::Reconnected { .. }
        | Event::MigrationFinished { .. }
        | Event::Warning { .. } => {}
    }
}

#[test]
fn every_event_is_documented() {
    let id = Id::Version("0007".parse().unwrap());
    let (name, second, reason) = ("add_phone", Duration::from_secs(1), "a reason");
    let (holder, blockers) = (Holder::default(), [Blocker::default()]);
    let error = SqlError::new(ErrorKind::LockTimeout, "canceling statement due to lock timeout");
    let notice = Notice { part: 0, severity: Severity::Warning, message: "beware".to_owned() };
    let (warnings, direction) = (["a warning".to_owned()], Direction::Up);
    let all = [
        Event::Connected { product: "SQLite 3", database: "a.db", warnings: &warnings },
        Event::WaitingForServer { reason, waited: second, limit: second },
        Event::WaitingForLock { holder: Some(&holder), waited: second, limit: second },
        Event::Recovered { id: &id, name, resolution: "a sentence" },
        Event::Started { steps: 1 },
        Event::MigrationStarted { id: &id, name, direction, step: 1, statements: 1 },
        Event::StatementStarted { id: &id, statement: 1, of: 1, sql: "select 1" },
        Event::StatementProgress { id: &id, elapsed: second, progress: None, blockers: &blockers },
        Event::Notice { id: &id, statement: Some(1), notice: &notice },
        Event::Blocked { id: &id, statement: 1, attempt: 1, error: &error, blockers: &blockers, remaining: second },
        Event::Reconnected { reason },
        Event::MigrationFinished { id: &id, name, direction, step: 1, elapsed: second },
        Event::Warning { message: "a sentence" },
    ];
    for one in &all {
        is_below(one);
        let value = event(one);
        assert_documented(value["event"].as_str().unwrap(), [&value]);
    }
}

#[test]
fn every_result_is_documented() {
    let db = TestDatabase::fresh(Engine::Sqlite);
    let project = Project::with([
        ("migrations/0001_a.up.sql", "create table a (id int, b int);"),
        ("migrations/0001_a.down.sql", "drop table a;"),
        ("migrations/0002_b.up.sql", "create table b (id int);"),
    ])
    .on(&db);
    let json = |arguments: &[&str]| project.run(arguments.iter().copied().chain(["--format", "json"]));
    let mut results: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    let mut note = |heading: &'static str, arguments: &[&str]| {
        results.entry(heading).or_default().push(json(arguments).json());
    };
    note("wait", &["wait"]);
    note("convert", &["convert", "--to", "flyway", "--dry-run"]);
    note("new", &["new", "something"]);
    project.run(["up", "--dry-run"]).ok();
    note("plan", &["plan"]);
    note("up", &["up", "1", "--release", "v1"]);
    note("version", &["version"]);
    note("tag", &["tag", "here"]);
    note("lock", &["lock"]);
    note("plan", &["down", "--dry-run"]);
    note("status", &["status"]);
    project.write("migrations/0001_a.up.sql", "create table a (id int, b int, c int);");
    note("status", &["status"]);
    note("verify", &["verify"]);
    note("log", &["log"]);
    note("repair", &["repair", "0001"]);
    project.write("migrations/0001_a.down.sql", "drop table if exists a;");
    let refused = json(&["down", "--yes"]).exits(5);
    note("down", &["down", "--yes", "--use", "file"]);
    for (heading, values) in &results {
        if *heading == "lock" {
            continue;
        }
        assert_documented(heading, values);
    }
    project.write("migrations/0009_bad.sql", "create table;");
    let failed = json(&["up", "--no-lint"]).exits(1);
    let errors = [refused, failed].map(|said| serde_json::from_str(said.stderr.lines().last().unwrap()).unwrap());
    assert_documented("error", &errors);
}

#[test]
fn a_command_line_that_cannot_be_understood_is_told_in_json() {
    let project = Project::empty();
    let error = |arguments: &[&str]| -> Value {
        let said = project.run(arguments).exits(2);
        assert!(said.stdout.is_empty(), "{said}");
        let error: Value = serde_json::from_str(&said.stderr).unwrap_or_else(|error| panic!("{error}: {said}"));
        assert_eq!((error["event"].as_str(), error["exit"].as_u64()), (Some("error"), Some(2)), "{said}");
        error
    };
    let unknown = error(&["up", "--format", "json", "--lock-waits", "3"]);
    assert_eq!(unknown["message"], "unexpected argument '--lock-waits' found");
    assert_eq!(unknown["hint"], "a similar argument exists: '--lock-wait'");
    let keys: Vec<&String> = unknown.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["details", "differences", "event", "exit", "hint", "message"]);
    let missing = error(&["--format=json", "tag"]);
    assert_eq!(missing["message"], "the following required arguments were not provided: <NAME>");
    assert_eq!(missing["hint"], "For more information, try '--help'.");
    let conflict = error(&["up", "3", "--to", "4", "--format=json"]);
    assert!(conflict["message"].as_str().unwrap().contains("cannot be used with"), "{conflict}");
    error(&["--format", "json"]);
    error(&["frobnicate", "--format=json"]);
    error(&["lint", "--format", "sarif", "--nope"]);
    for text in [&["up", "--nope"][..], &["up", "--format", "xml"], &["up", "--format", "text", "--nope"]] {
        let said = project.run(text).exits(2);
        assert!(said.stderr.starts_with("error: "), "{said}");
    }
    project.run(["up", "--help", "--format", "json"]).ok().says("Usage: migrate up");
    project.run(["--version", "--format", "json"]).ok().says("migrate ");
}

#[test]
fn what_the_linter_says_is_documented() {
    let project = Project::with([
        ("migrations/0001_a.sql", "create table a (id int primary key, b int);"),
        ("migrations/0002_index.up.sql", "create index a_b on a (b);"),
        ("migrations/0002_index.down.sql", "drop index a_b;"),
    ]);
    let json = |arguments: &[&str]| project.run(arguments.iter().copied().chain(["--format", "json"]));
    let lint = json(&["lint", "--dialect", "postgres", "--last", "1"]).exits(3);
    let mut found = Keys::new();
    leaves(&serde_json::from_str(&lint.stdout).unwrap(), "", &mut found);
    assert!(found.contains("findings[].fix.edits[].text"), "{lint}");
    found.remove("findings[].fix");
    let page = &documented()["lint"];
    let unknown: Vec<&String> = found.difference(page).collect();
    assert!(unknown.is_empty(), "docs/json.md lacks {unknown:?}");
    // A fix of this rule has no migration to follow it.
    let absent: Vec<&String> = page.difference(&found).filter(|key| !key.contains(".fix.")).collect();
    assert!(absent.is_empty(), "nothing writes {absent:?}");
    assert_documented("rules", [&json(&["rules"]).json()]);
    assert_documented("explain", [&json(&["explain", "drop-column"]).json()]);
}

#[test]
fn what_is_taken_over_is_documented() {
    let db = TestDatabase::fresh(Engine::Sqlite);
    db.sql("create table schema_migrations (version uint64, dirty bool)");
    db.sql("insert into schema_migrations values (1, false)");
    let project = Project::with([
        ("migrations/1_a.up.sql", "create table a (id int);"),
        ("migrations/2_b.up.sql", "create table b (id int);"),
    ])
    .on(&db);
    assert_documented("adopt", [&project.run(["adopt", "--dry-run", "--format", "json"]).json()]);
}

#[test]
fn the_holder_of_the_lock_is_documented() {
    let db = TestDatabase::fresh(Engine::Sqlite);
    let slow =
        "with recursive c(x) as (select 1 union all select x + 1 from c where x < 1000000000) select max(x) from c;";
    let project = Project::with([("migrations/0001_slow.sql", slow)]).on(&db);
    let running = project.spawn(["up", "-v"]);
    running.wait_for("0001 [1/1]");
    let held = project.run(["lock", "--format", "json"]).ok().json();
    running.interrupt();
    running.wait().exits(130);
    assert_eq!(held["held"], true);
    assert_documented("lock", [&held]);
}
