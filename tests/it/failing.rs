//! What is said when a run fails: what is true now, and the next step.

use std::io::Write;
use std::time::{Duration, Instant};

use crate::support::{Cut, Direction, Engine, Manner, Project, Proxy, Scope, TestDatabase};

/// A statement that takes some seconds.
fn slow(engine: Engine) -> &'static str {
    match engine {
        Engine::Postgres => "select pg_sleep(5);",
        // A sleep, or `benchmark`, would end early and without an error.
        Engine::Mariadb => {
            "select count(*) from information_schema.collations a, information_schema.collations b, information_schema.collations c, information_schema.collations d;"
        }
        Engine::Sqlite => {
            "with recursive c(x) as (select 1 union all select x + 1 from c where x < 100000000) select max(x) from c;"
        }
    }
}

each_database! {
    fn a_statement_that_takes_too_long_is_given_longer(db: TestDatabase) {
        let project = Project::with([("migrations/0001_slow.sql", slow(db.engine()))]).on(&db);
        let output = project.run(["up", "--statement-timeout", "300ms", "--retry-for", "0s"]);
        output.exits(1).says("may take 300 ms").says("--statement-timeout").says("-- migrate:statement-timeout TIME");
        project.write("migrations/0001_slow.sql", "create table quick (id int);");
        project.run(["up", "--statement-timeout", "30s"]).ok();
    }

    fn an_undo_that_failed_is_no_undo(db: TestDatabase) {
        let project = Project::with([
            ("migrations/0001_a.up.sql", "create table a (id int);"),
            ("migrations/0001_a.down.sql", "drop table nowhere;"),
        ])
        .on(&db);
        project.run(["up"]).ok();
        project.run(["down", "--yes"]).exits(1).says("the undo was rolled back; `0001 a` is still applied");
    }

    fn a_schema_that_was_there_is_taken_over(db: TestDatabase) {
        db.sql("create table a (id int)");
        let project = Project::with([("migrations/0001_a.sql", "create table a (id int);")]).on(&db);
        project.run(["up"]).exits(1).says("`migrate baseline VERSION`");
        project.write("migrations/0001_a.sql", "create table b (id int);");
        project.run(["up"]).ok();
        project.write("migrations/0002_a.sql", "create table a (id int);");
        assert!(!project.run(["up"]).exits(1).stderr.contains("baseline"));
    }

    fn a_table_that_is_no_history_is_named(db: TestDatabase) {
        db.sql("create table migrate_history (id int)");
        let project = Project::with([("migrations/0001_a.sql", "create table a (id int);")]).on(&db);
        project.run(["up"]).exits(1).says("migrate_history` is no history of `migrate`'s").says("--table NAME");
        project.run(["up", "--table", "our_history"]).ok();
        db.sql("alter table our_history drop column tag");
        project.run(["status", "--table", "our_history"]).exits(1).says("our_history` lacks a column").says("tag");
    }
}

#[test]
fn all_in_one_transaction_is_rolled_back_as_one() {
    if !Engine::Sqlite.is_wanted() {
        return;
    }
    let db = TestDatabase::fresh(Engine::Sqlite);
    let project = Project::with([
        ("migrations/0001_a.sql", "create table a (id int);"),
        ("migrations/0002_b.sql", "insert into nowhere values (1);"),
    ])
    .on(&db);
    project.run(["up", "--transaction", "all"]).exits(1).says("the whole run was rolled back");
}

#[test]
fn what_goes_on_is_found_in_its_file_and_can_be_given_up() {
    if !Engine::Mariadb.is_wanted() {
        return;
    }
    let db = TestDatabase::fresh(Engine::Mariadb);
    let text = "create table a (id int);\n\ninsert into nowhere values (1);\n";
    let project = Project::with([("migrations/0001_a.sql", text)]).on(&db);
    for _ in 0..2 {
        let output = project.run(["up"]).exits(1);
        output.says("(migrations/0001_a.sql:3:").says("`migrate resolve 0001 --reverted`");
    }
    db.sql("drop table a");
    project.run(["resolve", "0001", "--reverted"]).ok();
    project.run(["status"]).ok().says("0 applied, 1 pending");
}

#[test]
fn a_script_that_was_changed_in_the_history_is_not_gone_on_with() {
    if !Engine::Mariadb.is_wanted() {
        return;
    }
    let db = TestDatabase::fresh(Engine::Mariadb);
    let text = "create table a (id int);\ninsert into nowhere values (1);\n";
    let project = Project::with([("migrations/0001_a.sql", text)]).on(&db);
    project.run(["up"]).exits(1);
    db.sql("create table precious (id int)");
    db.sql("update migrate_history set up_script = replace(up_script, 'insert into nowhere values (1)', 'drop table precious')");
    project.run(["up"]).exits(6).says("`up_script` in row 1 of the history was changed");
    assert!(db.table_exists("precious"));
    project.run(["resolve", "0001", "--reverted"]).ok();
}

