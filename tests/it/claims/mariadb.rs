//! MariaDB: what it refuses when it is asked for a better algorithm, or to let others write, than there is.

use super::Algorithm::{Copy, InPlace, Instant, NoCopy};
use super::Proof::{Best, Fails, Gives, Refuses, Survives};
use super::Writers::{GoOn, Wait};
use super::{Algorithm, Claims, Proof, Row, Writers, quiet, row, show, version};
use crate::support::{Client, Engine, TestDatabase};
use coexist::sql::{Lexis, split};

/// What every row finds.
const SETTING: &str = "
create table parent (id int primary key, name varchar(20));
create table t (id int primary key, a int, b varchar(20) not null default '' comment 'shown', c varchar(50),
    kind enum('a', 'b'), parent_id int, key a_index (a));
insert into parent (id) values (1), (2), (3);
insert into t (id, a, b, c, kind, parent_id) values (1, 1, 'x', 'x', 'a', 1), (2, 2, 'y', 'y', 'a', 2), (3, 3, 'z', 'z', 'b', 3);
";

pub const CLAIMS: Claims = &[
    (
        "mysql-copy-algorithm",
        &[
            row("alter table t modify a bigint", &[Best(Copy, Wait)]).until(11, 2).also(&["change-column-wire-type"]),
            row("alter table t modify a bigint", &[Best(Copy, GoOn)]).since(11, 2).also(&["change-column-wire-type"]),
            row("alter table t add constraint positive check (a > 0)", &[Best(Copy, Wait)]).until(11, 2),
            quiet("alter table t add column e int", &[Best(Instant, GoOn)]),
            quiet("alter table t add column e int not null default 7 first", &[Best(Instant, GoOn)])
                .also(&["positional-column-change"]),
            quiet("alter table t add column e timestamp default now()", &[Best(Instant, GoOn)]),
            quiet("alter table t add column e int default (1 + 1)", &[Best(Instant, GoOn)]),
            quiet("alter table t add column e int check (e > 0)", &[Best(Instant, GoOn)]),
            quiet("alter table t drop column c", &[Best(Instant, GoOn)]).also(&["drop-column"]),
            quiet("alter table t drop column a", &[Best(NoCopy, GoOn)]).also(&["drop-column"]),
            quiet("alter table t alter column a set default 7", &[Best(Instant, GoOn)]),
            quiet("alter table t rename column c to d", &[Best(Instant, GoOn)]).also(&["rename-column"]),
            quiet("alter table t rename index a_index to aa_index", &[Best(Instant, GoOn)]),
            quiet("alter table t comment = 'people'", &[Best(Instant, GoOn)]),
            quiet("alter table t drop constraint positive", &[Best(Instant, GoOn)])
                .after("alter table t add constraint positive check (a > 0);"),
            quiet("alter table t drop foreign key fk", &[Best(Instant, GoOn)])
                .after("alter table t add constraint fk foreign key (parent_id) references parent (id);"),
        ],
    ),
    (
        "mysql-table-rebuild",
        &[
            row("alter table t modify a int not null", &[Best(InPlace, GoOn)]).also(&["column-becomes-required"]),
            row("alter table t modify b varchar(20) default '' comment 'shown'", &[Best(InPlace, GoOn)])
                .also(&["mysql-modify-drops-attributes"]),
            row("alter table t add column e int unique", &[Best(InPlace, GoOn)]),
            row("alter table t engine = InnoDB", &[Best(InPlace, GoOn)]),
            row("alter table t force", &[Best(InPlace, GoOn)]),
            row("alter table t row_format = dynamic", &[Best(InPlace, GoOn)]),
            row("alter table t drop primary key, add primary key (id, b)", &[Best(InPlace, GoOn)]).also(&["drop-primary-key"]),
            row("alter table loose add primary key (id)", &[Best(InPlace, GoOn)]).after("create table loose (id int not null);")
                .also(&["unique-may-fail-on-duplicates"]),
            quiet("create index c_index on t (c)", &[Best(NoCopy, GoOn)]),
            quiet("alter table t drop index a_index", &[Best(NoCopy, GoOn)]),
        ],
    ),
    (
        "mysql-add-foreign-key-copy",
        &[
            row(ADD_KEY, &[Best(Copy, Wait)]).until(11, 2),
            row(ADD_KEY, &[Fails("1452")]).after("insert into t (id, parent_id) values (9, 99);"),
            row("alter table t add column e int references parent (id)", &[Best(Copy, Wait)]).until(11, 2),
            quiet(
                "set foreign_key_checks = 0; alter table t add constraint fk foreign key (parent_id) references parent (id); set foreign_key_checks = 1",
                &[Best(NoCopy, GoOn)],
            ),
            // The index that the key needs is there already.
            quiet(
                "set foreign_key_checks = 0;
                 alter table t add constraint fk foreign key (a) references parent (id), algorithm=instant;
                 set foreign_key_checks = 1",
                &[Refuses("insert into t (id, a) values (9, 99)", "1452")],
            ),
        ],
    ),
    (
        "mysql-enum-rebuild",
        &[
            row("alter table t modify kind enum('a', 'x', 'b')", &[Best(Copy, Wait)]).until(11, 2),
            row("alter table t modify kind enum('b', 'a')", &[Best(Copy, Wait)]).until(11, 2),
            quiet("alter table t modify kind enum('a', 'b', 'c')", &[Best(Instant, GoOn)]),
        ],
    ),
    (
        "mysql-varchar-length-boundary",
        &[
            row("alter table t modify c varchar(100)", &[Best(Copy, Wait)]).until(11, 2),
            quiet("alter table t modify c varchar(60)", &[Best(Instant, GoOn)]),
            quiet("alter table t modify b varchar(100) not null default '' comment 'shown'", &[Best(Instant, GoOn)]),
        ],
    ),
    (
        "mysql-index-blocks-writes",
        &[
            row("alter table t add fulltext index c_text (c)", &[Best(InPlace, Wait)]),
            row("alter table t add fulltext index b_text (b)", &[Best(NoCopy, Wait)])
                .after("alter table t add fulltext index c_text (c);"),
            row("create spatial index place on loose (p)", &[Best(NoCopy, Wait)])
                .after("create table loose (id int primary key, p point not null);"),
            row("alter table t add column e int", &[Best(InPlace, Wait)]).after("alter table t add fulltext index c_text (c);"),
        ],
    ),
    (
        "mysql-combined-alter-loses-instant",
        &[
            row("alter table t add column e int, add index e_index (a)", &[Best(InPlace, GoOn)]),
            quiet("alter table t add column e int, add column f int", &[Best(Instant, GoOn)]),
            quiet("alter table t add column e int, comment = 'people'", &[Best(Instant, GoOn)]),
        ],
    ),
    (
        "mysql-instant-not-possible",
        &[
            row("alter table t modify a bigint, algorithm=instant", &[Fails("1846")]).also(&["change-column-wire-type"]),
            row("alter table t add index c_index (c), algorithm=instant", &[Fails("1846")]),
            row("alter table t modify a bigint, lock=none", &[Fails("1846")]).until(11, 2).also(&["change-column-wire-type"]),
            row("alter table t add column e int, algorithm=copy, lock=none", &[Fails("1846")]).until(11, 2),
            quiet("alter table t add column e int, algorithm=instant, lock=none", &[Gives("select count(e) from t", "0")]),
        ],
    ),
    (
        "mysql-missing-algorithm",
        &[
            row("alter table t modify kind enum('b', 'a')", &[Best(Copy, Wait)]).until(11, 2).also(&["mysql-enum-rebuild"]),
            quiet("alter table t add column e int, algorithm=instant", &[Gives("select count(e) from t", "0")]),
        ],
    ),
    (
        "mysql-index-needed-by-fk",
        &[row("alter table t drop index p_index", &[Fails("1553")]).after(
            "alter table t add key p_index (parent_id), add constraint fk foreign key (parent_id) references parent (id);",
        )],
    ),
    (
        "mysql-inline-references-ignored",
        &[quiet("alter table t add column e int references parent (id)", &[Refuses("insert into t (id, e) values (9, 99)", "1452")])
            .also(&["mysql-add-foreign-key-copy"])],
    ),
    (
        "mysql-mixed-ddl-dml",
        &[row("update t set a = 9 where id = 1; alter table t add column e int", &[Survives("select a from t where id = 1", "9")])],
    ),
    (
        "mysql-modify-drops-attributes",
        &[row(
            "alter table t modify b varchar(30) not null",
            &[
                Refuses("insert into t (id) values (9)", "1364"),
                Gives(
                    "select column_comment = '' from information_schema.columns where table_schema = database() and table_name = 't' and column_name = 'b'",
                    "1",
                ),
            ],
        )],
    ),
    (
        "mysql-zero-date",
        &[row("create table z (id int primary key, d date not null default '0000-00-00')", &[Fails("1067")])
            .after("set sql_mode = 'STRICT_TRANS_TABLES,NO_ZERO_DATE';")],
    ),
    (
        "add-column-stored-generated",
        &[
            row("alter table t add column e int generated always as (a * 2) stored", &[Best(Copy, Wait)]).until(11, 2),
            quiet("alter table t add column e int generated always as (a * 2) virtual", &[Best(Instant, GoOn)]),
        ],
    ),
    (
        "narrow-column-type",
        &[
            row("alter table t modify a smallint", &[Fails("1264")])
                .after("update t set a = 70000 where id = 1;")
                .also(&["change-column-wire-type", "mysql-copy-algorithm"]),
            row("alter table t modify c varchar(2)", &[Fails("1265")])
                .after("update t set c = 'longer' where id = 1;")
                .also(&["mysql-copy-algorithm"]),
        ],
    ),
    (
        "remove-enum-value",
        &[row("alter table t modify kind enum('a')", &[Fails("1265")]).also(&["mysql-enum-rebuild"])],
    ),
    (
        "unique-may-fail-on-duplicates",
        &[row("create unique index a_once on t (a)", &[Fails("1062")]).after("insert into t (id, a) values (9, 1);")],
    ),
    (
        "drop-primary-key",
        &[row("alter table t drop primary key", &[Best(Copy, Wait)]).until(11, 2).also(&["mysql-copy-algorithm"])],
    ),
    (
        "drop-column-silent-dependents",
        &[
            // It refuses to make a key looser than it was.
            row("alter table t drop column c", &[Fails("1072")])
                .after("alter table t add unique key pair (c, a);")
                .also(&["drop-column"]),
            row("alter table t drop column c", &[Fails("1054")])
                .after("alter table t add constraint pair check (c <= b);")
                .also(&["drop-column"]),
            row("alter table t drop column c", &[Gives(COLUMNS_OF_PAIR, "a")])
                .after("alter table t add key pair (c, a);")
                .also(&["drop-column"]),
        ],
    ),
    (
        "create-table-if-not-exists-drift",
        &[row("create table if not exists t (id int primary key, e int)", &[Refuses("select e from t", "1054")])],
    ),
    ("insert-without-column-list", &[row("insert into parent values (4, 'd', 5)", &[Fails("1136")])]),
    (
        "session-setting-leak",
        &[row("set time_zone = '+03:00'; alter table t add column e int", &[Gives("select @@time_zone", "+03:00")])],
    ),
    (
        "sequence-rewind",
        &[row("alter sequence numbers restart with 1", &[Refuses("insert into loose (v) values (0)", "1062")]).after(
            "create sequence numbers; create table loose (id int primary key default nextval(numbers), v int);
             insert into loose (v) values (1);",
        )],
    ),
    (
        "truncate-table",
        &[row("truncate table t", &[Survives("select count(*) from t", "0")])],
    ),
    (
        "unknown-object",
        &[row("alter table t drop constraint nothing", &[Fails("1091")])],
    ),
    (
        "mysql-convert-charset",
        &[
            row("alter table loose convert to character set utf8mb4", &[Best(Copy, Wait)]).after(LATIN).until(11, 2),
            row("alter table loose modify v varchar(20) character set utf8mb4", &[Best(Copy, Wait)]).after(LATIN).until(11, 2),
        ],
    ),
    (
        "mysql-forces-copy-or-lock",
        &[row("alter ignore table t add unique key c_once (c)", &[Gives("select count(*) from t", "3")])
            .after("insert into t (id, c) values (9, 'x');")],
    ),
    (
        "mysql-partition-copies",
        &[
            row("alter table log algorithm=inplace partition by hash (id) partitions 8", &[Fails("1845")]).after(LOG),
            row("alter table log lock=none partition by hash (id) partitions 8", &[Fails("1846")]).after(LOG).until(11, 2),
            row("alter table log algorithm=inplace remove partitioning", &[Fails("1845")]).after(LOG),
        ],
    ),
    (
        "mysql-non-atomic-migration",
        &[row(
            "create table x (id int primary key); create table y (id int primary key)",
            &[Survives(
                "select count(*) from information_schema.tables where table_schema = database() and table_name in ('x', 'y')",
                "2",
            )],
        )],
    ),
    (
        "change-generated-expression",
        &[row("alter table t modify g int generated always as (a * 3) stored", &[Best(Copy, Wait)])
            .after("alter table t add column g int generated always as (a * 2) stored;")
            .until(11, 2)],
    ),
    (
        "constraint-may-fail-on-data",
        &[row(ADD_KEY, &[Fails("1452")])
            .after("insert into t (id, parent_id) values (9, 99);")
            .also(&["mysql-add-foreign-key-copy"])],
    ),
    (
        "replace-view-incompatible",
        &[row("create or replace view people as select id, c as mail from t", &[Refuses("select c from people", "1054")])
            .after("create view people as select id, c from t;")],
    ),
    (
        "duplicate-column",
        &[
            row("create table x (a int, a text)", &[Fails("1060")]),
            row("insert into t (id, id) values (8, 9)", &[Fails("1110")]),
        ],
    ),
];

