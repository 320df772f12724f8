use super::*;

fn of(statement: &str) -> Probe {
    probe(statement, &Lexis::MARIADB)
}

fn expression(statement: &str) -> String {
    match of(statement) {
        Probe::Fingerprint(expression) => expression,
        other => panic!("{statement}: {other:?}"),
    }
}

/// The catalog's table and the names that an expression about one thing looks at.
fn looks_at(statement: &str) -> String {
    let expression = expression(statement);
    // Whether the login sees the table at all is asked before.
    let asked_before = usize::from(expression.starts_with("IF(EXISTS (SELECT 1 FROM information_schema.COLUMNS"));
    let words = expression.split("information_schema.").skip(1 + asked_before).map(|part| {
        let table = part.split_whitespace().next().unwrap_or_default();
        let names: Vec<&str> = part.split('\'').skip(1).step_by(2).collect();
        format!("{table} {}", names.join(" "))
    });
    words.collect::<Vec<_>>().join("; ")
}

#[test]
fn what_is_made_or_dropped_is_looked_up_by_name() {
    for (statement, seen) in [
        ("create table t (i int)", "TABLES t"),
        ("CREATE TABLE `a``b`.`t t` LIKE x", "TABLES a`b t t"),
        ("create unique index i using btree on s.t (a)", "STATISTICS s t i"),
        ("create algorithm=merge definer=`r`@`h` sql security invoker view v as select 1", "TABLES v"),
        ("create /*!50017 definer=root@localhost */ trigger g before insert on t for each row set @a=1", "TRIGGERS g"),
        ("create procedure p() begin end", "ROUTINES p PROCEDURE%"),
        ("create event e on schedule every 1 day do select 1", "EVENTS e"),
        ("create database d", "SCHEMATA d"),
        ("drop index i on t", "STATISTICS t i"),
        ("drop function f", "ROUTINES f FUNCTION%"),
        ("rename table a to b", "TABLES a"),
        ("rename table a to old, new to a", "TABLES new"),
        ("alter event e rename to f", "EVENTS e"),
    ] {
        assert_eq!(looks_at(statement), seen, "{statement}");
    }
}

#[test]
fn an_alter_is_recognised_by_one_thing_that_it_changes() {
    for (statement, seen) in [
        ("alter table t add column c int not null default 1, add d int", "COLUMNS t c"),
        ("alter table t add (a int, b int)", "COLUMNS t a"),
        ("alter table t add column c int, add unique key k (c), algorithm=inplace", "STATISTICS t k"),
        ("alter table t drop primary key", "STATISTICS t PRIMARY"),
        ("alter online table t wait 5 drop column c", "COLUMNS t c"),
        ("alter table t change a b int", "COLUMNS t a"),
        ("alter table t rename index a to b", "STATISTICS t a"),
        ("alter table s.t rename to u", "TABLES s t"),
        ("alter table t add constraint f foreign key (a) references b (c)", "TABLE_CONSTRAINTS t f"),
        ("alter table t drop foreign key f, drop column a", "TABLE_CONSTRAINTS t f"),
        ("alter table t drop column if exists a, add column b int", "COLUMNS t b"),
    ] {
        assert_eq!(looks_at(statement), seen, "{statement}");
    }
}

