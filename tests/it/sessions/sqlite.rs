use coexist::databases::{Address, ErrorKind};

use super::*;
use crate::support::{Engine, TestDatabase};

fn fresh() -> TestDatabase {
    TestDatabase::fresh(Engine::Sqlite)
}

#[test]
fn bookkeeping() {
    the_bookkeeping_of(&fresh());
}

#[test]
fn locking() {
    the_lock_of(&fresh());
}

#[test]
fn a_missing_file_is_created_only_for_writing() {
    block_on(async {
        let db = fresh();
        let url = format!("sqlite://{}", db.file().with_file_name("new.db").display());
        let address = Address::parse(&url, &|_| None).unwrap();
        let connect = async |address: &Address| address.database().connect(address, "migrate").await;
        let error = connect(&address.clone().for_reading()).await.err().unwrap();
        assert!(error.message.contains("there is no database") && error.hint.unwrap().contains("migrate up"));
        assert!(address.missing_file().is_some());
        connect(&address.clone().for_writing()).await.unwrap().close().await;
        assert!(db.file().with_file_name("new.db").exists());
        connect(&address.for_reading()).await.unwrap().close().await;
        let nowhere = Address::parse("sqlite:///no/such/folder/a.db?mode=rwc", &|_| None).unwrap();
        assert!(connect(&nowhere).await.err().unwrap().message.contains("no folder `/no/such/folder`"));
        std::fs::write(db.file().with_file_name("text.db"), "this is certainly not a database file at all").unwrap();
        let text = Address::parse(&url.replace("new.db", "text.db"), &|_| None).unwrap();
        assert!(connect(&text).await.err().unwrap().message.contains("not a database"));
    });
}

#[test]
fn an_error_has_its_part_and_place() {
    block_on(async {
        let db = fresh();
        let mut session = connect(&db).await;
        let failed = fail(&mut *session, &["CREATE TABLE a (x)", "  SELECT é, nowhere FROM a", "SELECT 1"]).await;
        assert_eq!((failed.part, failed.error.kind), (1, ErrorKind::Other));
        assert_eq!(failed.error.position, Some(9), "{:?}", failed.error);
        assert_eq!(value(&mut *session, "SELECT count(*) FROM a").await.as_deref(), Some("0"));
        let nul = fail(&mut *session, &["SELECT '\0'"]).await;
        assert!(nul.error.message.contains("NUL"));
        let rows = session.query("SELECT 1, 2.5, 'é', NULL, x'41'").await.unwrap();
        let texts: Vec<Option<&str>> = rows[0].iter().map(Option::as_deref).collect();
        assert_eq!(texts, [Some("1"), Some("2.5"), Some("é"), None, Some("A")]);
    });
}

#[test]
fn a_transaction_that_ends_unasked_is_noticed() {
    block_on(async {
        let db = fresh();
        let mut session = connect(&db).await;
        let session = &mut *session;
        run(session, &["CREATE TABLE a (x INTEGER PRIMARY KEY)", "BEGIN IMMEDIATE", "INSERT INTO a VALUES (1)"]).await;
        let failed = fail(session, &["INSERT OR ROLLBACK INTO a VALUES (1)"]).await;
        assert_eq!(failed.error.kind, ErrorKind::UniqueViolation);
        assert!(failed.error.context.unwrap().contains("rolled the whole transaction back"));
        run(session, &["ROLLBACK"]).await;
        let failed = fail(session, &["COMMIT"]).await;
        assert_eq!(failed.error.kind, ErrorKind::TransactionEnded);
        assert_eq!(value(session, "SELECT count(*) FROM a").await.as_deref(), Some("0"));
        // The splitter refuses it in scripts; should one get through, nothing may be believed to be open.
        run(session, &["BEGIN IMMEDIATE", "INSERT INTO a VALUES (2)"]).await;
        run(session, &["SAVEPOINT s", "ROLLBACK TO s", "RELEASE s"]).await;
        run(session, &["COMMIT"]).await;
        assert_eq!(value(session, "SELECT count(*) FROM a").await.as_deref(), Some("1"));
    });
}