#[test]
fn a_lost_connection_is_no_second_migration() {
    if !Engine::Mariadb.is_wanted() {
        return;
    }
    let db = TestDatabase::fresh(Engine::Mariadb);
    let text =
        "create table a (id int); insert into a select sleep(1) from (select 1 union select 2 union select 3) s;";
    let project = Project::with([("migrations/0001_a.sql", text)]).on(&db);
    let running = project.spawn(["up", "-v"]);
    running.wait_for("[2/2]");
    std::thread::sleep(Duration::from_millis(500));
    let pid =
        db.value("select id from information_schema.processlist where info like 'insert into a select sleep%' limit 1");
    db.admin(&format!("kill {pid}"));
    let output = running.wait().ok();
    assert_eq!(format!("{}{}", output.stdout, output.stderr).matches("applied 0001 a").count(), 1, "{output}");
}

fn wait_until(is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(60), "it never is");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Cuts all connections, and lets new ones through.
fn cut_now(proxy: &Proxy) {
    proxy.cut(Cut { direction: Direction::ToServer, after: 1, manner: Manner::Reset, scope: Scope::Network });
    let address = proxy.address();
    std::net::TcpStream::connect(address).and_then(|mut other| other.write_all(b"xx")).expect("it listens");
    wait_until(|| proxy.is_down());
    proxy.restore();
}

#[test]
fn who_waits_for_nobody_waits_for_what_is_left_of_itself() {
    if !Engine::Postgres.is_wanted() {
        return;
    }
    let db = TestDatabase::fresh(Engine::Postgres);
    let proxy = Proxy::to(db.server().address());
    let project = Project::with([("migrations/0001_a.sql", "select pg_sleep(2);\ncreate table a (id int);")]).on(&db);
    let project = project.variable("MIGRATE_DATABASE_URL", &db.url_at(proxy.address()));
    let running = project.spawn(["up", "--lock-wait", "0s", "-v"]);
    let sleeping = "select count(*) from pg_stat_activity where state = 'active' and query like '%pg_sleep(2)%' and pid <> pg_backend_pid() and datname = current_database()";
    while db.value(sleeping) == "0" {
        std::thread::sleep(Duration::from_millis(20));
    }
    // The server does not notice before the statement ends.
    cut_now(&proxy);
    running.wait().ok().says("reconnected");
    assert!(db.table_exists("a"));
}

fn the_beginning_is_told_once(engine: Engine, fresh: bool) {
    if !engine.is_wanted() {
        return;
    }
    let db = TestDatabase::fresh(engine);
    let proxy = Proxy::to(db.server().address());
    // Far more than what is said before it; its row in the history holds it, too.
    let long = format!("create table b (id int);\ninsert into b values (0){};", ", (1)".repeat(50_000));
    let project = Project::with([("migrations/0001_a.sql", "create table a (id int);")])
        .on(&db)
        .variable("MIGRATE_DATABASE_URL", &db.url_at(proxy.address()));
    if !fresh {
        project.up();
    }
    project.write("migrations/0002_b.sql", &long);
    let cut = |after| {
        proxy.cut(Cut { direction: Direction::ToServer, after, manner: Manner::Reset, scope: Scope::Network });
    };
    cut(350_000);
    let running = project.spawn(["up", "--format", "json"]);
    wait_until(|| proxy.is_down());
    cut(100_000);
    wait_until(|| proxy.is_down());
    proxy.restore();
    let output = running.wait().ok();
    let events: Vec<serde_json::Value> =
        output.stderr.lines().map(|line| serde_json::from_str(line).expect("an event")).collect();
    let told = |event: &str| -> Vec<(String, u64)> {
        let of_kind = events.iter().filter(|value| value["event"] == event);
        of_kind.map(|value| (value["id"].as_str().unwrap().to_owned(), value["step"].as_u64().unwrap())).collect()
    };
    let once = match fresh {
        true => vec![("0001".to_owned(), 1), ("0002".to_owned(), 2)],
        false => vec![("0002".to_owned(), 1)],
    };
    assert_eq!(told("migration_started"), once);
    assert_eq!(told("migration_finished"), once);
    assert_eq!(output.stderr.matches("\"reconnected\"").count(), 2);
    assert_eq!(db.value("select count(*) from b"), "50001");
}

#[test]
fn the_beginning_of_a_migration_is_told_once_on_postgres() {
    the_beginning_is_told_once(Engine::Postgres, true);
    the_beginning_is_told_once(Engine::Postgres, false);
}

