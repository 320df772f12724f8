use super::*;
use crate::sql::split;

fn of(text: &str, lexis: &Lexis) -> Effect {
    let statements = split(text, lexis).unwrap();
    assert_eq!(statements.len(), 1, "{text}");
    effect(&statements[0], text, lexis)
}

fn short(text: &str, lexis: &Lexis) -> String {
    match of(text, lexis) {
        Effect::Transactional => "transactional".into(),
        Effect::OutsideOnly { what } => format!("outside: {what}"),
        Effect::MayCommit => "may commit".into(),
        Effect::IdleInside { what } => format!("idle: {what}"),
        Effect::ImplicitCommit => "commits".into(),
        Effect::Control(control) => format!("{control:?}"),
        Effect::Refused(refusal) => format!("refused: {}", refusal.reason),
    }
}

#[test]
fn postgres() {
    for (text, expected) in [
        ("create unique index concurrently if not exists i on t (a)", "outside: CREATE INDEX CONCURRENTLY"),
        ("create index concurrently_named on t (a)", "transactional"),
        ("drop index concurrently i", "outside: DROP INDEX CONCURRENTLY"),
        ("reindex (verbose, concurrently) table t", "outside: REINDEX CONCURRENTLY"),
        ("reindex (concurrently false) table t", "may commit"),
        ("reindex table concurrently t", "outside: REINDEX CONCURRENTLY"),
        ("reindex schema s", "outside: REINDEX SCHEMA"),
        ("reindex table t", "may commit"),
        ("reindex index i", "may commit"),
        ("vacuum (full, analyze) t", "outside: VACUUM"),
        ("cluster verbose", "outside: CLUSTER without a table"),
        ("cluster t using i", "may commit"),
        ("alter system set x = 1", "outside: ALTER SYSTEM"),
        ("alter database d set tablespace s", "outside: ALTER DATABASE … SET TABLESPACE"),
        ("alter database d set search_path = a", "transactional"),
        ("alter table t detach partition p concurrently", "outside: ALTER TABLE … DETACH PARTITION … CONCURRENTLY"),
        ("alter table t detach partition p finalize", "transactional"),
        ("create subscription s connection 'c' publication p", "outside: CREATE SUBSCRIPTION"),
        ("create subscription s connection 'c' publication p with (create_slot = false)", "transactional"),
        ("alter subscription s set publication p", "outside: ALTER SUBSCRIPTION … PUBLICATION with a refresh"),
        ("alter subscription s add publication p with (refresh = false)", "transactional"),
        ("alter type e add value 'x'", "transactional"),
        ("refresh materialized view concurrently v", "transactional"),
        ("do $$ begin perform 1; commit; end $$", "outside: DO with COMMIT or ROLLBACK"),
        ("do $$ begin execute 'x'; end $$", "transactional"),
        ("do $$ begin call p(); end $$", "may commit"),
        ("call p()", "may commit"),
        ("begin isolation level serializable", "Begin"),
        ("START TRANSACTION", "Begin"),
        ("end", "Commit"),
        ("abort", "Rollback"),
        ("rollback to savepoint s", "transactional"),
        ("rollback work", "Rollback"),
        ("rollback prepared 'x'", "outside: ROLLBACK PREPARED"),
        ("prepare transaction 'x'", "TwoPhase"),
        ("prepare p as select 1", "transactional"),
        ("savepoint s", "transactional"),
        ("discard all", "refused: `DISCARD ALL` would release the lock that migrations run under"),
        ("discard temp", "transactional"),
        (
            "select pg_advisory_unlock_all()",
            "refused: `pg_advisory_unlock_all` would release the lock that migrations run under",
        ),
        (
            "select pg_catalog.\"pg_advisory_unlock_all\" ()",
            "refused: `pg_advisory_unlock_all` would release the lock that migrations run under",
        ),
        (
            "set session session authorization a",
            "refused: `SET SESSION AUTHORIZATION` would keep the history from being written",
        ),
        (
            "set local session_authorization = a",
            "refused: `SET SESSION AUTHORIZATION` would keep the history from being written",
        ),
        (
            "select set_config('session_authorization', 'a', false)",
            "refused: `set_config('session_authorization', …)` would keep the history from being written",
        ),
        ("set session characteristics as transaction read write", "transactional"),
        ("set client_encoding = 'UTF8'", "transactional"),
        ("set client_encoding to utf8", "transactional"),
        ("set names 'utf-8'", "transactional"),
        ("set names", "transactional"),
        ("set names 'LATIN1'", "transactional"),
        ("set client_encoding = E'SQL_ASCII' -- é", "transactional"),
        ("select set_config('client_encoding', 'UTF8', false)", "transactional"),
        (
            "set local client_encoding to latin1 -- é",
            "refused: the encoding `latin1` would make what is sent, which is UTF-8, mean something else",
        ),
        (
            "set names 'LATIN1' -- é",
            "refused: the encoding `LATIN1` would make what is sent, which is UTF-8, mean something else",
        ),
        (
            "select set_config('client_encoding', 'latin1', false), 'é'",
            "refused: the encoding `latin1` would make what is sent, which is UTF-8, mean something else",
        ),
        ("\\set x 1", "refused: `\\set` is a command of psql, not SQL"),
        (
            "copy t from stdin;\n1\n\\.\n",
            "refused: `COPY … FROM stdin` reads data that follows it in the script, which only psql can send",
        ),
    ] {
        assert_eq!(short(text, &Lexis::POSTGRES), expected, "{text}");
    }
}