#[test]
fn others_in_the_way_are_a_lock_timeout() {
    block_on(async {
        let db = fresh();
        let (mut first, mut second) = (connect(&db).await, connect(&db).await);
        run(&mut *first, &["CREATE TABLE a (x)", "INSERT INTO a VALUES (1)", "BEGIN IMMEDIATE"]).await;
        assert_eq!(fail(&mut *second, &["BEGIN IMMEDIATE"]).await.error.kind, ErrorKind::LockTimeout);
        // A reader in the way of COMMIT: the transaction stays open, and committing again succeeds.
        run(&mut *second, &["BEGIN", "SELECT * FROM a"]).await;
        run(&mut *first, &["INSERT INTO a VALUES (2)"]).await;
        assert_eq!(fail(&mut *first, &["COMMIT"]).await.error.kind, ErrorKind::LockTimeout);
        run(&mut *second, &["COMMIT"]).await;
        run(&mut *first, &["COMMIT"]).await;
        assert_eq!(value(&mut *second, "SELECT count(*) FROM a").await.as_deref(), Some("2"));
    });
}

#[test]
fn a_full_disk_and_a_read_only_file_have_kinds() {
    block_on(async {
        let db = fresh();
        let mut session = connect(&db).await;
        run(&mut *session, &["CREATE TABLE a (x)", "PRAGMA max_page_count = 3", "BEGIN IMMEDIATE"]).await;
        let failed = fail(&mut *session, &["INSERT INTO a SELECT randomblob(100000)"]).await;
        assert_eq!(failed.error.kind, ErrorKind::Full);
        run(&mut *session, &["ROLLBACK"]).await;
        session.close().await;
        let mut session = connect_to(&format!("{}?mode=ro", db.url())).await;
        assert_eq!(fail(&mut *session, &["CREATE TABLE b (x)"]).await.error.kind, ErrorKind::ReadOnly);
    });
}

#[test]
fn a_reset_undoes_what_a_script_did() {
    block_on(async {
        for mut session in [connect(&fresh()).await, connect_to("sqlite::memory:").await] {
            let session = &mut *session;
            run(session, &["CREATE TABLE main.kept (x)", "PRAGMA foreign_keys = OFF", "CREATE TEMP TABLE t (x)"]).await;
            run(session, &["ATTACH ':memory:' AS other", "BEGIN", "INSERT INTO kept VALUES (1)"]).await;
            session.reset().await.unwrap();
            assert_eq!(value(session, "PRAGMA foreign_keys").await.as_deref(), Some("1"));
            assert_eq!(value(session, "SELECT count(*) FROM temp.sqlite_master").await.as_deref(), Some("0"));
            assert_eq!(
                value(session, "SELECT count(*) FROM pragma_database_list WHERE seq > 1").await.as_deref(),
                Some("0")
            );
            assert_eq!(value(session, "SELECT count(*) FROM kept").await.as_deref(), Some("0"));
        }
    });
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_written_says_so() {
    block_on(async {
        use std::os::unix::fs::PermissionsExt;
        let db = fresh();
        let folder = db.file().parent().unwrap().to_owned();
        let mut session = connect(&db).await;
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o500)).unwrap();
        // The superuser writes anywhere.
        let forbidden = std::fs::write(folder.join("probe"), "").is_err();
        let taken = session.try_lock(&lock(1)).await;
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700)).unwrap();
        if forbidden {
            let error = taken.unwrap_err();
            assert_eq!(error.kind, ErrorKind::ReadOnly);
            assert!(error.message.contains("-migrate-lock"));
        } else {
            assert!(taken.unwrap());
        }
    });
}

#[test]
fn a_statement_can_be_cancelled() {
    block_on(async {
        let db = fresh();
        let mut session = connect(&db).await;
        let mut observer = session.observer().unwrap();
        run(&mut *session, &["CREATE TABLE a (x)", "BEGIN IMMEDIATE"]).await;
        let endless =
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) INSERT INTO a SELECT max(i) FROM n";
        let sending = async { fail(&mut *session, &["INSERT INTO a VALUES (1)", endless]).await };
        let cancelling = async {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            observer.cancel().await.unwrap();
        };
        let (failed, ()) = tokio::join!(sending, cancelling);
        assert_eq!((failed.part, failed.error.kind), (1, ErrorKind::Cancelled));
        run(&mut *session, &["ROLLBACK", "INSERT INTO a VALUES (2)"]).await;
        assert_eq!(value(&mut *session, "SELECT group_concat(x) FROM a").await.as_deref(), Some("2"));
    });
}
