use std::time::{Duration, Instant};

use coexist::databases::{Address, ErrorKind, Limits, Probe};

use super::*;
use crate::support::{Engine, PgBouncer, Server, Signal, TestDatabase};

/// Runs a test on a fresh database, unless this run is not to test PostgreSQL.
fn on_fresh(test: impl AsyncFnOnce(&TestDatabase)) {
    if Engine::Postgres.is_wanted() {
        let db = TestDatabase::fresh(Engine::Postgres);
        block_on(test(&db));
    }
}

fn dialect() -> &'static dyn coexist::databases::Dialect {
    coexist::databases::find("postgres").unwrap().dialect()
}

#[test]
fn bookkeeping() {
    on_fresh_plain(the_bookkeeping_of);
}

#[test]
fn locking() {
    on_fresh_plain(the_lock_of);
}

fn on_fresh_plain(test: fn(&TestDatabase)) {
    if Engine::Postgres.is_wanted() {
        test(&TestDatabase::fresh(Engine::Postgres));
    }
}

#[test]
fn connecting_costs_one_message_and_tells_what_is_there() {
    on_fresh(async |db| {
        let mut log = db.log_statements();
        let mut session = connect(db).await;
        assert!(session.try_lock(&lock(1)).await.unwrap());
        assert!(session.unlock(&lock(1)).await.unwrap());
        let about = session.about().clone();
        session.close().await;
        assert_eq!(log.take().len(), 3, "connect, lock, unlock");
        assert!(about.product.starts_with("PostgreSQL 1"), "{about:?}");
        assert!(about.version[0] >= 12);
        assert_eq!((about.database.as_str(), about.schema.as_deref()), (db.name(), Some("public")));
        assert_eq!(about.user, "tester");
        assert_eq!(about.warnings, Vec::<String>::new());
    });
}

#[test]
fn an_error_has_its_part_and_place() {
    on_fresh(async |db| {
        let mut session = connect(db).await;
        let session = &mut *session;
        let begin = ["BEGIN", "CREATE TABLE é (x int) -- comment at the end"];
        run(session, &begin).await;
        run(session, &["COMMIT"]).await;
        let failed = fail(session, &["SELECT 'é' -- ü", "SELECT 'é', nowhere FROM é", "SELECT 1"]).await;
        assert_eq!((failed.part, failed.error.code.as_deref()), (1, Some("42703")));
        assert_eq!(failed.error.position, Some("SELECT 'é', ".len()));
        // A syntax error is found before anything runs.
        let failed = fail(session, &["INSERT INTO é VALUES (1)", "SELECT 1", "SELEC 1"]).await;
        assert_eq!((failed.part, failed.error.position), (2, Some(0)));
        assert_eq!(value(session, "SELECT count(*) FROM é").await.as_deref(), Some("0"));
        // Inside a function, the place is told in words.
        let body =
            "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT nowhere FROM é); END $$";
        run(session, &[body]).await;
        let failed = fail(session, &["SELECT 1", "SELECT f()"]).await;
        assert_eq!((failed.part, failed.error.position), (1, None));
        let context = failed.error.context.unwrap();
        assert!(context.contains("nowhere FROM") && context.contains("function f()"), "{context}");
        // At the end of the transaction.
        run(session, &["CREATE TABLE d (x int UNIQUE DEFERRABLE INITIALLY DEFERRED)"]).await;
        let failed = fail(session, &["BEGIN", "INSERT INTO d VALUES (1), (1)", "COMMIT"]).await;
        assert_eq!((failed.part, failed.error.kind), (2, ErrorKind::UniqueViolation));
        let rows = session.query("SELECT 1, 2.5::float8, true, NULL, array[1,2], now() > 'epoch'").await.unwrap();
        let texts: Vec<Option<&str>> = rows[0].iter().map(Option::as_deref).collect();
        assert_eq!(texts, [Some("1"), Some("2.5"), Some("t"), None, Some("{1,2}"), Some("t")]);
    });
}