const LATIN: &str = "create table loose (id int primary key, v varchar(20) character set latin1) charset latin1;";

const LOG: &str = "create table log (id int not null) partition by hash (id) partitions 4;";

const COLUMNS_OF_PAIR: &str = "select group_concat(column_name) from information_schema.statistics
where table_schema = database() and index_name = 'pair'";

const ADD_KEY: &str = "alter table t add constraint fk foreign key (parent_id) references parent (id)";

#[test]
fn mariadb_does_what_the_rules_claim() {
    if !Engine::Mariadb.is_wanted() {
        return;
    }
    let db = TestDatabase::fresh(Engine::Mariadb);
    if db.dialect() != "mariadb" {
        // These are MariaDB's algorithms; MySQL's are others.
        return;
    }
    let installed = version(&db.value("select version()"));
    let mut server = Server { session: db.open(), database: format!("{}_claims", db.name()) };
    show(&db, CLAIMS, SETTING, installed, |row| server.show(row));
    let database = server.database.clone();
    server.session.sql(&format!("drop database {database};"));
}

/// Which words can be names, the server tells when it is asked to read them as one.
#[test]
fn reserved_words_are_those_of_mariadb() {
    if !Engine::Mariadb.is_wanted() {
        return;
    }
    let db = TestDatabase::fresh(Engine::Mariadb);
    if db.dialect() != "mariadb" {
        return;
    }
    db.sql(READS);
    let words = db.rows("select lower(word) from information_schema.keywords where word regexp '^[a-z_]+$'");
    let questions: String = words.iter().map(|row| format!("call is_refused('{}');", row[0])).collect();
    let answers = db.rows(&questions);
    assert_eq!(words.len(), answers.len());
    let words = words.iter().zip(&answers).map(|(word, answer)| (word[0].as_str(), answer[0] == "1"));
    // The first until 10.11, the others since 11.8.
    let elsewhere = ["master_ssl_verify_server_cert", "sql_after_gtids", "sql_before_gtids", "vector"];
    super::same_reserved_words(&db, words, &elsewhere);
}

