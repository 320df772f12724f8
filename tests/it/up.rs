//! Going forward.

use crate::support::{Engine, Output, Project, TestDatabase};

fn shop() -> Project {
    Project::with([
        ("migrations/0001_users.up.sql", "create table users (id int primary key, name varchar(50));"),
        ("migrations/0001_users.down.sql", "drop table users;"),
        ("migrations/0002_orders.up.sql", "create table orders (id int primary key, user_id int);"),
        ("migrations/0002_orders.down.sql", "drop table orders;"),
        ("migrations/0003_note.up.sql", "alter table orders add column note varchar(50);"),
        ("migrations/0003_note.down.sql", "alter table orders drop column note;"),
    ])
}

fn applied(db: &TestDatabase) -> Vec<String> {
    db.rows("select version from migrate_history where kind = 'apply' and state = 'done' order by seq").concat()
}

each_database! {
    fn applies_in_order_and_then_has_nothing_to_do(db: TestDatabase) {
        let project = shop().on(&db);
        project.run(["status", "--exit-code"]).exits(4).says("pending");
        project.run(["up"]).ok().says("3 migrations applied");
        assert_eq!(applied(&db), ["0001", "0002", "0003"]);
        project.run(["up"]).ok().says("nothing to do");
        project.run(["status", "--exit-code"]).ok().says("3 applied, 0 pending");
        project.run(["verify"]).ok().says("verified 3 applied migrations");
    }

    fn reading_commands_write_nothing(db: TestDatabase) {
        let project = shop().on(&db);
        let before = db.schema();
        for command in [vec!["status"], vec!["plan"], vec!["verify"], vec!["log"], vec!["lock"], vec!["up", "--dry-run"], vec!["version"]] {
            project.run(command).ok();
        }
        assert_eq!(db.schema(), before);
        assert!(!db.table_exists("migrate_history"));
    }

    fn a_failing_statement_names_its_place_and_leaves_nothing(db: TestDatabase) {
        let project = shop().on(&db);
        project.write("migrations/0004_bad.sql", "insert into users values (1, 'a');\n\n-- a comment\n  insert into nowhere values (1);\n");
        let output = project.run(["up"]).exits(1);
        let output = output.says("migrations/0004_bad.sql:4:").says("statement 2 of 2").says("hint:");
        assert!(output.stderr.contains("insert into nowhere"), "{output}");
        assert_eq!(applied(&db), ["0001", "0002", "0003"]);
        assert_eq!(db.value("select count(*) from users"), "0", "the first statement was rolled back");
        project.write("migrations/0004_bad.sql", "insert into users values (1, 'a');");
        project.run(["up"]).ok();
        assert_eq!(db.value("select count(*) from users"), "1");
    }

    fn count_name_and_plan(db: TestDatabase) {
        let project = shop().on(&db);
        project.run(["up", "1"]).ok();
        assert_eq!(applied(&db), ["0001"]);
        project.run(["plan", "--to", "orders", "-o", "plan.json"]).ok().says("create table orders");
        project.run(["up", "--plan", "plan.json"]).ok();
        assert_eq!(applied(&db), ["0001", "0002"]);
        project.run(["up", "--plan", "plan.json"]).exits(5).says("plan was made for another state");
        project.run(["up", "--to", "nonsense"]).exits(2).says("`nonsense` is no version");
        project.run(["up", "--to", "3"]).ok();
        assert_eq!(applied(&db), ["0001", "0002", "0003"]);
    }

    fn line_ends_and_names_do_not_matter_and_edits_do(db: TestDatabase) {
        let project = shop().on(&db);
        project.write("migrations/0002_orders.up.sql", "create table orders (\n  id int primary key,\n  user_id int\n);\n");
        project.run(["up"]).ok();
        project.write("migrations/0002_orders.up.sql", "\u{feff}create table orders (\r\n  id int primary key,\r\n  user_id int\r\n);\r\n");
        project.remove("migrations/0001_users.up.sql");
        project.write("migrations/0001_accounts.up.sql", "create table users (id int primary key, name varchar(50));");
        project.remove("migrations/0001_users.down.sql");
        project.run(["up"]).ok().says("nothing to do");
        project.write("migrations/0003_note.up.sql", "alter table orders add column note varchar(99);");
        project.run(["up"]).exits(5).says("0003 note").says("migrate repair 0003");
        let shown = project.run(["verify", "--color", "always"]).exits(5);
        assert!(shown.stdout.contains("\u{1b}[31m-alter table orders add column note varchar(50);"), "{shown}");
        assert!(shown.stdout.contains("\u{1b}[32m+alter table orders add column note varchar(99);"), "{shown}");
        project.run(["repair", "3"]).ok().says("repaired 0003");
        project.run(["up"]).ok();
    }

    fn a_late_file_runs_only_when_it_is_independent(db: TestDatabase) {
        let project = shop().on(&db);
        project.run(["up"]).ok();
        project.write("migrations/0002.1_tags.sql", "create table tags (id int primary key);");
        project.run(["status"]).ok().says("out of order");
        let verified = |output: &Output, clean: bool| {
            let found = output.json();
            assert_eq!(found["clean"], clean, "{output}");
            assert_eq!(found["drift"].as_array().unwrap().is_empty(), clean, "{output}");
        };
        project.run(["status", "--exit-code"]).exits(4);
        verified(&project.run(["verify", "--format", "json"]).ok(), true);
        let strict = &[("MIGRATE_OUT_OF_ORDER", "error")];
        project.run_with(strict, ["up"]).exits(5).says("comes before `0003`");
        project.run_with(strict, ["status", "--exit-code"]).exits(5);
        verified(&project.run_with(strict, ["verify", "--format", "json"]).exits(5), false);
        project.run(["up"]).ok();
        assert!(db.table_exists("tags"));
        project.write("migrations/0002.2_more.sql", "create index orders_user on orders (user_id);");
        project.run(["up"]).exits(5).says("`orders`");
        project.run(["status", "--exit-code"]).exits(5).says("`orders`");
        verified(&project.run(["verify", "--format", "json"]).exits(5), false);
        project.run(["verify"]).exits(5).says("`orders`");
        let lax = &[("MIGRATE_OUT_OF_ORDER", "allow")];
        project.run_with(lax, ["status", "--exit-code"]).exits(4);
        verified(&project.run_with(lax, ["verify", "--format", "json"]).ok(), true);
        project.run_with(&[("MIGRATE_OUT_OF_ORDER", "allow")], ["up", "--no-lint"]).ok();
    }

    fn a_database_that_is_ahead_is_refused_unless_allowed(db: TestDatabase) {
        let project = shop().on(&db);
        project.write("migrations/0003_note.up.sql", "alter table orders drop column user_id;");
        project.run(["up"]).ok();
        project.remove("migrations/0003_note.up.sql");
        project.remove("migrations/0003_note.down.sql");
        project.run(["up"]).exits(5).says("newer than every file");
        project.run_with(&[("MIGRATE_AHEAD", "allow")], ["up"]).ok();
        project.remove("migrations/0001_users.up.sql");
        project.remove("migrations/0001_users.down.sql");
        project.run_with(&[("MIGRATE_AHEAD", "allow")], ["up"]).exits(5).says("its file is missing");
        project.run(["repair", "--forget", "1"]).ok();
        project.run_with(&[("MIGRATE_AHEAD", "allow")], ["up"]).ok();
    }

    fn repeatables_run_again_when_they_change(db: TestDatabase) {
        let project = shop().on(&db);
        project.write("migrations/R__names.sql", "drop view if exists names; create view names as select name from users;");
        project.run(["up"]).ok().says("R__names");
        project.run(["up"]).ok().says("nothing to do");
        project.write("migrations/R__names.sql", "drop view if exists names; create view names as select id, name from users;");
        project.run(["up"]).ok().says("R__names");
        project.run(["redo", "1", "--yes"]).ok();
        project.run(["up"]).ok().says("R__names");
    }

    fn an_outer_transaction_is_its_own_tools_way(db: TestDatabase) {
        let project = shop().on(&db);
        project.write("migrations/0004_own.sql", "create table one (id int);\ncommit;\ncreate table two (id int);");
        project.run(["up"]).exits(2).says("0004_own.sql:2:1").says("commit").says("hint:");
        assert!(!db.table_exists("migrate_history"), "nothing runs before everything was checked");
    }

    fn transactions_within_a_file_are_one_with_it(db: TestDatabase) {
        let project = shop().on(&db);
        let (before, after) = match db.engine() {
            // The way to rebuild a table that others point to.
            Engine::Sqlite => ("pragma foreign_keys = off;", "pragma foreign_keys = on;"),
            _ => ("create table first (id int);", "create table last (id int);"),
        };
        let text = |rest: &str| format!("{before}\nbegin;\ncreate table one (id int);\ncommit;\nbegin;\n{rest}\ncommit;\n{after}\n");
        project.write("migrations/0004_own.up.sql", text("insert into nowhere values (1);"));
        project.run(["up", "--layout", "native"]).exits(2).says("0004_own.up.sql:2:1: `begin` would take");
        project.run(["up"]).exits(1).says("0004_own.up.sql:6:");
        assert_eq!(db.table_exists("one"), db.engine() == Engine::Mariadb, "only MariaDB commits what changes the schema");
        project.write("migrations/0004_own.up.sql", text("insert into one values (1);"));
        project.run(["up"]).ok();
        assert_eq!(db.value("select count(*) from one"), "1");
        project.run(["verify", "--layout", "golang-migrate"]).ok();
        if db.engine() == Engine::Postgres {
            let local = "begin;\nset local lock_timeout = '1s';\ncreate table three (id int);\ncommit;\ncreate table four (id int);";
            project.write("migrations/0005_local.up.sql", local);
            project.run(["up"]).exits(2).says("0005_local.up.sql:1:1: `begin` would take");
            project.remove("migrations/0005_local.up.sql");
        }
        project.write("migrations/0005_held.up.sql", "create table held (id int);\nbegin;\ninsert into held values (1);\ninsert into held values (2);\ncommit;");
        match db.engine() {
            // Two transactions would not be what was meant.
            Engine::Mariadb => project.run(["up"]).exits(2).says("0005_held.up.sql:2:1").says("a file of its own"),
            _ => project.run(["up"]).ok(),
        };
    }

    fn a_script_that_moves_the_session_does_not_move_the_history(db: TestDatabase) {
        let project = shop().on(&db);
        let text = match db.engine() {
            Engine::Postgres => "create schema other; set search_path = other; create table inside (id int); set standard_conforming_strings = off; set role none;",
            Engine::Mariadb => "set sql_mode = ''; set foreign_key_checks = 0; set names latin1; create table inside (id int);",
            Engine::Sqlite => "create temporary table migrate_history (seq int); create table inside (id int);",
        };
        project.write("migrations/0004_session.sql", text);
        project.write("migrations/0005_after.sql", "insert into users values (5, 'back\\slash');");
        project.run(["up"]).ok();
        project.run(["verify"]).ok();
        assert_eq!(applied(&db).len(), 5);
        assert_eq!(db.value("select name from users where id = 5").replace("\\\\", "\\").len(), if db.engine() == Engine::Mariadb { 9 } else { 10 });
    }
}