#[test]
fn limits_hold_and_their_refusals_have_kinds() {
    on_fresh(async |db| {
        let (mut first, mut second) = (connect(db).await, connect(db).await);
        run(&mut *first, &["CREATE TABLE a (x int)", "INSERT INTO a VALUES (1)"]).await;
        run(&mut *first, &["BEGIN", "LOCK TABLE a"]).await;
        let limits = Limits { lock: Some(Duration::from_millis(100)), statement: Some(Duration::from_millis(400)) };
        let parts = [dialect().limit_session(&limits), dialect().begin(), vec!["SELECT * FROM a".to_owned()]].concat();
        let failed = fail(&mut *second, &owned(&parts)).await;
        assert_eq!((failed.part, failed.error.kind), (parts.len() - 1, ErrorKind::LockTimeout));
        run(&mut *second, &["ROLLBACK"]).await;
        run(&mut *second, &owned(&dialect().limit_session(&limits))).await;
        assert_eq!(fail(&mut *second, &["SELECT pg_sleep(9)"]).await.error.kind, ErrorKind::StatementTimeout);
        run(&mut *second, &owned(&dialect().limit_session(&Limits::default()))).await;
        assert_eq!(value(&mut *second, "SHOW statement_timeout").await.as_deref(), Some("0"));
        run(&mut *first, &["ROLLBACK"]).await;
    });
}

#[test]
fn an_observer_sees_who_blocks_and_cancels() {
    on_fresh(async |db| {
        let (mut first, mut second) = (connect(db).await, connect(db).await);
        run(&mut *first, &["CREATE TABLE a (x int)"]).await;
        run(&mut *first, &["BEGIN", "LOCK TABLE a"]).await;
        let mut observer = second.observer().unwrap();
        assert!(observer.blockers().await.unwrap().is_empty());
        let blocked = tokio::spawn(async move {
            let failed = fail(&mut *second, &["SELECT * FROM a"]).await;
            (second, failed)
        });
        let start = Instant::now();
        let blockers = loop {
            let blockers = observer.blockers().await.unwrap();
            if !blockers.is_empty() || start.elapsed() > Duration::from_secs(10) {
                break blockers;
            }
        };
        assert_eq!(blockers.len(), 1);
        assert_eq!(blockers[0].connection, first.about().connection);
        assert_eq!(blockers[0].application.as_deref(), Some("migrate/test run1 here"));
        assert_eq!(blockers[0].state.as_deref(), Some("idle in transaction"));
        assert!(blockers[0].age.is_some() && blockers[0].transaction.is_some());
        assert_eq!(observer.progress().await.unwrap(), None);
        assert_eq!(observer.remaining(&blockers).await.unwrap(), blockers);
        observer.cancel().await.unwrap();
        let (mut second, failed) = blocked.await.unwrap();
        assert_eq!(failed.error.kind, ErrorKind::Cancelled);
        // The next transaction of the same connection is another one.
        run(&mut *first, &["COMMIT"]).await;
        run(&mut *first, &["BEGIN", "SELECT 1"]).await;
        assert!(observer.remaining(&blockers).await.unwrap().is_empty());
        run(&mut *second, &["SELECT * FROM a"]).await;
        observer.close().await;
    });
}

#[test]
fn a_lost_connection_is_never_used_again() {
    on_fresh(async |db| {
        let mut session = connect(db).await;
        let pid = session.about().connection.clone();
        db.admin(&format!("select pg_terminate_backend({pid});"));
        let failed = fail(&mut *session, &["SELECT 1", "SELECT 2"]).await;
        assert_eq!((failed.part, failed.error.kind), (0, ErrorKind::ConnectionLost));
        assert_eq!(session.query("SELECT 1").await.unwrap_err().kind, ErrorKind::ConnectionLost);
        assert_eq!(session.try_lock(&lock(1)).await.unwrap_err().kind, ErrorKind::ConnectionLost);
        session.close().await;
    });
}

