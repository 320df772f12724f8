//! Sessions and dialects on real servers, without a runner above them.
#![allow(clippy::unwrap_used, reason = "the helpers are part of the tests")]

mod mysql;
mod mysql_probes;
mod postgres;
mod sqlite;
mod tls;

use coexist::databases::{Address, BatchError, ErrorKind, HistoryTable, LockName, Session};

use crate::support::TestDatabase;

/// Runs a test's future to its end.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(future)
}

async fn connect_to(url: &str) -> Box<dyn Session> {
    let address = Address::parse(url, &|_| None).expect("the address is right").for_writing();
    let database = address.database();
    database.connect(&address, "migrate/test run1 here").await.unwrap_or_else(|error| panic!("{error}"))
}

async fn connect(db: &TestDatabase) -> Box<dyn Session> {
    connect_to(&db.url()).await
}

fn lock(number: i64) -> LockName {
    LockName { number, word: format!("migrate:test{number}") }
}

fn table(db: &TestDatabase) -> HistoryTable {
    let schema = if db.dialect() == "postgres" { Some("audit \"x\"".to_owned()) } else { None };
    HistoryTable { schema, name: "migrate_history".to_owned() }
}

async fn run(session: &mut dyn Session, parts: &[&str]) {
    session.execute(parts).await.unwrap_or_else(|failed| panic!("part {}: {}", failed.part, failed.error));
}

async fn fail(session: &mut dyn Session, parts: &[&str]) -> BatchError {
    session.execute(parts).await.expect_err("it must fail")
}

async fn value(session: &mut dyn Session, sql: &str) -> Option<String> {
    let rows = session.query(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    rows.into_iter().next().and_then(|row| row.into_iter().next()).flatten().map(String::from)
}

fn owned(parts: &[String]) -> Vec<&str> {
    parts.iter().map(String::as_str).collect()
}

/// What every dialect promises, on whatever database.
fn the_bookkeeping_of(db: &TestDatabase) {
    block_on(async {
        let mut session = connect(db).await;
        let session = &mut *session;
        let dialect = Address::parse(&db.url(), &|_| None).unwrap().database().dialect();
        let table = table(db);
        let name = dialect.history_name(&table);
        let missing = session.query(&format!("SELECT seq FROM {name}")).await.unwrap_err();
        assert_eq!(missing.kind, ErrorKind::NoSuchTable);
        assert!(session.query(&dialect.history_exists(&table)).await.unwrap().is_empty());
        let schema = table.schema.as_deref().and_then(|schema| dialect.create_schema(schema));
        run(session, &schema.as_deref().into_iter().collect::<Vec<_>>()).await;
        let create = dialect.create_history(&table);
        run(session, &owned(&create)).await;
        run(session, &owned(&create)).await;
        assert_eq!(session.query(&dialect.history_exists(&table)).await.unwrap().len(), 1);

        let insert = |seq: u64, state: &str, text: &str| {
            format!(
                "INSERT INTO {name} (seq, kind, version, name, state, applied_by, host, tool, up_script, started_at, hash) \
                 VALUES ({seq}, 'apply', '1', 'n', '{state}', {user}, 'h', 't', {text}, {now}, 'x')",
                user = dialect.current_user(),
                text = dialect.literal(text),
                now = dialect.now(),
            )
        };
        let nasty = "it's a \\ back\"slash`, ünïcode, $$ and %\nline";
        let ours = |ours: &str| dialect.guard(&format!("EXISTS (SELECT 1 FROM {name} WHERE seq = 1 AND {ours})"));
        let mut parts = dialect.begin();
        parts.push(insert(1, "done", nasty));
        parts.extend(dialect.still_ours().map(ours));
        parts.push("COMMIT".to_owned());
        run(session, &owned(&parts)).await;
        let text = value(session, &format!("SELECT up_script FROM {name} WHERE seq = 1")).await;
        assert_eq!(text.as_deref(), Some(nasty));
        let when = value(session, &format!("SELECT {} FROM {name}", dialect.utc("started_at"))).await.unwrap();
        assert!(when.len() == "2026-11-21 09:30:00.123456+00".len() && when.ends_with("+00"), "{when}");
        assert_eq!(value(session, &format!("SELECT {} FROM {name}", dialect.utc("finished_at"))).await, None);

        assert_eq!(fail(session, &[&insert(1, "done", "")]).await.error.kind, ErrorKind::UniqueViolation);
        run(session, &[&insert(2, "running", "")]).await;
        let second = fail(session, &[&insert(3, "running", "")]).await;
        assert_eq!(second.error.kind, ErrorKind::UniqueViolation, "two migrations in flight");
        assert_ne!(fail(session, &[&insert(4, "nonsense", "")]).await.error.kind, ErrorKind::UniqueViolation);

        // A row that another transaction wrote is not ours.
        if let Some(ours) = dialect.still_ours().map(ours) {
            let parts = [dialect.begin(), vec![ours]].concat();
            let failed = fail(session, &owned(&parts)).await;
            assert_eq!((failed.part, failed.error.kind), (parts.len() - 1, ErrorKind::GuardFailed));
            run(session, &["ROLLBACK"]).await;
        }
        run(session, &[&dialect.guard("1 = 1")]).await;
        assert_eq!(fail(session, &[&dialect.guard("1 = 2")]).await.error.kind, ErrorKind::GuardFailed);
        assert_eq!(fail(session, &[&dialect.guard("NULL IS NOT NULL")]).await.error.kind, ErrorKind::GuardFailed);
    });
}

/// The lock, with a holder that tells who it is.
fn the_lock_of(db: &TestDatabase) {
    block_on(async {
        let (mut first, mut second) = (connect(db).await, connect(db).await);
        assert!(first.try_lock(&lock(7)).await.unwrap());
        assert!(!second.try_lock(&lock(7)).await.unwrap());
        let holder = second.holder(&lock(7)).await.unwrap().expect("somebody has it");
        assert_eq!(holder.who.as_deref(), Some("migrate/test run1 here"));
        assert_eq!(holder.connection, first.about().connection);
        assert!(holder.since.is_some());
        first.reset().await.unwrap();
        assert!(!second.try_lock(&lock(7)).await.unwrap(), "a reset keeps the lock");
        let dialect = Address::parse(&db.url(), &|_| None).unwrap().database().dialect();
        if let Some(fence) = dialect.fence(&lock(7)) {
            run(&mut *first, &["CREATE TABLE claims (seq bigint)"]).await;
            let claim = format!("INSERT INTO claims VALUES ({})", dialect.assured(&fence, "1"));
            for fenced in [&dialect.guard(&fence), &claim] {
                // As often as it is asked.
                run(&mut *first, &[fenced, fenced, fenced]).await;
                assert_eq!(fail(&mut *second, &[fenced]).await.error.kind, ErrorKind::GuardFailed);
            }
            assert_eq!(value(&mut *first, "SELECT count(*) FROM claims").await.as_deref(), Some("3"));
        }
        assert!(first.unlock(&lock(7)).await.unwrap());
        assert!(!first.unlock(&lock(7)).await.unwrap());
        assert!(second.holder(&lock(7)).await.unwrap().is_none());
        assert!(second.try_lock(&lock(7)).await.unwrap());
        second.close().await;
        let mut taken = first.try_lock(&lock(7)).await.unwrap();
        // The server may need a moment to see that the session has ended.
        for _ in 0..100 {
            if taken {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            taken = first.try_lock(&lock(7)).await.unwrap();
        }
        assert!(taken, "the end of a session frees its lock");
        first.close().await;
    });
}
