//! What a server says beside its answers reaches the user.

use crate::support::{Engine, Project, TestDatabase};

#[test]
fn what_postgres_says_is_told_with_its_statement() {
    if !Engine::Postgres.is_wanted() {
        return;
    }
    let db = TestDatabase::fresh(Engine::Postgres);
    let text = "create table if not exists t (id int);
        do $$ begin
          raise notice 'half of %', 8;
          raise warning E'red \\x1b[31m';
          raise info 'asked for';
          raise debug 'for the log alone';
        end $$;
        create table if not exists t (id int);";
    let project = Project::with([
        ("migrations/0001_loud.sql", text),
        ("migrations/0002_alone.sql", "-- migrate:no-transaction\n-- migrate:allow drop-table: it is not there\ndrop table if exists nothing; vacuum;"),
        ("migrations/0003_deferred.sql", DEFERRED),
    ])
    .on(&db);
    let said = project.run(["up"]).ok();
    for line in [
        "notice 0001, statement 2: half of 8\n",
        "warning 0001, statement 2: red \\u{1b}[31m\n",
        "info 0001, statement 2: asked for\n",
        "notice 0001, statement 3: relation \"t\" already exists, skipping\n",
        "notice 0002, statement 1: table \"nothing\" does not exist, skipping\n",
        "notice 0003: at the end\n",
    ] {
        assert!(said.stderr.contains(line), "{line}{said}");
    }
    assert!(!said.stderr.contains("for the log alone"), "{said}");
    // Of our own table and transaction nothing is heard.
    assert_eq!(said.stderr.matches("notice ").count(), 4, "{said}");
}

/// A trigger that speaks at the commit.
const DEFERRED: &str = "create function speak() returns trigger language plpgsql as
      $$ begin raise notice 'at the end'; return null; end $$;
    create constraint trigger speaks after insert on t deferrable initially deferred
      for each row execute function speak();
    insert into t values (1);";

#[test]
fn notices_are_told_while_their_statement_runs() {
    if !Engine::Postgres.is_wanted() {
        return;
    }
    let db = TestDatabase::fresh(Engine::Postgres);
    let text = "do $$ begin raise notice 'it begins'; perform pg_sleep(60); end $$;";
    let project = Project::with([("migrations/0001_slow.sql", text)]).on(&db);
    let running = project.spawn(["up", "--format", "json"]);
    running.wait_for(r#"{"event":"notice","id":"0001","message":"it begins","severity":"notice","statement":1}"#);
    running.interrupt();
    running.wait().exits(130);
}

#[test]
fn warnings_of_mysql_are_told_with_their_statement() {
    if !Engine::Mariadb.is_wanted() {
        return;
    }
    let db = TestDatabase::fresh(Engine::Mariadb);
    let text = "create table t (name varchar(3));
        set sql_mode = '';
        insert into t values ('too long');
        -- migrate:allow drop-table: it is not there
        drop table if exists nothing;
        update t set name = 'x';";
    let project = Project::with([
        ("migrations/0001_loud.sql", text),
        ("migrations/0002_whole.sql", "-- migrate:allow drop-table: it is not there\ndrop table if exists nothing;"),
    ])
    .on(&db);
    let said = project.run(["up", "1"]).ok();
    assert!(said.stderr.contains("warning 0001, statement 3: Data truncated for column 'name'"), "{said}");
    assert!(said.stderr.contains("notice 0001, statement 4: Unknown table "), "{said}");
    assert_eq!(said.stderr.matches(", statement ").count(), 2, "{said}");
    project.run(["up", "--quiet"]).ok();
    project.write("migrations/0003_again.sql", text.replace("create table t (name varchar(3))", "select 1"));
    let said = project.run(["up", "--quiet"]).ok();
    assert!(said.stderr.starts_with("warning 0003, statement 3: "), "{said}");
    assert!(!said.stderr.contains("notice"), "{said}");
}
