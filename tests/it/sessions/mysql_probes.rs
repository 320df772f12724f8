//! What MySQL's and MariaDB's catalogs say before a schema statement, after it, and after it was refused.

use std::time::{Duration, Instant};

use coexist::databases::{Dialect, ErrorKind, Probe, Session};

use super::{block_on, connect, run, value};
use crate::support::{Engine, TestDatabase};

/// What stands before each statement.
const SETTING: &[&str] = &[
    "CREATE TABLE p (id int PRIMARY KEY)",
    "CREATE TABLE t (id int AUTO_INCREMENT PRIMARY KEY, a int, b varchar(20), KEY ka (a), CONSTRAINT ck CHECK (a > 0))",
    "CREATE TABLE u (id int PRIMARY KEY, p_id int, CONSTRAINT fk FOREIGN KEY (p_id) REFERENCES p (id))",
    "CREATE TABLE w (id int PRIMARY KEY, a int) PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN (20))",
    "CREATE TABLE x (id int PRIMARY KEY, a int)",
    "CREATE VIEW v AS SELECT a FROM t",
    "CREATE PROCEDURE q() SELECT 1",
    "CREATE FUNCTION f() RETURNS int DETERMINISTIC RETURN 1",
    "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET @g = 1",
    "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 1",
    "INSERT INTO t (a) VALUES (1), (2)",
    "INSERT INTO w VALUES (1, 1), (11, 1)",
    "INSERT INTO p VALUES (2)",
    "INSERT INTO x VALUES (2, 2)",
];

/// Statements that take effect in that setting.
const CHANGES: &[&str] = &[
    "CREATE TABLE n (i int)",
    "CREATE TABLE n LIKE t",
    "CREATE TABLE n AS SELECT * FROM t",
    "CREATE OR REPLACE TABLE t (i int)",
    "CREATE INDEX i ON t (a)",
    "CREATE UNIQUE INDEX i USING BTREE ON t (a, b)",
    "CREATE FULLTEXT INDEX i ON t (b)",
    "CREATE VIEW n AS SELECT 1",
    "CREATE PROCEDURE n() SELECT 1",
    "CREATE FUNCTION n() RETURNS int DETERMINISTIC RETURN 1",
    "CREATE TRIGGER n BEFORE UPDATE ON t FOR EACH ROW SET @g = 1",
    "CREATE EVENT n ON SCHEDULE EVERY 1 DAY DO SELECT 1",
    "DROP TABLE x",
    "DROP TABLE x, w",
    "DROP INDEX ka ON t",
    "DROP VIEW v",
    "DROP PROCEDURE q",
    "DROP FUNCTION f",
    "DROP TRIGGER g",
    "DROP EVENT e",
    "RENAME TABLE x TO y",
    "RENAME TABLE x TO y, p TO x",
    "RENAME TABLE x TO tmp, w TO x, tmp TO w",
    "TRUNCATE TABLE t",
    "TRUNCATE w",
    "ALTER EVENT e RENAME TO n",
    "ALTER TABLE t ADD COLUMN c int",
    "ALTER TABLE t ADD c int NOT NULL DEFAULT 1 FIRST, ALGORITHM=COPY",
    "ALTER TABLE t DROP COLUMN b",
    "ALTER TABLE t ADD KEY k (b), ADD c int",
    "ALTER TABLE t DROP KEY ka",
    "ALTER TABLE x DROP PRIMARY KEY",
    "ALTER TABLE t RENAME COLUMN b TO c",
    "ALTER TABLE t RENAME KEY ka TO kb",
    "ALTER TABLE t RENAME TO n",
    "ALTER TABLE t CHANGE b c varchar(30)",
    "ALTER TABLE t CHANGE b b varchar(30)",
    "ALTER TABLE t MODIFY a bigint",
    "ALTER TABLE t MODIFY a int COMMENT 'x'",
    "ALTER TABLE t MODIFY a int AFTER b",
    "ALTER TABLE t ALTER a SET DEFAULT 7",
    "ALTER TABLE t COMMENT 'x'",
    "ALTER TABLE t ROW_FORMAT=COMPACT",
    "ALTER TABLE t CONVERT TO CHARACTER SET latin1",
    "ALTER TABLE t DEFAULT CHARACTER SET latin1",
    "ALTER TABLE x ADD CONSTRAINT fk2 FOREIGN KEY (a) REFERENCES p (id)",
    "ALTER TABLE u DROP FOREIGN KEY fk",
    "ALTER TABLE t ADD CHECK (a > -9)",
    "ALTER TABLE t ADD CONSTRAINT uq UNIQUE (b)",
    "ALTER TABLE t DROP CONSTRAINT ck",
    "ALTER TABLE t DROP CONSTRAINT ck, ADD CONSTRAINT ck CHECK (a > -1)",
    "ALTER TABLE t DROP KEY ka, ADD KEY ka (a, b)",
    "ALTER TABLE w ADD PARTITION (PARTITION p2 VALUES LESS THAN (30))",
    "ALTER TABLE w DROP PARTITION p1",
    "ALTER TABLE w TRUNCATE PARTITION p1",
    "ALTER TABLE w REORGANIZE PARTITION p0, p1 INTO (PARTITION p0 VALUES LESS THAN (20))",
    "ALTER TABLE w EXCHANGE PARTITION p0 WITH TABLE x",
    "ALTER TABLE w REMOVE PARTITIONING",
    "ALTER TABLE x PARTITION BY HASH (id) PARTITIONS 3",
];

