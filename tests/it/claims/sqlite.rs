//! SQLite: what it refuses, and what it does without a word.

use super::Proof::{Blocks, Fails, Frees, Gives, Refuses, Survives};
use super::{Claims, Row, quiet, row, show, version};
use crate::support::{Engine, TestDatabase};

/// What every row finds.
const SETTING: &str = "
create table parent (id integer primary key, name text);
create table t (id integer primary key, a int, b text, c text unique, parent_id int references parent (id));
insert into parent (id) values (1), (2), (3);
insert into t (id, a, b, c, parent_id) values (1, 1, 'x', 'x', 1), (2, 2, 'y', 'y', 2), (3, 3, 'z', 'z', 3);
";

pub const CLAIMS: Claims = &[
    (
        "sqlite-add-column-restriction",
        &[
            row("alter table t add column e text unique;", &[Fails("Cannot add a UNIQUE column")]),
            row("alter table t add column e integer primary key;", &[Fails("Cannot add a PRIMARY KEY column")]),
            row(
                "alter table t add column e text default current_timestamp;",
                &[Fails("Cannot add a column with non-constant default")],
            ),
            row(
                "alter table t add column e int default (1 + 1);",
                &[Fails("Cannot add a column with non-constant default")],
            ),
            row(
                "alter table t add column e int generated always as (a * 2) stored;",
                &[Fails("cannot add a STORED column")],
            ),
            quiet("alter table t add column e int default 7;", &[Gives("select sum(e) from t", "21")]),
            quiet(
                "alter table t add column e int generated always as (a * 2) virtual;",
                &[Gives("select sum(e) from t", "12")],
            ),
            quiet("alter table t add column e int references parent (id);", &[Gives("select count(e) from t", "0")]),
        ],
    ),
    (
        "sqlite-drop-column-restriction",
        &[
            row("alter table t drop column c;", &[Fails("cannot drop UNIQUE column")]).also(&["drop-column"]),
            row("alter table t drop column id;", &[Fails("cannot drop PRIMARY KEY column")]).also(&["drop-column"]),
            row("alter table t drop column b;", &[Fails("error in index")])
                .after("create index b_index on t (b);")
                .also(&["drop-column"]),
            row("alter table u drop column v;", &[Fails("error in table u after drop column")])
                .after("create table u (id integer primary key, v int, check (v > 0));")
                .also(&["drop-column"]),
            quiet("alter table t drop column b;", &[Refuses("select b from t", "no such column")])
                .also(&["drop-column"]),
            row("alter table u drop column v;", &[Fails("after drop column")])
                .after("create table u (id integer primary key, v int, foreign key (v) references parent (id));")
                .also(&["drop-column"]),
            quiet("alter table u drop column v;", &[Refuses("select v from u", "no such column")])
                .after("create table u (id integer primary key, v int check (v > 0));")
                .also(&["drop-column"]),
            quiet("alter table u drop column v;", &[Refuses("select v from u", "no such column")])
                .after("create table u (id integer primary key, v int references parent (id));")
                .also(&["drop-column"]),
        ],
    ),
    (
        "sqlite-pragma-in-transaction",
        &[row("pragma foreign_keys = on; alter table t add column e int;", &[Gives("pragma foreign_keys", "0")])],
    ),
    (
        "sqlite-unsupported-alter",
        &[
            row("alter table t alter column a type text;", &[Fails("syntax error")]),
            row("alter table t add constraint u unique (a);", &[Fails("syntax error")]),
            row("alter table t add column e int, add column f int;", &[Fails("syntax error")]),
            row("alter table t drop column if exists b;", &[Fails("syntax error")]),
            row("truncate table t;", &[Fails("syntax error")]),
        ],
    ),
    (
        "add-required-column",
        &[
            row(
                "alter table t add column e int not null;",
                &[Fails("Cannot add a NOT NULL column with default value NULL")],
            ),
            quiet("alter table t add column e int not null default 7;", &[Gives("select sum(e) from t", "21")]),
        ],
    ),
    (
        "unique-may-fail-on-duplicates",
        &[row("create unique index a_once on t (a);", &[Fails("UNIQUE constraint failed")])
            .after("insert into t (id, a) values (9, 1);")],
    ),
    (
        "create-table-if-not-exists-drift",
        &[row(
            "create table if not exists t (id integer primary key, e int);",
            &[Refuses("select e from t", "no such column")],
        )],
    ),
    (
        "insert-without-column-list",
        &[row("insert into parent values (4, 'd', 5);", &[Fails("has 2 columns but 3 values were supplied")])],
    ),
    (
        "sqlite-table-rebuild-cascade-delete",
        &[row(REBUILD, &[Gives("select count(*) from pet", "0")]).after(PAIR).also(&["sqlite-rebuild-loses-objects"])],
    ),
    (
        "sqlite-rebuild-loses-objects",
        &[row(REBUILD, &[Gives("select count(*) from sqlite_master where name = 'owner_name'", "0")])
            .after(PAIR)
            .also(&["sqlite-table-rebuild-cascade-delete"])],
    ),
    (
        "transaction-control-in-migration",
        &[row(
            "alter table t add column e int; commit;",
            &[Survives("select count(*) from pragma_table_info('t') where name = 'e'", "1")],
        )],
    ),
    (
        "uncommitted-transaction",
        &[row(
            "-- migrate:no-transaction\nbegin;\nalter table t add column e int;",
            &[Survives("select count(*) from pragma_table_info('t') where name = 'e'", "0")],
        )],
    ),
    (
        "unknown-object",
        &[
            row("alter table t drop column absent;", &[Fails("no such column")]).also(&["drop-column"]),
            row("create index i on t (absent);", &[Fails("no such column")]),
        ],
    ),
    (
        "dependent-view-blocks-change",
        &[row("alter table t drop column b;", &[Fails("error in view people")])
            .after("create view people as select id, b from t;")
            .also(&["drop-column"])],
    ),
    (
        "sqlite-rebuild-view-breaks",
        &[row(REBUILD, &[Fails("error in view people")]).after(
            "create table owner (id integer primary key, name text); create view people as select name from owner;",
        )],
    ),
    (
        "sqlite-double-quoted-string",
        // The shell of later versions refuses it, and the library does not.
        &[row("update t set b = \"nmae\" where id = 1;", &[Gives("select b from t where id = 1", "nmae")])
            .until(3, 41)],
    ),
    (
        "sqlite-long-write-lock",
        &[row(
            "create index i on t (a);",
            &[Blocks("insert into parent (id) values (9)"), Frees("select count(*) from parent")],
        )],
    ),
    (
        "non-transactional-statement",
        &[row("alter table t add column e int; vacuum;", &[Fails("cannot VACUUM from within a transaction")])],
    ),
    ("duplicate-column", &[row("create table x (a int, a text);", &[Fails("duplicate column name")])]),
    (
        "replace-view-incompatible",
        &[row(
            "drop view people; create view people as select id, b as mail from t;",
            &[Refuses("select b from people", "no such column")],
        )
        .after("create view people as select id, b from t;")],
    ),
];