#[test]
fn all_in_one_transaction() {
    for engine in [Engine::Postgres, Engine::Sqlite].into_iter().filter(|engine| engine.is_wanted()) {
        let db = TestDatabase::fresh(engine);
        let project = shop().on(&db);
        project.write("migrations/0004_bad.sql", "insert into nowhere values (1);");
        project.run(["up", "--transaction", "all"]).exits(1).says("0004_bad.sql:1:");
        assert!(!db.table_exists("users"), "all of it was rolled back");
        project.remove("migrations/0004_bad.sql");
        project.run(["up", "--transaction", "all"]).ok().says("3 migrations applied");
        assert_eq!(applied(&db), ["0001", "0002", "0003"]);
    }
}

#[test]
fn a_statement_that_must_be_alone_is_refused_among_others() {
    if !Engine::Postgres.is_wanted() {
        return;
    }
    let db = TestDatabase::fresh(Engine::Postgres);
    let project = shop().on(&db);
    project.write(
        "migrations/0004_index.sql",
        "update users set name = 'x';\ncreate index concurrently users_name on users (name);",
    );
    project.run(["up"]).exits(2).says("0004_index.sql:2:1").says("-- migrate:no-transaction");
    project.write("migrations/0004_index.sql", "-- migrate:no-transaction\nupdate users set name = 'x';\ncreate index concurrently users_name on users (name);");
    project.run(["up"]).ok();
}

