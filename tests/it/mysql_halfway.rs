//! Statements of MySQL and MariaDB that are neither done nor undone, and what ends with the session that ran them.

use std::thread::sleep;
use std::time::Duration;

use crate::support::{Engine, Output, Project, TestDatabase};

fn mariadb() -> Option<TestDatabase> {
    Engine::Mariadb.is_wanted().then(|| TestDatabase::fresh(Engine::Mariadb))
}

/// Whether only MariaDB knows such statements.
fn is_foreign(db: &TestDatabase, script: &str) -> bool {
    let own = [
        "set statement",
        "analyze update",
        "analyze format",
        "begin not atomic",
        "execute immediate",
        "or replace table",
    ];
    db.dialect() == "mysql" && own.iter().any(|words| script.contains(words))
}

fn one(db: &TestDatabase, script: &str) -> Project {
    Project::with([("migrations/0001_a.up.sql", script)]).on(db)
}

fn up(project: &Project) -> Output {
    project.run(["up", "--no-lint"])
}

/// Whether this is a point of death right after a statement, and what is asked or done after each.
fn is_after_statement(point: &str) -> bool {
    point.starts_with("after execute") && (point.ends_with("SHOW WARNINGS LIMIT") || point.ends_with("COMMIT"))
}

/// A database that a run left which died right after so many statements of this script, counted from 1, and its project.
fn died_after(statements: usize, before: &str, script: &str) -> Option<(TestDatabase, Project)> {
    let (rehearsal, db) = (mariadb()?, mariadb()?);
    if is_foreign(&db, script) {
        return None;
    }
    rehearsal.sql(before);
    db.sql(before);
    let project = one(&rehearsal, script);
    let points = project.path("points");
    std::fs::write(&points, "").unwrap();
    project.run_with(&[("MIGRATE_FAIL_LOG", points.to_str().unwrap())], ["up", "--no-lint"]).ok();
    let points = project.read("points");
    let after: Vec<usize> =
        (1..).zip(points.lines()).filter(|(_, point)| is_after_statement(point)).map(|(number, _)| number).collect();
    let project = one(&db, script);
    let died = project.run_with(&[("MIGRATE_FAIL_AT", &after[statements - 1].to_string())], ["up", "--no-lint"]);
    assert!(died.signal().is_some(), "{died}\n{points}");
    Some((db, project))
}

/// What a routine, a block or a prepared statement left open holds neither its work nor our record.
#[test]
fn what_is_applied_stands() {
    let Some(db) = mariadb() else { return };
    db.sql(
        "create table a (i int);\ndelimiter //
         create procedure opens() begin start transaction; insert into a values (1); end //
         create procedure implies() begin set autocommit = 0; insert into a values (1); end //
         create procedure adds() begin insert into a values (1); end //",
    );
    let scripts = [
        ("call opens();", 1),
        ("call implies();", 1),
        ("begin not atomic start transaction; insert into a values (1); end;", 1),
        ("execute immediate 'set autocommit=0'; call adds();", 1),
        ("set completion_type = 1; insert into a values (1); call adds();", 2),
    ];
    let project = Project::empty().on(&db);
    let mut count = 0;
    for (script, rows) in scripts.into_iter().filter(|(script, _)| !is_foreign(&db, script)) {
        count += rows;
        project.write(format!("migrations/{count}_a.up.sql"), script);
        up(&project).ok();
        assert_eq!(db.value("select count(*) from a"), count.to_string(), "{script}");
        assert_eq!(db.value("select count(*) from migrate_history where state <> 'done'"), "0", "{script}");
    }
}

#[test]
fn every_spelling_of_autocommit_is_refused() {
    let Some(db) = mariadb() else { return };
    for name in ["`autocommit`", "@@session.`autocommit`", "@@session . autocommit", "session `autocommit`"] {
        let project = one(&db, &format!("create table t (i int); set {name} = 0;"));
        up(&project).exits(2).says("would take the transaction out of migrate's hands");
    }
}