#[test]
fn the_beginning_of_a_migration_is_told_once_on_mariadb() {
    the_beginning_is_told_once(Engine::Mariadb, true);
    the_beginning_is_told_once(Engine::Mariadb, false);
}

#[test]
fn a_migration_whose_row_does_not_fit_is_not_to_blame_by_a_statement() {
    if !Engine::Mariadb.is_wanted() {
        return;
    }
    let db = TestDatabase::fresh(Engine::Mariadb);
    let largest: usize = db.value("select @@max_allowed_packet").parse().expect("a number of bytes");
    let row = format!("insert into a values ('{}');\n", "''".repeat(100_000));
    let text = format!("create table a (t longtext);\n{}", row.repeat(largest * 6 / 10 / row.len()));
    let project = Project::with([("migrations/0001_a.sql", &text)]).on(&db);
    project.run(["up"]).exits(1).says("the migration's row in the history").says("split the migration");
    project.run(["baseline", "1"]).exits(1).says("the migration's row in the history");
    // Only what quotes cannot hold, here each quote, takes more room in the row than in the script.
    project.write("migrations/0001_a.sql", text.replace("''", "  "));
    project.run(["up"]).ok();
    project.run(["verify"]).ok();
}

#[test]
fn who_ends_the_connection_twice_is_obeyed() {
    if !Engine::Postgres.is_wanted() {
        return;
    }
    let db = TestDatabase::fresh(Engine::Postgres);
    let project = Project::with([("migrations/0001_a.sql", "create table a (id int); select pg_sleep(20);")]).on(&db);
    let mut running = project.spawn(["up"]);
    let name = db.name().to_owned();
    while !running.has_ended() {
        db.admin(&format!(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}' and state = 'active' and query like '%pg_sleep(20)%' and pid <> pg_backend_pid()"
        ));
        std::thread::sleep(Duration::from_millis(100));
    }
    let said = "cannot keep a connection while `0001 a` runs (statement 2 of 2)";
    let output = running.wait().exits(1).says(said).says("twice in a row");
    assert_eq!(output.stderr.matches("reconnected").count(), 1, "{output}");
}

#[test]
fn a_history_that_may_not_be_created_says_which_right_is_needed() {
    if !Engine::Postgres.is_wanted() {
        return;
    }
    let db = TestDatabase::fresh(Engine::Postgres);
    let project = Project::with([("migrations/0001_a.sql", "select 1;")]).on(&db);
    let output = project.run(["up", "--schema", "pg_catalog"]).exits(1);
    output.says("`pg_catalog.migrate_history`: permission denied").says("the right CREATE on `pg_catalog`");
}

#[test]
fn a_schema_that_is_not_there_is_a_typing_mistake_unless_it_is_wanted() {
    if !Engine::Postgres.is_wanted() {
        return;
    }
    let db = TestDatabase::fresh(Engine::Postgres);
    let project = Project::with([("migrations/0001_a.sql", "create table a (id int primary key);")]).on(&db);
    let schemas = || db.value("select count(*) from pg_namespace where nspname in ('nope', 'app', 'my app')");
    for command in [&["up"][..], &["tag", "here"], &["baseline", "1"], &["up", "--release", "v1"]] {
        let refused = project.run(command.iter().copied().chain(["--schema", "nope"])).exits(2);
        refused.says("there is no schema `nope`").says("(CREATE SCHEMA \"nope\"), or say `--create-schema`");
    }
    for command in ["status", "plan", "log", "verify"] {
        project.run([command, "--schema", "nope"]).ok().says("there is no schema `nope` that this login sees");
    }
    assert_eq!(schemas(), "0");
    assert!(!db.table_exists("a") && !db.table_exists("migrate_history"));
    let created = project.run(["up", "--schema", "my app", "--create-schema"]).ok();
    created.says("there was no schema `my app`; it was created").says("1 migration applied");
    let again = project.run(["up", "--schema", "my app", "--create-schema"]).ok().says("nothing to do");
    assert!(!again.stderr.contains("created"), "{again}");
    let known = project.run(["status", "--schema", "public"]).ok();
    assert!(!known.stderr.contains("no schema"), "{known}");
    db.sql("drop table a");
    project.write("migrate.toml", "[history]\nschema = \"app\"\ncreate_schema = true\n");
    project.run(["up"]).ok().says("there was no schema `app`; it was created");
    assert_eq!(db.value("select count(*) from app.migrate_history"), "1");
    assert_eq!(schemas(), "2");
}