/// Two tables beside the others, one of which refers to the other.
const PAIR: &str = "pragma foreign_keys = on;
create table owner (id integer primary key, name text);
create table pet (id integer primary key, owner_id int references owner (id) on delete cascade);
insert into owner (id, name) values (1, 'a');
insert into pet (id, owner_id) values (1, 1);
create index owner_name on owner (name);";

const REBUILD: &str = "create table owner_new (id integer primary key, name text);
insert into owner_new (id, name) select id, name from owner;
drop table owner;
alter table owner_new rename to owner;";

#[test]
fn sqlite_does_what_the_rules_claim() {
    if !Engine::Sqlite.is_wanted() {
        return;
    }
    let installed = version(&TestDatabase::fresh(Engine::Sqlite).value("select sqlite_version()"));
    show(&TestDatabase::fresh(Engine::Sqlite), CLAIMS, SETTING, installed, prove);
}

/// Which words can be names, SQLite tells when it is asked to read them as one.
#[test]
fn reserved_words_are_those_of_sqlite() {
    const WORDS: &str = "abort action add after all alter always analyze and as asc attach autoincrement before begin
        between by cascade case cast check collate column commit conflict constraint create cross current database
        default deferrable deferred delete desc detach distinct do drop each else end escape except exclude exclusive
        exists explain fail filter first following for foreign from full generated glob group groups having if ignore
        immediate in index indexed initially inner insert instead intersect into is isnull join key last left like
        limit match materialized natural no not nothing notnull null nulls of offset on or order others outer over
        partition plan pragma preceding primary query raise range recursive references regexp reindex release rename
        replace restrict returning right rollback row rows savepoint select set table temp temporary then ties to
        transaction trigger unbounded union unique update using vacuum values view virtual when where window with
        without";
    if !Engine::Sqlite.is_wanted() {
        return;
    }
    let db = TestDatabase::fresh(Engine::Sqlite);
    let refused =
        |word: &str| db.try_sql(&format!("create temp table probe ({word} int); select {word} from probe;")).is_err();
    let words: Vec<(&str, bool)> = WORDS.split_whitespace().map(|word| (word, refused(word))).collect();
    super::same_reserved_words(&db, words.into_iter(), &[]);
}

/// Shows one row on a file of its own.
fn prove(row: &Row) -> Result<(), String> {
    for proof in row.proofs {
        let db = TestDatabase::fresh(Engine::Sqlite);
        db.sql(&format!("{SETTING} {}", row.extra));
        // A setting of the session is needed in the session that runs.
        let pragma = row.extra.trim_start().split_inclusive(';').next().filter(|first| first.starts_with("pragma"));
        let begin = if row.script.contains("begin;") { "" } else { "begin;" };
        let ran = db.try_sql(&format!("{} {begin} {}", pragma.unwrap_or_default(), row.script));
        let told = |what: &str| db.try_sql(&format!("{} {begin} {} {what};", pragma.unwrap_or_default(), row.script));
        let result = match proof {
            Fails(words) => match ran {
                Err(error) if error.contains(words) => continue,
                other => other,
            },
            _ if ran.is_err() => ran,
            Refuses(what, words) => match told(what) {
                Err(error) if error.contains(words) => continue,
                other => other,
            },
            Gives(question, answer) => match told(question) {
                Ok(given) if given.trim_matches(['\u{1e}', '\n']) == *answer => continue,
                other => other,
            },
            Blocks(what) | Frees(what) => {
                let mut session = db.open();
                session.sql(&format!("begin; {}", row.script));
                let other = db.try_sql(&format!(".timeout 1\n{what};"));
                let waits = other.as_ref().is_err_and(|error| error.contains("database is locked"));
                if waits == matches!(proof, Blocks(_)) {
                    continue;
                }
                other
            }
            Survives(question, answer) if db.value(question) == *answer => continue,
            Survives(question, _) => Ok(db.value(question)),
            other => panic!("SQLite does not show {other:?}"),
        };
        return Err(format!("not so: {proof:?}, but {result:?}"));
    }
    Ok(())
}