/// A statement behind `SET STATEMENT`, or behind MariaDB's `ANALYZE`, is what it is without.
#[test]
fn rows_are_not_changed_again_by_those_who_go_on() {
    for before in ["set statement lock_wait_timeout = 5 for", "analyze", "analyze format = json"] {
        let script = format!("{before} update t set x = x + 1; create table z (i int); create table y (i int);");
        for statements in 1..=2 {
            let made = "create table t (x int); insert into t values (0);";
            let Some((db, project)) = died_after(statements, made, &script) else { continue };
            up(&project).ok();
            assert_eq!(db.value("select x from t"), "1", "{script} after {statements}");
            assert!(db.table_exists("y"));
        }
    }
}

/// What is made of a text that was computed from the catalog, and then run.
#[test]
fn a_prepared_statement_that_is_gone_stops_only_who_needs_it() {
    let script = "set @sql = if((select count(*) from information_schema.columns where table_schema = database() and table_name = 't' and column_name = 'c') = 0, 'alter table t add column c int', 'select 1'); \
                  prepare s from @sql; execute s; deallocate prepare s; create table z (i int);";
    for statements in 2..=4 {
        let Some((db, project)) = died_after(statements, "create table t (i int);", script) else { return };
        if statements == 3 {
            up(&project).exits(6).says("--statement 3 --done");
            project.run(["resolve", "1", "--statement", "3", "--done"]).ok();
        }
        if statements == 2 {
            up(&project).exits(6).says("statement 1 had made a variable");
            continue;
        }
        up(&project).ok();
        assert!(db.table_exists("z"), "after {statements}");
    }
}

#[test]
fn values_that_ended_with_the_session_are_missed() {
    let routine = "create table t (i int auto_increment primary key);\ndelimiter //
                   create procedure p(out x int) begin set x = 7; end //";
    for (script, statements, what) in [
        ("call p(@x); create table z (i int); insert into z values (@x);", 2, "statement 1 had made a variable"),
        (
            "set @n = 0; update t set i = (@n := @n + 1); create table z (i int); insert into z values (@n);",
            3,
            "statement 2 had made a variable",
        ),
        (
            "insert into t values (null); create table z (i int); insert into z values (last_insert_id());",
            2,
            "statement 1 had made the last inserted number",
        ),
        (
            "execute immediate 'set @y = 5'; create table z (i int); insert into z values (@y);",
            2,
            "statement 1 had made",
        ),
    ] {
        let Some((db, project)) = died_after(statements, routine, script) else { continue };
        up(&project).exits(6).says(what);
        assert_eq!(db.value("select count(*) from migrate_history where state = 'running'"), "1", "{script}");
    }
}

#[test]
fn what_several_objects_lost_in_part_is_not_called_rolled_back() {
    let Some(db) = mariadb() else { return };
    db.sql("create table a (i int); create table b (i int primary key); create table c (i int, foreign key (i) references b (i));");
    for (number, script) in ["drop table a, b;", "drop table if exists a, b;"].into_iter().enumerate() {
        db.sql("create table if not exists a (i int);");
        let project = Project::with([(format!("migrations/{number}_a.up.sql"), script)]).on(&db);
        if db.dialect() == "mysql" {
            up(&project).exits(1).says("nothing of it remains");
            continue;
        }
        up(&project).exits(6).says("--statement 1 --done");
        assert!(!db.table_exists("a"));
        project.run(["resolve", &number.to_string(), "--reverted"]).ok();
    }
}