#[test]
fn mysql() {
    for (text, expected) in [
        ("create table t (a int)", "commits"),
        ("create or replace temporary table t (a int)", "transactional"),
        ("drop temporary table t", "transactional"),
        ("/*!40000 ALTER TABLE t DISABLE KEYS */", "commits"),
        ("/*!40101 SET NAMES utf8 */", "transactional"),
        ("insert into t values (1)", "transactional"),
        ("set autocommit = 0", "Autocommit"),
        ("set names utf8, @@session.autocommit = 1", "Autocommit"),
        ("set session autocommit = 1", "Autocommit"),
        ("set password = 'x'", "commits"),
        ("set statement max_statement_time = 5 for alter table t add a int", "commits"),
        ("lock tables t write", "LockTables"),
        ("unlock tables", "LockTables"),
        ("start transaction", "Begin"),
        ("start replica", "commits"),
        ("rollback to s", "transactional"),
        ("call p()", "commits"),
        ("frobnicate t", "commits"),
        ("xa start 'x'", "TwoPhase"),
        ("select get_lock('a', 1)", "refused: `get_lock` would release the lock that migrations run under"),
        ("source a.sql", "refused: `source` is a command of the mysql shell, not SQL"),
    ] {
        assert_eq!(short(text, &Lexis::MARIADB), expected, "{text}");
    }
}

#[test]
fn sqlite() {
    for (text, expected) in [
        ("vacuum into 'x'", "outside: VACUUM"),
        ("pragma foreign_keys = off", "idle: PRAGMA foreign_keys"),
        ("pragma main.foreign_keys(0)", "idle: PRAGMA foreign_keys"),
        ("pragma foreign_keys", "transactional"),
        ("pragma \"foreign_keys\" /* so */ (0)", "idle: PRAGMA foreign_keys"),
        ("pragma foreign_keys = maybe", "refused: `maybe` says neither on nor off"),
        ("pragma foreign_keys = -1", "refused: `-1` says neither on nor off"),
        ("pragma 'journal_mode' = wal", "outside: PRAGMA journal_mode"),
        ("pragma journal_mode = wal", "outside: PRAGMA journal_mode"),
        ("pragma user_version = 2", "transactional"),
        ("begin immediate", "Begin"),
        ("end transaction", "Commit"),
        ("rollback transaction to savepoint s", "transactional"),
        (".read a.sql", "refused: `.read` is a command of the sqlite3 shell, not SQL"),
    ] {
        assert_eq!(short(text, &Lexis::SQLITE), expected, "{text}");
    }
}

#[test]
fn foreign_keys_are_suspended_in_any_spelling() {
    for (text, expected) in [
        ("pragma foreign_keys = off", Some(true)),
        ("PRAGMA main.foreign_keys(/* */0)", Some(true)),
        ("pragma\n\"main\" . [foreign_keys]=[off] -- so", Some(true)),
        ("pragma 'foreign_keys' = \"no\"", Some(true)),
        ("pragma `foreign_keys` = 'false'", Some(true)),
        ("/* first */ pragma foreign_keys = ON", Some(false)),
        ("pragma foreign_keys(1)", Some(false)),
        ("pragma foreign_keys", None),
        ("pragma foreign_keys = nonsense", None),
        ("pragma foreign_key_check = off", None),
        ("select 'pragma foreign_keys = off'", None),
    ] {
        let statements = split(text, &Lexis::SQLITE).unwrap();
        assert_eq!(suspends_foreign_keys(&statements[0], text, &Lexis::SQLITE), expected, "{text}");
    }
}