/// Statements that are refused in that setting.
const REFUSED: &[&str] = &[
    "CREATE TABLE t (i int)",
    "CREATE INDEX ka ON t (b)",
    "CREATE UNIQUE INDEX i ON missing (a)",
    "CREATE VIEW v AS SELECT 1",
    "CREATE PROCEDURE q() SELECT 2",
    "DROP TABLE missing",
    "DROP INDEX missing ON t",
    "RENAME TABLE missing TO n",
    "ALTER TABLE t ADD COLUMN a int",
    "ALTER TABLE t ADD COLUMN c int, DROP COLUMN missing",
    "ALTER TABLE t ADD COLUMN c int, ADD KEY k (missing)",
    "ALTER TABLE t MODIFY missing int",
    "ALTER TABLE t ADD CONSTRAINT fk FOREIGN KEY (a) REFERENCES missing (id)",
    "ALTER TABLE missing ADD COLUMN a int",
    "TRUNCATE TABLE p",
];

fn dialect(db: &TestDatabase) -> &'static dyn Dialect {
    coexist::databases::find(db.dialect()).expect("the dialect is known").dialect()
}

fn expression(db: &TestDatabase, statement: &str) -> String {
    match dialect(db).probe(statement) {
        Probe::Fingerprint(expression) => expression,
        other => panic!("{statement}: {other:?}"),
    }
}

/// Whether the product knows the statement at all.
fn is_known(db: &TestDatabase, statement: &str) -> bool {
    db.dialect() == "mariadb" || !statement.starts_with("CREATE OR REPLACE TABLE")
}

/// Clears the database and sets the scene again.
async fn set(db: &TestDatabase, session: &mut dyn Session) {
    let name = db.name();
    run(session, &[&format!("DROP DATABASE {name}"), &format!("CREATE DATABASE {name}"), &format!("USE {name}")]).await;
    run(session, SETTING).await;
    run(
        session,
        &[
            "CREATE TABLE history (seq bigint PRIMARY KEY, probe text) ENGINE=InnoDB",
            "INSERT INTO history VALUES (1, NULL)",
        ],
    )
    .await;
}

/// The value as the runner stores it.
async fn stored(session: &mut dyn Session, expression: &str) -> Option<String> {
    let update = format!("UPDATE history SET probe = ({expression}) WHERE seq = 1");
    // MariaDB 11 may still be at work on the table; the runner tries again, too.
    let start = Instant::now();
    while let Err(failed) = session.execute(&[&update]).await {
        let waits = failed.error.kind == ErrorKind::LockTimeout && start.elapsed() < Duration::from_secs(10);
        assert!(waits, "{}", failed.error);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    value(session, "SELECT probe FROM history").await
}

fn on_fresh(test: impl AsyncFnOnce(&TestDatabase)) {
    if Engine::Mariadb.is_wanted() {
        let db = TestDatabase::fresh(Engine::Mariadb);
        block_on(test(&db));
    }
}

#[test]
fn a_statement_that_took_effect_shows() {
    on_fresh(async |db| {
        let mut session = connect(db).await;
        for statement in CHANGES.iter().filter(|statement| is_known(db, statement)) {
            set(db, &mut *session).await;
            let expression = expression(db, statement);
            let before = stored(&mut *session, &expression).await;
            assert!(before.is_some(), "{statement}");
            assert_eq!(value(&mut *session, &format!("SELECT {expression}")).await, before, "{statement}");
            // What applications do meanwhile is no change of the schema.
            run(
                &mut *session,
                &["INSERT INTO t (a) VALUES (3), (4)", "INSERT INTO w VALUES (2, 2)", "ANALYZE TABLE t"],
            )
            .await;
            assert_eq!(value(&mut *session, &format!("SELECT {expression}")).await, before, "{statement}");
            session.execute(&[statement]).await.unwrap_or_else(|failed| panic!("{statement}: {}", failed.error));
            let after = value(&mut *session, &format!("SELECT {expression}")).await;
            assert!(after != before, "{statement}: {before:?} and {after:?}");
        }
    });
}

#[test]
fn a_statement_that_was_refused_does_not_show() {
    on_fresh(async |db| {
        let mut session = connect(db).await;
        set(db, &mut *session).await;
        for statement in REFUSED {
            let expression = expression(db, statement);
            let before = stored(&mut *session, &expression).await;
            session.execute(&[statement]).await.expect_err(statement);
            let after = value(&mut *session, &format!("SELECT {expression}")).await;
            assert_eq!(after, before, "{statement}");
        }
    });
}

#[test]
fn who_may_not_see_storage_is_told_nothing() {
    on_fresh(async |db| {
        let mut session = connect(db).await;
        set(db, &mut *session).await;
        let user = format!("u{}", db.name().rsplit('_').next().expect("a number"));
        db.admin(&format!(
            "CREATE USER '{user}'@'%' IDENTIFIED BY 'none of your business'; GRANT ALL ON {}.* TO '{user}'@'%'",
            db.name()
        ));
        let url = db.url();
        let (scheme, rest) = url.split_once("://").expect("a URL");
        let (_, place) = rest.rsplit_once('@').expect("a login");
        let mut other = super::connect_to(&format!("{scheme}://{user}:none%20of%20your%20business@{place}")).await;
        assert_eq!(stored(&mut *other, &expression(db, "TRUNCATE TABLE t")).await, None);
        assert_eq!(stored(&mut *other, &expression(db, "CREATE TABLE n (i int)")).await.as_deref(), Some("0"));
        db.admin(&format!("DROP USER '{user}'@'%'"));
    });
}