#[test]
fn an_alter_that_ends_where_it_began_by_name_is_seen_whole() {
    let catalogs = |statement: &str| {
        let seen = looks_at(statement);
        seen.split("; ").map(|part| part.split(' ').next().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(catalogs("alter table t modify a bigint"), ["TABLES", "COLUMNS"]);
    assert_eq!(catalogs("alter table t drop index i, add index i (b)"), ["TABLES", "COLUMNS", "STATISTICS"]);
    assert_eq!(catalogs("alter table t drop column if exists a, add column a int"), ["TABLES", "COLUMNS"]);
    assert_eq!(catalogs("alter table t rename column a to b, rename column b to a"), ["TABLES", "COLUMNS"]);
    assert_eq!(catalogs("alter table t drop partition p"), ["TABLES", "COLUMNS", "PARTITIONS"]);
    assert!(catalogs("alter table t add check (a > 0)").contains(&"CHECK_CONSTRAINTS".to_owned()));
    assert!(expression("alter table t exchange partition p with table u").contains("INNODB_SYS_TABLES"));
}

#[test]
fn of_several_it_is_seen_how_many_are_left() {
    for statement in ["drop table a, s.b", "drop view if exists a, b"] {
        assert!(expression(statement).contains("CONCAT('left ', "), "{statement}");
    }
    assert!(!expression("drop table a").contains("left"));
}

#[test]
fn rows_that_go_with_their_table_are_seen() {
    for statement in
        ["truncate table t", "truncate s.t", "rename table a to b, b to a", "create or replace table t (i int)"]
    {
        assert!(expression(statement).contains("TABLE_ID"), "{statement}");
    }
}

#[test]
fn some_statements_may_simply_run_again() {
    for statement in [
        "create table if not exists t (i int)",
        "drop table if exists t",
        "create or replace view v as select 1",
        "create temporary table t (i int)",
        "analyze table t",
        "grant select on a.* to b",
        "alter view v as select 1",
        "alter user u identified by 'x'",
        "use d",
        "/*!40101 SET NAMES utf8 */",
    ] {
        assert_eq!(of(statement), Probe::Rerun, "{statement}");
    }
}

#[test]
fn what_a_new_table_lacks_is_foreseen() {
    let make = "create table t (id int primary key, a int, b text)";
    let other = "create table u (id int)";
    let seen = |earlier: &[&str], statement: &str| foreseen(earlier, statement, &Lexis::MARIADB);
    for (earlier, statement) in [
        (&[make][..], "create index i on t (a)"),
        (&[make, other, "create unique index j on t (b)"], "create index i on t (a)"),
        (&[make, "create index i on t (a)"], "alter table t add column c int, comment 'x'"),
        (&[make], "alter table t add key k (a)"),
    ] {
        assert_eq!(seen(earlier, statement), Some("0"), "{statement}");
    }
    for (earlier, statement) in [
        (&[][..], "create index i on t (a)"),
        (&[other], "create index i on t (a)"),
        (&[make], "create index A on t (b)"),
        (&[make], "create index i on s.t (a)"),
        (&[make], "create index if not exists i on t (a)"),
        (&[make], "alter table t add column `B` int"),
        (&[make], "alter table t drop column a"),
        (&[make], "alter table t modify a bigint"),
        (&[make], "alter table t add primary key (a)"),
        (&[make, "call p()"], "create index i on t (a)"),
        (&[make, "alter table t rename to v"], "create index i on t (a)"),
        (&[make, "create index i on u (id)"], "create index i on t (a)"),
        (&["create table if not exists t (a int)"], "create index i on t (a)"),
        (&["create table t like u"], "create index i on t (a)"),
        (&["create table t (a int) as select 1 as i"], "create index j on t (a)"),
    ] {
        assert_eq!(seen(earlier, statement), None, "{earlier:?} {statement}");
    }
}

#[test]
fn nothing_is_guessed() {
    for statement in [
        "call p()",
        "begin not atomic end",
        "create user u",
        "revoke all on a.* from b",
        "insert into t values (1)",
        "create or replace database d",
        "alter table t discard tablespace",
        "frobnicate t",
        "",
        "create",
        "alter table",
        "rename table a",
    ] {
        assert!(matches!(of(statement), Probe::Unknown(_)), "{statement}");
    }
}

#[test]
fn what_may_end_halfway_is_known() {
    for statement in [
        "drop database a",
        "DROP SCHEMA IF EXISTS a",
        "create user a, b",
        "drop role a, b",
        "call p()",
        "create or replace database d",
        "grant select (a, b) on t to u, v",
        "revoke all on t from u, v",
        "set statement a = 1 for call p()",
    ] {
        assert!(may_end_halfway(statement, &Lexis::MARIADB), "{statement}");
    }
    for statement in [
        "drop table a, b",
        "create user a identified by 'x,y'",
        "create table t (a int, b int)",
        "grant select (a, b) on t to u",
    ] {
        assert!(!may_end_halfway(statement, &Lexis::MARIADB), "{statement}");
    }
}