#[test]
fn a_reset_undoes_what_a_script_did_and_a_role_is_regained() {
    on_fresh(async |db| {
        let mut session = connect(db).await;
        let session = &mut *session;
        assert!(session.try_lock(&lock(3)).await.unwrap());
        db.admin("create role nobody_much; grant nobody_much to tester;");
        run(session, &["BEGIN", "SET ROLE nobody_much"]).await;
        run(session, dialect().regain()).await;
        assert_eq!(value(session, "SELECT current_user").await.as_deref(), Some("tester"));
        run(session, &["COMMIT"]).await;
        let leaks = ["SET ROLE nobody_much", "SET search_path = ''", "SET tcp_keepalives_idle = 77"];
        run(session, &leaks).await;
        run(session, &["RESET ROLE", "CREATE TEMP TABLE t (x int)", "PREPARE p AS SELECT 1", "SET my.own = 'x'"]).await;
        let announcement = session.announce("v42 3/9").unwrap();
        run(session, &[&announcement]).await;
        assert_eq!(value(session, "SHOW application_name").await.as_deref(), Some("migrate/test run1 here v42 3/9"));
        session.reset().await.unwrap();
        let left = "SELECT current_user || current_schema() || coalesce(to_regclass('pg_temp.t')::text, '') || \
                    (SELECT count(*) FROM pg_prepared_statements) || current_setting('application_name') || \
                    current_setting('tcp_keepalives_idle')";
        assert_eq!(value(session, left).await.as_deref(), Some("testerpublic0migrate/test run1 here30"));
        assert_eq!(value(session, "SHOW standard_conforming_strings").await.as_deref(), Some("on"));
        assert!(session.unlock(&lock(3)).await.unwrap(), "the lock is kept");
        db.admin("drop role nobody_much;");
    });
}

#[test]
fn the_catalog_tells_what_took_effect() {
    on_fresh(async |db| {
        let mut session = connect(db).await;
        let session = &mut *session;
        run(session, &["CREATE TABLE t (x int)", "INSERT INTO t VALUES (1), (1)"]).await;
        let probe = async |session: &mut dyn Session, sql: &str| match dialect().probe(sql) {
            Probe::Fingerprint(expression) => value(session, &format!("SELECT {expression}")).await.unwrap(),
            other => panic!("{sql}: {other:?}"),
        };
        for build in ["CREATE INDEX CONCURRENTLY i ON t (x)", "CREATE INDEX CONCURRENTLY ON public.t (x)"] {
            let before = probe(session, build).await;
            run(session, &[build]).await;
            assert!(!dialect().is_unchanged(&before, &probe(session, build).await), "{build}");
        }
        let drop = "DROP INDEX CONCURRENTLY i";
        let before = probe(session, drop).await;
        run(session, &[drop]).await;
        assert_ne!(probe(session, drop).await, before);
        // A build that fails leaves an invalid index, which is found and counts as not built.
        for unique in ["CREATE UNIQUE INDEX CONCURRENTLY Bad ON t (x)", "CREATE UNIQUE INDEX CONCURRENTLY ON t (x)"] {
            let before = probe(session, unique).await;
            assert_eq!(fail(session, &[unique]).await.error.kind, ErrorKind::UniqueViolation);
            assert!(dialect().is_unchanged(&before, &probe(session, unique).await), "{unique}");
            let cures = session.query(&dialect().leftovers(unique, Some(&before)).unwrap()).await.unwrap();
            assert_eq!(cures.len(), 1, "{unique}");
            run(session, &[cures[0][0].as_deref().unwrap()]).await;
            assert!(session.query(&dialect().leftovers(unique, None).unwrap()).await.unwrap().is_empty());
        }
        // Another's invalid index over other columns is no leftover of it, whatever the server called it.
        run(session, &["ALTER TABLE t ADD COLUMN y int DEFAULT 1"]).await;
        fail(session, &["CREATE UNIQUE INDEX CONCURRENTLY ON t (y)"]).await;
        let mixed = "CREATE UNIQUE INDEX CONCURRENTLY ON t (abs(y), x) INCLUDE (y)";
        fail(session, &[mixed]).await;
        for (build, name) in [("CREATE UNIQUE INDEX CONCURRENTLY ON t (y)", "t_y_idx"), (mixed, "t_abs_x_y_idx")] {
            let cures = session.query(&dialect().leftovers(build, None).unwrap()).await.unwrap();
            assert!(cures.len() == 1 && cures[0][0].as_deref().unwrap().ends_with(name), "{cures:?}");
        }
        for rest in
            ["REINDEX TABLE CONCURRENTLY t", "REINDEX INDEX CONCURRENTLY t_x_idx", "REINDEX SCHEMA CONCURRENTLY public"]
        {
            assert!(session.query(&dialect().leftovers(rest, None).unwrap()).await.unwrap().is_empty());
        }
        run(
            session,
            &["CREATE TABLE m (x int) PARTITION BY LIST (x)", "CREATE TABLE m1 PARTITION OF m FOR VALUES IN (1)"],
        )
        .await;
        let detach = "ALTER TABLE m DETACH PARTITION m1 CONCURRENTLY";
        let before = probe(session, detach).await;
        run(session, &["ALTER TABLE m DETACH PARTITION m1"]).await;
        assert_ne!(probe(session, detach).await, before);
        let gone = probe(session, "DROP DATABASE nowhere").await;
        assert_ne!(probe(session, &format!("CREATE DATABASE {}", db.name())).await, gone);
    });
}