#[test]
fn a_table_that_create_or_replace_dropped_is_not_said_to_be_there() {
    let Some(db) = mariadb() else { return };
    if is_foreign(&db, "create or replace table") {
        return;
    }
    db.sql("create table a (i int); create table b (i int);");
    let project = one(&db, "create or replace table a as select 1 as x union select nothing();");
    up(&project).exits(1).says("nothing of it remains");
    project.write(
        "migrations/0001_a.up.sql",
        "create or replace table a (x int primary key) as select 1 as x union all select 1;",
    );
    up(&project).exits(6).says("--statement 1 --done");
    assert!(!db.table_exists("a"));
}

#[test]
fn a_grant_to_several_may_be_half_done() {
    let Some(db) = mariadb() else { return };
    let user = format!("{}_u", db.name());
    db.admin(&format!("create user {user}; grant all on {}.* to tester with grant option", db.name()));
    let project = one(&db, &format!("grant select on {}.* to {user}, {user}_missing;", db.name()));
    let said = up(&project);
    db.admin(&format!("drop user {user}"));
    // MySQL grants to all of them or to none.
    if db.dialect() == "mariadb" {
        said.exits(6).says("--statement 1 --done");
    } else {
        said.exits(1).says("nothing of it remains");
    }
}

/// Who died before the record goes on where the catalog says, whatever else has the name that was looked for.
#[test]
fn what_took_effect_is_found_under_whatever_name() {
    let tables = "create table p (i int primary key); create table t (i int, constraint u unique (i));";
    for (script, row) in [
        ("alter table t add index ix (i), rename to t2; create table z (i int);", "select count(*) from t2"),
        ("rename table t to T; create table z (i int);", "select count(*) from T"),
        (
            "alter table t add constraint u foreign key (i) references p (i); create table z (i int);",
            "select count(*) from t",
        ),
    ] {
        let Some((db, project)) = died_after(1, tables, script) else { return };
        up(&project).ok();
        assert_eq!(db.value(row), "0", "{script}");
        assert!(db.table_exists("z"), "{script}");
    }
}

/// Who may not see what a table is made of is not told that nothing was done.
#[test]
fn a_login_that_sees_no_columns_cannot_tell() {
    let Some(db) = mariadb() else { return };
    db.sql("create table t (i int);");
    up(&one(&db, "create table s (i int);")).ok();
    let user = format!("{}_ddl", db.name());
    db.admin(&format!(
        "create user {user} identified by 'word'; grant create, alter, drop, index on {0}.* to {user}; grant select, insert, update on {0}.migrate_history to {user};",
        db.name()
    ));
    let url = db.url();
    let (scheme, place) = (url.split_once("://").unwrap().0, url.rsplit_once('@').unwrap().1);
    let project = Project::with([
        ("migrations/0001_a.up.sql", "create table s (i int);"),
        ("migrations/0002_b.up.sql", "alter table t add column c int; create table z (i int);"),
    ])
    .on(&db)
    .variable("MIGRATE_DATABASE_URL", &format!("{scheme}://{user}:word@{place}"));
    let mut reader = db.open();
    reader.sql("begin; select * from t;");
    let running = project.spawn(["up", "--no-lint", "--lock-timeout", "20s"]);
    let waits =
        format!("select 1 from information_schema.processlist where user = '{user}' and info like '%alter table t%';");
    while db.admin(&waits).is_empty() {
        sleep(Duration::from_millis(20));
    }
    running.kill();
    running.wait();
    reader.sql("commit;");
    let said = up(&project);
    db.admin(&format!("drop user {user}"));
    said.exits(6).says("the catalog does not show this login what would tell");
}

/// Neither who asks for the number of rows nor who asks for the warnings gets those of a question of ours.
#[test]
fn row_count_is_that_of_the_statement_before() {
    let Some(db) = mariadb() else { return };
    db.sql("create table t (i int); create table n (i int); insert into t values (1), (2), (3);");
    up(&one(&db, "update t set i = i + 1; insert into n values (row_count()); select sql_calc_found_rows * from t limit 1; insert into n values (found_rows());")).ok();
    assert_eq!(db.rows("select i from n").concat(), ["3", "3"]);
}