#[test]
fn a_database_for_the_history_that_is_not_there_is_not_created() {
    if !Engine::Mariadb.is_wanted() {
        return;
    }
    let db = TestDatabase::fresh(Engine::Mariadb);
    let project = Project::with([("migrations/0001_a.sql", "create table a (id int primary key);")]).on(&db);
    let refused = project.run(["up", "--schema", "coexist_nope", "--create-schema"]).exits(2);
    refused.says("there is no schema `coexist_nope`").says("create it (CREATE SCHEMA `coexist_nope`); its");
    project.run(["status", "--schema", "coexist_nope"]).ok().says("there is no schema `coexist_nope` that this");
    let known = project.run(["status", "--schema", db.name()]).ok();
    assert!(!known.stderr.contains("no schema"), "{known}");
    assert!(!db.table_exists("a"));
}

#[test]
fn whoever_waits_for_a_server_can_be_stopped() {
    for command in ["up", "wait"] {
        let project = Project::with([("migrations/0001_a.sql", "select 1;")]);
        let running = project.spawn([command, "--wait", "60s", "--database-url", "postgres://nobody@127.0.0.1:1/none"]);
        running.wait_for("waiting for the database");
        running.interrupt();
        running.wait().exits(130).says("interrupted while waiting for the database");
    }
}

#[test]
fn the_end_of_the_terminal_ends_a_run_cleanly() {
    if !Engine::Postgres.is_wanted() {
        return;
    }
    let db = TestDatabase::fresh(Engine::Postgres);
    let project = Project::with([("migrations/0001_a.sql", "create table a (id int); select pg_sleep(20);")]).on(&db);
    let running = project.spawn(["up", "-v"]);
    running.wait_for("[2/2]");
    running.hang_up();
    running.wait().exits(130).says("interrupted in `0001 a`, which was rolled back");
    assert!(!db.table_exists("a"));
}

#[test]
fn what_was_interrupted_and_is_half_done_says_how_far_it_is() {
    if !Engine::Mariadb.is_wanted() {
        return;
    }
    let db = TestDatabase::fresh(Engine::Mariadb);
    let text =
        "create table a (id int); insert into a select sleep(3) from (select 1 union select 2 union select 3) s;";
    let project = Project::with([("migrations/0001_a.sql", text)]).on(&db);
    let running = project.spawn(["up", "-v"]);
    running.wait_for("[2/2]");
    std::thread::sleep(Duration::from_millis(300));
    running.interrupt();
    running.wait().exits(130).says("1 of 2 statements are done and recorded, and `migrate up` goes on with the next");
}

#[test]
fn what_could_not_be_looked_at_is_not_called_undone() {
    if !Engine::Postgres.is_wanted() {
        return;
    }
    let db = TestDatabase::fresh(Engine::Postgres);
    let script = "-- migrate:no-transaction\ncreate table names (name text);\ninsert into names values ('same'), ('same');\ncreate unique index concurrently names_name on names (name);";
    let project = Project::with([("migrations/0001_names.sql", script)]).on(&db);
    // The connection ends when the invalid index that the failure leaves is dropped.
    db.admin("create function hang_up() returns event_trigger language plpgsql as $$ begin perform pg_terminate_backend(pg_backend_pid()); end $$;");
    db.admin(
        "create event trigger hang_up on ddl_command_start when tag in ('DROP INDEX') execute function hang_up();",
    );
    let output = project.run(["up"]).exits(1).says("statement 3 of 3").says("how far it is could not be read");
    assert!(!output.stderr.contains("0 of 3"), "{output}");
    db.admin("drop event trigger hang_up;");
    db.sql("truncate names;");
    project.run(["up"]).ok();
    assert_eq!(
        db.rows("select indexrelid::regclass, indisvalid from pg_index where indrelid = 'names'::regclass").concat(),
        ["names_name", "t"]
    );
}

each_database! {
    fn a_procedure_that_was_refused_may_have_committed(db: TestDatabase) {
        let body = "insert into done values (1); commit; insert into nowhere values (1);";
        let procedure = match db.engine() {
            Engine::Postgres => format!("create procedure halfway() language plpgsql as $$ begin {body} end $$;"),
            Engine::Mariadb => format!("delimiter //\ncreate procedure halfway() begin {body} end //\ndelimiter ;"),
            Engine::Sqlite => return,
        };
        let project = Project::with([
            ("migrations/0001_halfway.sql", format!("create table done (n int);\n{procedure}")),
            ("migrations/0002_call.sql", "-- migrate:no-transaction\ncall halfway();".to_owned()),
        ])
        .on(&db);
        project.run(["up"]).exits(6).says("may be committed").says("`migrate resolve 0002 --statement 1 --done`");
        project.run(["up"]).exits(6).says("--statement 1 --done");
        project.run(["resolve", "2", "--statement", "1", "--done"]).ok();
        project.run(["up"]).ok();
        assert_eq!(db.value("select count(*) from done"), "1");
        project.run(["verify"]).ok();
    }
}
