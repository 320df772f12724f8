use super::*;
use crate::migration::Script;
use crate::sql::ddl::{ObjectKind, QualifiedName};
use crate::sql::split;

/// Replays scripts; the last is the one under judgement.
fn replayed(scripts: &[&str], lexis: &Lexis) -> (Catalog, Vec<Change>) {
    let mut catalog = Catalog::new(lexis.grammar);
    let mut last = Vec::new();
    for (number, script) in scripts.iter().enumerate() {
        let origin = if number + 1 == scripts.len() { Origin::Judged(number) } else { Origin::Deployed };
        last = replay(&mut catalog, &Script::new("a.sql", script), lexis, origin).unwrap().changes;
    }
    (catalog, last)
}

fn table<'c>(catalog: &'c Catalog, name: &str) -> &'c Table {
    let (schema, name) = match name.split_once('.') {
        Some((schema, name)) => (Some(schema.to_owned()), name),
        None => (None, name),
    };
    let name = ObjectName { schema, name: name.to_owned() };
    catalog.table(&name).unwrap_or_else(|| panic!("no table {name}"))
}

fn kinds(changes: &[Change]) -> Vec<String> {
    let name = |change: &Change| format!("{:?}", change.kind).split([' ', '(']).next().unwrap().to_owned();
    changes.iter().map(name).collect()
}

#[test]
fn a_history_becomes_a_schema() {
    let (catalog, changes) = replayed(
        &[
            "create table a (id int primary key, b varchar(20) not null default 'x', c text);
             create unique index a_b on a (b);
             alter table a rename column c to d; alter table a drop column b;
             create table z (id int references a); alter table a rename to y;",
            "alter table public.Y add column e int not null, alter d type varchar(5)",
        ],
        &Lexis::POSTGRES,
    );
    let y = table(&catalog, "y");
    let names: Vec<&str> = y.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["id", "d", "e"]);
    assert!(y.column("id", Grammar::Postgres).unwrap().not_null);
    assert_eq!(y.indexes.iter().filter_map(|index| index.name.as_deref()).collect::<Vec<_>>(), ["a_pkey"]);
    assert_eq!(table(&catalog, "z").referenced().next().unwrap().name, "y");
    assert_eq!(kinds(&changes), ["AddColumn", "ChangeType"]);
    assert!(changes.iter().all(|change| change.table.as_ref().unwrap().in_use()));
    let ChangeKind::ChangeType { from, .. } = &changes[1].kind else { panic!() };
    assert_eq!(from.as_ref().unwrap().name, "text");
}

#[test]
fn what_this_file_creates_is_new_and_what_nobody_created_is_not() {
    let new = |scripts: &[&str]| {
        let (_, changes) = replayed(scripts, &Lexis::POSTGRES);
        !changes.last().unwrap().table.as_ref().unwrap().in_use()
    };
    assert!(new(&["create table t (a int); alter table t drop a"]));
    assert!(new(&["create table t (a int); alter table t rename to u; alter table u drop a"]));
    assert!(new(&["", "create table if not exists t (a int); alter table t drop a"]));
    assert!(new(&["create temp table t (a int); alter table t drop a"]));
    assert!(new(&["create table t (a int)", "drop table t; create table t (a int); alter table t drop a"]));
    assert!(!new(&["create table t (a int)", "create table if not exists t (a int); alter table t drop a"]));
    assert!(!new(&["alter table t drop a"]));
    assert!(!new(&["create table t (a int)", "create table s.t (a int); alter table t drop a"]));
}

#[test]
fn names_are_found_as_the_database_finds_them() {
    let (catalog, _) = replayed(
        &["set search_path to app, public; create table t (a int); create table \"T\" (b int)"],
        &Lexis::POSTGRES,
    );
    assert_eq!(table(&catalog, "app.t").columns[0].name, "a");
    assert_eq!(table(&catalog, "app.T").columns[0].name, "b");
    let (catalog, _) = replayed(&["create table `Users` (a int); alter table users add b int"], &Lexis::MYSQL);
    assert_eq!(table(&catalog, "users").columns.len(), 2);
    let (catalog, _) = replayed(&["create table main.t (a); alter table T add b"], &Lexis::SQLITE);
    assert_eq!(table(&catalog, "t").columns.len(), 2);
}

#[test]
fn a_new_definition_is_read_as_its_differences() {
    let (catalog, changes) = replayed(
        &[
            "create table t (id int primary key, a varchar(10) not null default 'x', b int)",
            "alter table t change a c varchar(20) null, modify b int not null",
        ],
        &Lexis::MYSQL,
    );
    let expected =
        ["ModifyColumn", "RenameColumn", "ChangeType", "DropNotNull", "DropDefault", "ModifyColumn", "SetNotNull"];
    assert_eq!(kinds(&changes), expected);
    assert!(table(&catalog, "t").column("b", Grammar::MySql).unwrap().not_null);
}

#[test]
fn a_rebuild_is_read_as_the_alter_it_stands_for() {
    let (catalog, changes) = replayed(
        &[
            "create table t (id integer primary key, a text, b text default 'x')",
            "create table t_new (id integer primary key, a text not null, c int);
             insert into t_new (id, a) select id, a from t;
             drop table t; alter table t_new rename to t",
        ],
        &Lexis::SQLITE,
    );
    let expected = ["CreateTable", "Insert", "Rebuild", "SetNotNull", "DropColumn", "AddColumn"];
    assert_eq!(kinds(&changes), expected);
    assert!(changes[2..].iter().all(|change| change.table.as_ref().unwrap().in_use()));
    assert_eq!(table(&catalog, "t").columns.len(), 3);
}

#[test]
fn dropping_a_column_takes_its_keys_along() {
    let history = "create table t (a int, b int, unique (a, b), check (a > 0)); create index i on t (b) where a > 1";
    let (catalog, _) = replayed(&[history, "alter table t drop a"], &Lexis::POSTGRES);
    let t = table(&catalog, "t");
    assert!(t.constraints.is_empty() && t.indexes.is_empty());
    let (catalog, _) =
        replayed(&["create table t (a int, b int, unique k (a, b))", "alter table t drop a"], &Lexis::MYSQL);
    assert_eq!(table(&catalog, "t").index("k", Grammar::MySql).unwrap().columns, [Some("b".to_owned())]);
}

#[test]
fn drop_cascade_takes_foreign_keys_along() {
    let history = "create table a (id int primary key); create table b (id int references a (id))";
    let (catalog, changes) = replayed(&[history, "drop table a cascade"], &Lexis::POSTGRES);
    assert_eq!(table(&catalog, "b").referenced().count(), 0);
    assert_eq!(changes[0].table.as_ref().unwrap().before.as_ref().unwrap().columns.len(), 1);
}

#[test]
fn objects_have_a_history_too() {
    let (catalog, changes) = replayed(
        &["create sequence s; create type app.mood as enum ('a')", "alter sequence s rename to q; drop type app.mood"],
        &Lexis::POSTGRES,
    );
    assert_eq!(kinds(&changes), ["RenameObject", "DropObject"]);
    let name = |name: &str| {
        let text = format!("drop sequence {name}");
        let statement = split(&text, &Lexis::POSTGRES).unwrap()[0];
        ddl::read(&statement, &text, &Lexis::POSTGRES).names.into_iter().next().unwrap()
    };
    let known = |written: QualifiedName| catalog.object(ObjectKind::Sequence, &written).is_some();
    assert!(known(name("q")) && !known(name("s")));
}