/// Says whether a word is refused as the name of a column.
const READS: &str = "
delimiter //
create procedure is_refused(word text)
begin
    declare exit handler for sqlexception select 1;
    set @what = concat('create table t (', word, ' int)');
    prepare attempt from @what;
    deallocate prepare attempt;
    select 0;
end //
delimiter ;
";

/// Tries a statement and tells the number of the error.
const ATTEMPT: &str = "
delimiter //
create procedure attempt(what text)
begin
    -- A value that is cut is an error with the class of a warning.
    declare exit handler for sqlexception, 1265
    begin
        -- Behind the warnings that led to it.
        get diagnostics @last = number;
        get diagnostics condition @last @code = mysql_errno;
        select @code;
    end;
    set @what = what;
    prepare attempt from @what;
    execute attempt;
    deallocate prepare attempt;
    select 0;
end //
delimiter ;
";

/// A session, and the database that it makes anew for every row.
struct Server {
    session: Client,
    database: String,
}

impl Server {
    fn ask(&mut self, question: &str) -> String {
        self.session.sql(&format!("{question};")).trim().to_owned()
    }

    fn attempt(&mut self, statement: &str) -> String {
        let quoted = statement.replace('\\', "\\\\").replace('\'', "''");
        let answer = self.ask(&format!("call attempt('{quoted}')"));
        answer.lines().last().unwrap_or_default().to_owned()
    }