#[test]
fn what_may_change_a_session() {
    for (text, lexis, expected) in [
        ("set search_path = a", &Lexis::POSTGRES, true),
        ("select set_config('a', 'b', false)", &Lexis::POSTGRES, true),
        ("insert into t select set_config('a', 'b', false)", &Lexis::POSTGRES, true),
        ("select my_function()", &Lexis::POSTGRES, true),
        ("select count(*) from t where a in (1, 2)", &Lexis::POSTGRES, false),
        ("create temp table t (a int)", &Lexis::POSTGRES, true),
        ("create table t (temp int)", &Lexis::POSTGRES, false),
        ("do $$ $$", &Lexis::POSTGRES, true),
        // What functions of the user's do there is not seen.
        ("insert into t (a) values (unnest(array[1]))", &Lexis::POSTGRES, false),
        ("create table pg_temp.t as select 1", &Lexis::POSTGRES, true),
        ("insert into \"pg_temp\".t values (1)", &Lexis::POSTGRES, true),
        ("alter table t add a int", &Lexis::POSTGRES, false),
        ("use d", &Lexis::MYSQL, true),
        ("select 1 into @a", &Lexis::MYSQL, true),
        ("/*!40101 SET NAMES utf8 */", &Lexis::MYSQL, true),
        ("alter table t add a int", &Lexis::MYSQL, false),
        ("pragma foreign_keys = 0", &Lexis::SQLITE, true),
        ("select abs(1)", &Lexis::SQLITE, false),
    ] {
        let statements = split(text, lexis).unwrap();
        assert_eq!(may_change_session(&statements[0], text, lexis), expected, "{text}");
    }
}

#[test]
fn pairs_of_begin_and_commit() {
    for (text, expected) in [
        ("begin; create table t (a int); commit;", Some(vec![(0, 2)])),
        ("start transaction; end", Some(vec![(0, 1)])),
        ("select 0; begin; select 1; commit; begin work; commit", Some(vec![(1, 3), (4, 5)])),
        ("begin; savepoint s; rollback to s; commit", Some(vec![(0, 3)])),
        ("select 1", Some(vec![])),
        ("begin isolation level serializable; select 1; commit", None),
        ("begin; select 1; rollback", None),
        ("begin; begin; commit; commit", None),
        ("select 1; commit", None),
        ("begin", None),
    ] {
        let statements = split(text, &Lexis::POSTGRES).unwrap();
        assert_eq!(transaction_pairs(&statements, text, &Lexis::POSTGRES), expected, "{text}");
    }
}

#[test]
fn what_holds_for_the_scripts_after_it() {
    for (text, lexis, expected) in [
        ("set search_path = app", &Lexis::POSTGRES, true),
        ("set local lock_timeout = 5", &Lexis::POSTGRES, true),
        ("set constraints all deferred", &Lexis::POSTGRES, true),
        ("insert into t select set_config('a', 'b', true)", &Lexis::POSTGRES, true),
        ("create temp table t (id int)", &Lexis::POSTGRES, true),
        ("select f()", &Lexis::POSTGRES, false),
        ("do $$ begin perform 1; end $$", &Lexis::POSTGRES, false),
        ("update t set a = 1", &Lexis::POSTGRES, false),
        ("set sql_mode = ''", &Lexis::MARIADB, true),
        ("set @a = 1", &Lexis::MARIADB, true),
        ("pragma legacy_alter_table = on", &Lexis::SQLITE, true),
        ("pragma \"case_sensitive_like\"(1)", &Lexis::SQLITE, true),
        ("attach 'a' as b", &Lexis::SQLITE, true),
        ("pragma main.user_version = 2", &Lexis::SQLITE, false),
        ("pragma foreign_key_check(t)", &Lexis::SQLITE, false),
        ("pragma cache_size", &Lexis::SQLITE, false),
    ] {
        let statements = split(text, lexis).unwrap();
        assert_eq!(outlasts(&statements[0], text, lexis), expected, "{text}");
    }
}