#[test]
fn a_build_that_is_going_on_is_no_leftover() {
    on_fresh(async |db| {
        let (mut builder, mut reader, mut other) = (connect(db).await, connect(db).await, connect(db).await);
        run(&mut *reader, &["CREATE TABLE t (x int)", "CREATE TABLE u (x int)", "INSERT INTO t VALUES (1)"]).await;
        // An old snapshot, for which the build waits at its end.
        run(&mut *reader, &["BEGIN ISOLATION LEVEL REPEATABLE READ", "SELECT * FROM u"]).await;
        let build = "CREATE INDEX CONCURRENTLY i ON t (x)";
        let mut observer = builder.observer().unwrap();
        let building = tokio::spawn(async move {
            run(&mut *builder, &[build]).await;
        });
        let start = Instant::now();
        let progress = loop {
            let progress = observer.progress().await.unwrap();
            if progress.is_some() || start.elapsed() > Duration::from_secs(10) {
                break progress.unwrap();
            }
        };
        assert!(progress.starts_with("building index: "), "{progress}");
        while value(&mut *other, "SELECT count(*) FROM pg_class WHERE relname = 'i'").await.as_deref() != Some("1") {
            assert!(start.elapsed() < Duration::from_secs(10));
        }
        assert!(other.query(&dialect().leftovers(build, None).unwrap()).await.unwrap().is_empty());
        // A waiting run polls for the lock without a snapshot, and does not hold the build up.
        assert!(other.try_lock(&lock(5)).await.unwrap());
        run(&mut *reader, &["COMMIT"]).await;
        building.await.unwrap();
        assert_eq!(observer.progress().await.unwrap(), None);
    });
}

#[test]
fn a_pooler_in_transaction_mode_is_refused_with_the_way_out() {
    on_fresh(async |db| {
        for size in [1, 5] {
            let pooler = PgBouncer::before(db.server(), size);
            let address = Address::parse(&db.url_at(pooler.address()), &|_| None).unwrap();
            let error = address.database().connect(&address, "migrate").await.err().expect("it is refused");
            assert!(error.message.contains("pooler in transaction mode"), "{error}");
            assert!(error.hint.unwrap().contains("MIGRATE_DATABASE_URL"));
        }
    });
}

#[test]
fn what_cannot_be_migrated_is_refused() {
    on_fresh(async |db| {
        let refusal = async |url: &str| {
            let address = Address::parse(url, &|_| None).unwrap();
            address.database().connect(&address, "migrate").await.err().expect("it is refused")
        };
        let read_only = refusal(&format!("{}?options=-c%20default_transaction_read_only%3Don", db.url())).await;
        assert!(read_only.message.contains("only read"), "{read_only}");
        let url = db.url();
        let wrong = refusal(&url.replace("@", "wrong@")).await;
        assert!(wrong.message.contains("password authentication failed"), "{wrong}");
        assert!(!wrong.starting && !format!("{wrong:?}").contains("wrong"));
        let nowhere = refusal(&format!("{url}_nowhere")).await;
        assert!(nowhere.message.contains("does not exist") && nowhere.hint.is_some());
        let closed = refusal("postgres://u:hunter2@127.0.0.1:1/d").await;
        assert!(closed.starting && closed.message.contains("127.0.0.1:1"), "{closed}");
        let tls = refusal(&format!("{url}?sslmode=require")).await;
        assert!(tls.message.contains("TLS"), "{tls}");
    });
}