    fn prepare(&mut self, row: &Row) {
        let database = &self.database;
        let setting = format!(
            "drop database if exists {database}; create database {database}; use {database};
             set sql_mode = default; set time_zone = default; set foreign_key_checks = 1;
             {SETTING} {} {ATTEMPT}",
            row.extra
        );
        self.session.sql(&setting);
    }

    /// Runs statements until one is refused: its number, or nought.
    fn run(&mut self, statements: &[String]) -> String {
        let mut code = "0".to_owned();
        for statement in statements {
            code = self.attempt(statement);
            if code != "0" {
                break;
            }
        }
        code
    }

    fn show(&mut self, row: &Row) -> Result<(), String> {
        let cut = split(row.script, &Lexis::MARIADB).expect("a row's script can be cut");
        let statements: Vec<String> = cut.iter().map(|statement| statement.of(row.script).to_owned()).collect();
        if let [Best(algorithm, writers)] = row.proofs {
            return self.show_algorithm(row, &statements, *algorithm, *writers);
        }
        self.prepare(row);
        if row.proofs.iter().any(|proof| matches!(proof, Survives(..))) {
            self.session.sql("start transaction;");
        }
        let code = self.run(&statements);
        let failure = row.proofs.iter().find_map(|proof| match proof {
            Fails(code) => Some(*code),
            _ => None,
        });
        if code != failure.unwrap_or("0") {
            return Err(format!("it ends with error {code}"));
        }
        row.proofs.iter().try_for_each(|proof| self.prove(proof))
    }

