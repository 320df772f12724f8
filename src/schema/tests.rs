use super::*;
use crate::migration::Script;
use crate::sql::ddl::{ObjectKind, QualifiedName};
use crate::sql::split;

/// Replays scripts; the last is the one under judgement.
fn replayed(scripts: &[&str], lexis: &Lexis) -> (Catalog, Vec<Change>) {
    let mut catalog = Catalog::new(lexis.grammar);
    let mut last = Vec::new();
    for (number, script) in scripts.iter().enumerate() {
        let origin = if number + 1 == scripts.len() { Origin::judged(number) } else { Origin::Deployed };
        last = replay(&mut catalog, &Script::new("a.sql", script), lexis, origin).unwrap().changes;
    }
    (catalog, last)
}

fn table<'c>(catalog: &'c Catalog, name: &str) -> &'c Table {
    let (schema, name) = match name.split_once('.') {
        Some((schema, name)) => (Some(schema.into()), name),
        None => (None, name),
    };
    let name = ObjectName { schema, name: name.into() };
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
    assert_eq!(table(&catalog, "t").index("k", Grammar::MySql).unwrap().columns, [Some("b".into())]);
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

#[test]
fn what_a_view_shows_and_needs() {
    let (catalog, _) = replayed(
        &["create table a (id int, b text, c text); create table d (id int, e text);
           create view v as with w as (select * from d) select a.id, b as x, lower(e), c::text, count(*) n
             from a join d on d.id = a.id, w;
           create view s (p, q, r) as select * from a; create view t as select s.*, 1 as one from s;
           alter table a rename column b to z; alter table a rename to aa;"],
        &Lexis::POSTGRES,
    );
    let view = |name: &str| {
        let name = ObjectName { schema: None, name: name.into() };
        catalog.object_named(ObjectKind::View, &name).unwrap().view.clone().unwrap()
    };
    let shown = |name: &str| view(name).columns.clone().unwrap().into_iter().flatten().collect::<Vec<_>>().join(" ");
    assert_eq!(shown("v"), "id x lower c n");
    assert_eq!((shown("s").as_str(), shown("t").as_str()), ("p q r", "p q r one"));
    let table = ObjectName { schema: None, name: "aa".into() };
    for (column, needed) in [("z", true), ("b", false), ("c", true), ("e", false)] {
        assert_eq!(view("v").uses(&table, column, Grammar::Postgres), needed, "{column}");
    }
    assert_eq!(catalog.views_of(&table).count(), 2);
}

#[test]
fn routines_of_one_name_are_kept_apart() {
    let (catalog, changes) = replayed(
        &[
            "create function f(a int, b text default 'x') returns int language sql as $$ select 1 $$;",
            "create function f(a bigint) returns int language sql as $$ select 1 $$;
             create or replace function f(double precision, variadic y int[]) returns setof text as $$ $$ language sql;
             drop function f(integer, text);",
        ],
        &Lexis::POSTGRES,
    );
    let name = ObjectName { schema: None, name: "f".into() };
    let function = catalog.object_named(ObjectKind::Function, &name).unwrap();
    let types =
        |one: &Signature| one.inputs.iter().map(|input| input.data_type.to_string()).collect::<Vec<_>>().join(",");
    assert_eq!(function.overloads.iter().map(types).collect::<Vec<_>>(), ["bigint", "double,integer[]"]);
    assert_eq!(function.overloads[1].returns, "setof text");
    let ChangeKind::DropObject { before: Some(before), .. } = &changes.last().unwrap().kind else { panic!() };
    assert_eq!((before.origin, before.overloads.len()), (Origin::Deployed, 1));
    assert!(before.overloads[0].takes(1) && before.overloads[0].takes(2) && !before.overloads[0].takes(3));
}

#[test]
fn what_blocks_and_called_routines_say_is_done() {
    let (catalog, changes) = replayed(
        &["create table a (id int);
           do $do$ begin if true then alter table a add column b varchar(20); end if; end $do$;
           create function change_it() returns void language plpgsql as $$ begin alter table a drop id; end $$;
           select change_it(); drop function change_it();"],
        &Lexis::POSTGRES,
    );
    assert_eq!(table(&catalog, "a").columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>(), ["b"]);
    assert_eq!(kinds(&changes), ["CreateTable", "AddColumn", "CreateObject", "DropColumn", "DropObject"]);
    assert_eq!(changes[3].statement, 3);
    let (catalog, _) = replayed(
        &[
            "create table a (id int);\ndelimiter //\ncreate procedure p() begin alter table a add b int; end//\ncall p()//\n",
        ],
        &Lexis::MYSQL,
    );
    assert_eq!(table(&catalog, "a").columns.len(), 2);
}

#[test]
fn constraints_are_called_as_the_database_calls_them() {
    let names = |sql: &str| {
        let (catalog, _) = replayed(&["create table t (a int, b int, name text);", sql], &Lexis::POSTGRES);
        let mut names: Vec<ecow::EcoString> =
            catalog.tables().flat_map(|table| &table.constraints).filter_map(|one| one.name.clone()).collect();
        names.sort();
        names.join(" ")
    };
    for (sql, expected) in [
        ("alter table t add check (a > 0)", "t_a_check"),
        ("alter table t add check (a > 0 and a < 9)", "t_a_check"),
        ("alter table t add check (a > b)", "t_check"),
        ("alter table t add check (1 = 1)", "t_check"),
        ("alter table t add check (length(name::text) > 3)", "t_name_check"),
        ("alter table t add check (t.a > 'b'::text::int)", "t_a_check"),
        ("alter table t add c int check (c > 0)", "t_c_check"),
        ("alter table t add c int check (a > 0)", "t_a_check"),
        ("alter table t add c int check (c > a)", "t_check"),
        ("alter table u add check (a > 0)", ""),
        ("create unique index t_pk on t (a); alter table t add primary key using index t_pk", "t_pk"),
        ("create unique index t_uq on t (a); alter table t add constraint u unique using index t_uq", "u"),
        ("create table u (a int, b int, check (b > 0), unique (a, b))", "u_a_b_key u_b_check"),
        ("create table u (a int check (a > b), b int check (b > 1))", "u_b_check u_check"),
        ("alter table t add column length int, add check (length(name) > 0)", "t_name_check"),
    ] {
        assert_eq!(names(sql), expected, "{sql}");
    }
}

#[test]
fn columns_follow_a_type_that_is_renamed() {
    let (catalog, changes) = replayed(
        &[
            "create type mood as enum ('ok'); create table a (m mood, n public.mood);
             alter type mood rename to feeling;",
            "alter table a alter m type public.feeling",
        ],
        &Lexis::POSTGRES,
    );
    let types = table(&catalog, "a").columns.iter().map(|column| column.data_type.as_ref().unwrap().to_string());
    assert_eq!(types.collect::<Vec<_>>(), ["feeling", "feeling"]);
    let ChangeKind::ChangeType { from, to, .. } = &changes[0].kind else { panic!() };
    assert_eq!(from.as_ref(), Some(to));
}

#[test]
fn a_star_stands_for_the_columns_of_its_own_query() {
    let (catalog, _) = replayed(
        &["create table a (id int, b int); create table u (id int, name text);
           create view v as with one as (select *, (select name from u where u.id = a.id) from a) select o.* from one o;
           create view w as select * from a union all select * from u;"],
        &Lexis::POSTGRES,
    );
    let name = |name: &str| ObjectName { schema: None, name: name.into() };
    let needs = |of: &str| {
        let mut views: Vec<String> = catalog
            .views_of(&name("u"))
            .filter(|(_, view)| view.uses(&name("u"), of, Grammar::Postgres))
            .map(|(name, _)| name.to_string())
            .collect();
        views.sort();
        views.join(" ")
    };
    assert_eq!((needs("name").as_str(), needs("id").as_str()), ("v w", "v w"));
    let (catalog, _) = replayed(
        &["create table a (id int); create table u (id int, icon text);
           create view v as select *, (select count(*) from u) as n from a;"],
        &Lexis::POSTGRES,
    );
    assert_eq!(
        catalog.views_of(&name("u")).filter(|(_, view)| view.uses(&name("u"), "icon", Grammar::Postgres)).count(),
        0
    );
    assert_eq!(table(&catalog, "v").columns.len(), 2);
}

#[test]
fn a_schema_that_nobody_made_may_be_the_usual_one() {
    let new = |scripts: &[&str]| {
        let (_, changes) = replayed(scripts, &Lexis::POSTGRES);
        !changes.last().unwrap().table.as_ref().unwrap().in_use()
    };
    assert!(new(&["create table a (id int); alter table app.a add b int"]));
    assert!(!new(&["create schema app; create table a (id int); alter table app.a add b int"]));
    assert!(!new(&["create table app.b (id int)", "create table a (id int); alter table app.a add b int"]));
    assert!(!new(&["alter table app.a add b int", "create table c (id int); alter table app.a add b int"]));
}

#[test]
fn with_cascade_the_views_go_that_need_a_view() {
    let (catalog, _) = replayed(
        &["create table a (id int); create view b as select id from a; create view c as select id from b;
           create view d as select id from a; drop view b cascade;"],
        &Lexis::POSTGRES,
    );
    let left: Vec<String> = catalog.objects(ObjectKind::View).map(|(name, _)| name.to_string()).collect();
    assert_eq!(left, ["d"]);
}