#[test]
fn several_hosts_are_tried_in_order() {
    on_fresh(async |db| {
        let url = db.url().replace('@', "@127.0.0.1:1,");
        let session = connect_to(&format!("{url}?target_session_attrs=read-write")).await;
        assert_eq!(session.about().database, db.name());
        session.close().await;
    });
}

#[test]
fn a_server_that_goes_away_is_noticed() {
    if !Engine::Postgres.is_wanted() {
        return;
    }
    let server = Server::private(Engine::Postgres);
    let db = TestDatabase::on(&server);
    block_on(async {
        let mut session = connect(&db).await;
        server.kill();
        assert_eq!(fail(&mut *session, &["SELECT 1"]).await.error.kind, ErrorKind::ConnectionLost);
    });
}

#[test]
fn a_standby_is_refused() {
    if !Engine::Postgres.is_wanted() {
        return;
    }
    let server = Server::private(Engine::Postgres);
    let db = TestDatabase::on(&server);
    let folder = db.admin("show data_directory;")[0][0].clone();
    server.stop(Signal::Terminate);
    std::fs::write(std::path::Path::new(&folder).join("standby.signal"), "").unwrap();
    server.restart();
    let address = Address::parse(&db.url(), &|_| None).unwrap();
    let error = block_on(address.database().connect(&address, "migrate")).err().expect("it is refused");
    assert!(error.message.contains("is a standby"), "{error}");
    let session = block_on(address.database().connect(&address.for_reading(), "migrate")).expect("it can be read");
    assert!(session.about().warnings.iter().any(|warning| warning.contains("behind the primary")));
    block_on(session.close());
}

#[test]
fn an_open_connection_beyond_this_machine_is_warned_of() {
    on_fresh(async |db| {
        // Leads to this machine and does not look like it.
        let url = db.url().replace("127.0.0.1", "0.0.0.0");
        let session = connect_to(&format!("{url}?sslmode=disable")).await;
        assert_eq!(session.about().warnings.len(), 1);
        assert!(session.about().warnings[0].contains("not encrypted"), "{:?}", session.about().warnings);
        let address = Address::parse(&url, &|_| None).unwrap();
        let error = address.database().connect(&address, "migrate").await.err().expect("it is refused");
        assert!(error.hint.unwrap().contains("sslmode=disable"));
    });
}

#[test]
fn a_local_socket_and_a_password_file() {
    on_fresh(async |db| {
        let folder = db.admin("show unix_socket_directories;")[0][0].clone();
        let port = db.server().address().port();
        let (login, _) = db.url().split_once('@').map(|(login, rest)| (login.to_owned(), rest.to_owned())).unwrap();
        let password = login.rsplit(':').next().unwrap().to_owned();
        let home = tempfile::tempdir().unwrap();
        let passfile = home.path().join("pgpass");
        std::fs::write(&passfile, format!("*:{port}:{}:tester:{password}\n", db.name())).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(&passfile, std::fs::Permissions::from_mode(0o600)).unwrap();
        }
        let lookup = |name: &str| (name == "PGPASSFILE").then(|| passfile.display().to_string());
        for url in [
            format!("postgres://tester@/{}?host={folder}&port={port}", db.name()),
            format!("postgres://tester@127.0.0.1:{port}/{}", db.name()),
        ] {
            let address = Address::parse(&url, &lookup).unwrap();
            let session =
                address.database().connect(&address, "migrate").await.unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(session.about().database, db.name());
            session.close().await;
        }
    });
}