    fn prove(&mut self, proof: &Proof) -> Result<(), String> {
        let (expected, given) = match proof {
            Fails(_) => return Ok(()),
            Refuses(what, code) => (*code, self.attempt(what)),
            Gives(question, answer) => (*answer, self.ask(question)),
            Survives(question, answer) => {
                self.session.sql("rollback;");
                (*answer, self.ask(question))
            }
            other => panic!("MariaDB does not show {other:?}"),
        };
        if given == expected { Ok(()) } else { Err(format!("not so: {proof:?}, but `{given}`")) }
    }

    /// Asks for one algorithm after the other, the best first.
    fn show_algorithm(
        &mut self,
        row: &Row,
        statements: &[String],
        algorithm: Algorithm,
        writers: Writers,
    ) -> Result<(), String> {
        let mut refused = Vec::new();
        self.prepare(row);
        for (word, candidate) in LADDER {
            let code = self.run(&with(statements, &format!("algorithm={word}")));
            if code == "0" {
                if *candidate != algorithm {
                    return Err(format!("it is done by {candidate:?}, and not by {algorithm:?}"));
                }
                self.prepare(row);
                let online = self.run(&with(statements, &format!("algorithm={word}, lock=none")));
                let found = if online == "0" { GoOn } else { Wait };
                return if found == writers { Ok(()) } else { Err(format!("by {word}, others {found:?} ({online})")) };
            }
            refused.push(format!("{word}: {code}"));
        }
        Err(format!("no algorithm is taken: {}", refused.join(", ")))
    }
}

const LADDER: &[(&str, Algorithm)] = &[("instant", Instant), ("nocopy", NoCopy), ("inplace", InPlace), ("copy", Copy)];

/// The statements, with a demand at the end of the one that changes the schema.
fn with(statements: &[String], demand: &str) -> Vec<String> {
    let demanding = |statement: &String| match statement.split_whitespace().next() {
        Some("alter") => format!("{statement}, {demand}"),
        Some("create") => format!("{statement} {}", demand.replace(',', "")),
        _ => statement.clone(),
    };
    statements.iter().map(demanding).collect()
}