#[test]
fn a_failed_concurrent_index_leaves_nothing_invalid() {
    if !Engine::Postgres.is_wanted() {
        return;
    }
    let db = TestDatabase::fresh(Engine::Postgres);
    let project = shop().on(&db);
    project.run(["up"]).ok();
    db.sql("insert into users values (1, 'same'), (2, 'same')");
    project.write("migrations/0004_unique.sql", "create unique index concurrently users_name on users (name);");
    project.run(["up"]).exits(1).says("0004_unique.sql:1:1");
    assert_eq!(db.value("select count(*) from pg_index where not indisvalid"), "0");
    db.sql("delete from users where id = 2");
    project.run(["up"]).ok();
    assert_eq!(db.value("select count(*) from pg_index where indexrelid = 'users_name'::regclass and indisvalid"), "1");
}

#[test]
fn rebuilding_a_table_keeps_the_rows_that_point_to_it() {
    if !Engine::Sqlite.is_wanted() {
        return;
    }
    let db = TestDatabase::fresh(Engine::Sqlite);
    let project = Project::with([(
        "migrations/0001_base.sql",
        "create table parent (id integer primary key); create table child (id integer primary key, parent_id integer references parent (id) on delete cascade); insert into parent values (1); insert into child values (1, 1);",
    )])
    .on(&db);
    project.run(["up"]).ok();
    let rebuild = "pragma foreign_keys = off;\ncreate table parent_new (id integer primary key, more text);\ninsert into parent_new (id) select id from parent;\ndrop table parent;\nalter table parent_new rename to parent;\npragma foreign_keys = on;";
    project.write("migrations/0002_rebuild.sql", rebuild);
    project.run(["up"]).ok();
    assert_eq!(db.value("select count(*) from child"), "1", "the cascade did not run");
    for off in [
        "PRAGMA foreign_keys(/* */0);",
        "PRAGMA foreign_keys = [off];",
        "PRAGMA \"foreign_keys\" = OFF;",
        "PRAGMA 'foreign_keys'=0;",
    ] {
        project.write("migrations/0002.1_again.sql", rebuild.replace("pragma foreign_keys = off;", off));
        project.run(["up"]).ok();
        assert_eq!(db.value("select count(*) from child"), "1", "{off}: the cascade did not run");
        project.run(["repair", "--forget", "2.1"]).exits(2);
        project.remove("migrations/0002.1_again.sql");
        project.run(["repair", "--forget", "2.1"]).ok();
    }
    project.write("migrations/0003_maybe.sql", "select 1;\npragma foreign_keys = maybe;");
    project.run(["up"]).exits(2).says("0003_maybe.sql:2:23").says("neither on nor off");
    project.remove("migrations/0003_maybe.sql");
    project.write("migrations/0003_break.sql", "pragma foreign_keys = off;\ndelete from parent;");
    project.run(["up", "--no-lint"]).exits(1).says("rows would point nowhere").says("child");
    assert_eq!(db.value("select count(*) from parent"), "1");
}