/// Names of files are not those of tables.
#[test]
fn a_truncated_table_is_found_whatever_its_name() {
    let before = "create table `a-b é` (i int); insert into `a-b é` values (1);";
    let Some((db, project)) = died_after(1, before, "truncate table `a-b é`; create table z (i int);") else { return };
    db.admin("grant process on *.* to tester");
    let said = up(&project);
    assert!(db.table_exists("z"), "{said}");
    said.ok().says("had taken effect");
}

#[test]
fn maintenance_that_failed_is_not_applied() {
    let Some(db) = mariadb() else { return };
    db.sql("create table t (i int);");
    let project = one(&db, "analyze table t, missing;");
    up(&project).exits(1).says("missing' doesn't exist");
    assert_eq!(db.value("select count(*) from migrate_history where state = 'done'"), "0");
    let mut reader = db.open();
    reader.sql("begin; select * from t;");
    project.write("migrations/0001_a.up.sql", "optimize table t; create table z (i int);");
    let running = project.spawn(["up", "--no-lint"]);
    running.wait_for("blocked");
    reader.sql("commit;");
    running.wait().ok();
    assert!(db.table_exists("z"));
}

#[test]
fn what_myisam_keeps_is_found_wherever_it_is() {
    let (Some(db), Some(other)) = (mariadb(), mariadb()) else { return };
    other.sql("create table m (i int) engine = MyISAM;");
    db.sql(&format!(
        "create table a (i int); create trigger g after insert on a for each row insert into {}.m values (new.i);",
        other.name()
    ));
    let name = other.name();
    for script in [
        format!("insert into {name}.m values (1)"),
        format!("use {name}; insert into m values (1)"),
        "insert into a values (1)".to_owned(),
    ] {
        let project = one(&db, &format!("{script}; insert into nowhere values (1);"));
        up(&project).exits(6).says("what it had changed in `m` by then stays");
    }
}

/// What a script leaves in its session is taken away, and what cannot be put back is not said to have failed.
#[test]
fn a_session_is_as_before() {
    let (Some(db), Some(other)) = (mariadb(), mariadb()) else { return };
    let fresh = db.value("select coalesce(@@default_tmp_storage_engine, 'none')");
    let project = one(&db, &format!("use {}; create temporary table tmp (i int);", other.name()));
    project.write("migrations/0002_b.up.sql", format!("create table b as select * from {}.tmp;", other.name()));
    up(&project).exits(1).says("tmp' doesn't exist");
    project.write(
        "migrations/0002_b.up.sql",
        "set default_tmp_storage_engine = MyISAM; /*!80000 set @a = 1 */; set sql_select_limit = 0;",
    );
    project.write("migrations/0003_c.up.sql", "create table c as select @@default_tmp_storage_engine as e;");
    if db.dialect() == "mariadb" {
        other.sql("create table words (value varchar(18)) engine = InnoDB;");
        let words = format!(
            "set innodb_ft_user_stopword_table = '{}/words'; set system_versioning_asof = now();",
            other.name()
        );
        project.write("migrations/0004_d.up.sql", words);
        project.write("migrations/0005_e.up.sql", "begin not atomic set sql_mode = 'ANSI_QUOTES'; end;");
        project.write("migrations/0006_f.up.sql", "create table f as select \"text\" as t;");
    }
    up(&project).ok();
    assert_eq!(db.value("select coalesce(e, 'none') from c"), fresh);
}

/// What keeps an old value to put it back must not keep the new one.
#[test]
fn what_is_set_again_is_set_once() {
    let script = "set @old = @@sql_mode, sql_mode = ''; create table a (i int); create table b (i int); set sql_mode = @old; create table c as select @@sql_mode as m;";
    let Some((db, project)) = died_after(2, "", script) else { return };
    up(&project).ok();
    assert_eq!(db.value("select count(*) from c where m = @@sql_mode"), "1");
}