#[test]
fn what_is_left_in_the_session() {
    let left = |text: &str, lexis: &Lexis| {
        let statements = split(text, lexis).unwrap();
        assert_eq!(statements.len(), 1, "{text}");
        match leaves(&statements[0], text, lexis) {
            Leaves::Nothing => "nothing".to_owned(),
            Leaves::Setting { role: false } => "setting".to_owned(),
            Leaves::Setting { role: true } => "role".to_owned(),
            Leaves::Thing { what, name } => format!("{what} {}", name.map_or("?", |name| name.of(text))),
        }
    };
    for (text, expected) in [
        ("set search_path to a, b", "setting"),
        ("set role app", "role"),
        ("set session role none", "role"),
        ("reset role", "role"),
        ("set local role app", "nothing"),
        ("set transaction isolation level serializable", "nothing"),
        ("select pg_catalog.set_config('search_path', '', false)", "setting"),
        ("select set_config('search_path', nspname, false) from pg_namespace", "a setting that was computed then ?"),
        ("insert into t select \"set_config\"('a', 'b', false)", "a setting that was computed then ?"),
        ("select set_config('search_path', 'a', true)", "nothing"),
        ("select set_config('Role', 'app', false)", "role"),
        ("set \"role\" to app", "role"),
        ("do $$ begin execute 'set search_path to tenant'; end $$", "a setting that was computed then ?"),
        ("do $$ begin create temp table t (x int); end $$", "a temporary table ?"),
        ("do $$ begin update t set x = 1; end $$", "nothing"),
        ("create table pg_temp.work (x int)", "a temporary table work"),
        ("create unlogged table if not exists \"pg_temp\".\"W\" (x int)", "a temporary table \"W\""),
        ("create or replace function pg_temp.f() returns int", "a temporary object f"),
        ("select 1 into local temp t", "a temporary table ?"),
        ("select count(*) from t", "nothing"),
        ("select 1 into temp t", "a temporary table ?"),
        ("create temp table if not exists x (id int)", "a temporary table x"),
        ("create table temp_things (id int)", "nothing"),
        ("declare c cursor with hold for select 1", "a cursor c"),
        ("prepare p as select 1", "setting"),
        ("listen a", "setting"),
    ] {
        assert_eq!(left(text, &Lexis::POSTGRES), expected, "{text}");
    }
    for (text, expected) in [
        ("use other", "setting"),
        ("/*!40101 SET NAMES utf8mb4 */", "setting"),
        ("set @old = @@sql_mode, sql_mode = ''", "setting"),
        ("set @x = (select max(id) from t)", "a variable with a value that was computed then ?"),
        ("select max(id) into @x from t", "a variable with a value that was computed then ?"),
        ("select @x := max(id) from t", "a variable with a value that was computed then ?"),
        ("select @x", "nothing"),
        ("create temporary table x (id int)", "a temporary table ?"),
        ("load data infile 'a' into table t", "nothing"),
    ] {
        assert_eq!(left(text, &Lexis::MARIADB), expected, "{text}");
    }
    assert_eq!(left("pragma case_sensitive_like = on", &Lexis::SQLITE), "setting");
    assert_eq!(left("create temp table x (id int)", &Lexis::SQLITE), "a temporary table x");
}

#[test]
fn what_is_lost_where_statements_run_one_by_one() {
    for (text, lost) in [
        ("set local search_path = a", false),
        ("set search_path = a", false),
        ("do $$ begin set role x; end $$", true),
        ("do $$ begin set local role x; end $$", false),
        ("do $$ begin set role x; reset role; end $$", false),
        ("do $$ begin execute 'set search_path = a'; end $$", false),
        ("select set_config('role', 'x', false)", false),
        ("select set_config('role', rolname, false) from pg_roles", true),
        ("insert into t select set_config('role', 'x', false)", true),
    ] {
        let statements = split(text, &Lexis::POSTGRES).unwrap();
        assert_eq!(lost_alone(&statements[0], text, &Lexis::POSTGRES).is_some(), lost, "{text}");
    }
    let statements = split("set role x", &Lexis::MARIADB).unwrap();
    assert_eq!(lost_alone(&statements[0], "set role x", &Lexis::MARIADB), None);
}