#[test]
fn a_script_that_the_server_cannot_read_stops_none_before_it() {
    if !Engine::Postgres.is_wanted() {
        return;
    }
    let db = TestDatabase::fresh(Engine::Postgres);
    let project = shop().on(&db);
    project.write("migrations/0004_bad.sql", "create table t (id int);\nselect from from;\n");
    project.write("migrations/0005_never.sql", "create table never (id int);");
    // All of them ride in one message, which PostgreSQL reads to its end before it runs anything.
    let output = project.run(["up"]).exits(1).says("migrations/0004_bad.sql:2:13");
    assert_eq!(applied(&db), ["0001", "0002", "0003"]);
    assert_eq!(output.stderr.matches("applied 000").count(), 3, "{output}");
    project.run(["status"]).ok().says("3 applied, 2 pending");
    project.write("migrations/0004_bad.sql", "create table t (id int);");
    project.run(["up"]).ok().says("2 migrations applied");
}

/// A history that is in the search path is found, whatever unqualified names mean by now.
#[test]
fn the_history_is_found_when_the_search_path_changes() {
    if !Engine::Postgres.is_wanted() {
        return;
    }
    let moves = [
        "do $$ begin execute format('create schema %I', session_user); end $$;",
        "create schema app; do $$ begin execute format('alter database %I set search_path = app, public', current_database()); end $$;",
        "create schema app; create view app.migrate_history as select * from public.migrate_history; do $$ begin execute format('alter database %I set search_path = app, public', current_database()); end $$;",
    ];
    for script in moves {
        let db = TestDatabase::fresh(Engine::Postgres);
        let project = Project::with([
            ("migrations/0001_one.sql", "create table if not exists one (id int); insert into one values (1);"),
            ("migrations/0002_move.sql", script),
        ])
        .on(&db);
        project.run(["up"]).ok();
        project.run(["up"]).ok().says("nothing to do").says("the history is that of the schema `public`");
        project.write("migrations/0003_more.sql", "insert into public.one values (2);");
        project.run(["up"]).ok().says("1 migration applied");
        assert_eq!(db.value("select string_agg(id::text, ',' order by id) from public.one"), "1,2", "{script}");
        assert_eq!(db.value("select count(*) from pg_tables where tablename = 'migrate_history'"), "1");
    }
}
