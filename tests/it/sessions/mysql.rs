//! Sessions with MariaDB, or MySQL where the environment says so: what every later layer relies on.

use std::time::Duration;

use coexist::databases::{self, Address, BatchError, Dialect, ErrorKind, HistoryTable, Limits, LockName, Session};

use crate::support::{Engine, TestDatabase};

type Open = Box<dyn Session>;

fn dialect(database: &TestDatabase) -> &'static dyn Dialect {
    databases::find(database.dialect()).expect("the dialect is known").dialect()
}

async fn open(database: &TestDatabase) -> Open {
    open_at(&database.url()).await
}

async fn open_at(url: &str) -> Open {
    let address = Address::parse(url, &|_| None).expect("a good address");
    address.database().connect(&address, "migrate/test").await.unwrap_or_else(|error| panic!("{error}"))
}

async fn run(session: &mut Open, parts: &[&str]) -> Result<(), BatchError> {
    session.execute(parts).await
}

async fn value(session: &mut Open, sql: &str) -> String {
    let rows = session.query(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    rows[0][0].as_deref().unwrap_or("NULL").to_owned()
}

async fn refusal(session: &mut Open, parts: &[&str]) -> BatchError {
    run(session, parts).await.expect_err("the server refuses")
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02X}")).collect()
}

/// One test with a fresh database on a runtime of its own.
macro_rules! on_server {
    ($($name:ident($database:ident) $body:block)*) => {$(
        #[test]
        fn $name() {
            TestDatabase::run(Engine::Mariadb, |$database| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(async { $body });
            });
        }
    )*};
}

#[test]
fn bookkeeping() {
    TestDatabase::run(Engine::Mariadb, |database| super::the_bookkeeping_of(&database));
}

on_server! {
    a_session_knows_what_it_is_connected_to(database) {
        let mut session = open(&database).await;
        let about = session.about().clone();
        assert!(about.product.starts_with("MariaDB 1") || about.product.starts_with("MySQL "), "{}", about.product);
        assert!(about.version.len() >= 2);
        assert_eq!(about.database, database.name());
        assert!(about.user.starts_with("tester@"), "{}", about.user);
        assert_eq!(about.warnings, [] as [String; 0]);
        assert_eq!(about.connection, value(&mut session, "SELECT CONNECTION_ID()").await);
        session.close().await;
    }

    the_other_products_scheme_leads_here_too(database) {
        let url = database.url();
        let (scheme, rest) = url.split_once("://").unwrap();
        let other = if scheme == "mysql" { "mariadb" } else { "mysql" };
        let mine = open(&database).await.about().product.clone();
        assert_eq!(open_at(&format!("{other}://{rest}")).await.about().product, mine);
    }

    the_session_is_the_servers_not_the_drivers(database) {
        let mut session = open(&database).await;
        for variable in ["sql_mode", "time_zone"] {
            let (here, there) = (format!("SELECT @@SESSION.{variable}"), format!("SELECT @@GLOBAL.{variable}"));
            assert_eq!(value(&mut session, &here).await, value(&mut session, &there).await);
        }
        assert_eq!(value(&mut session, "SELECT 1||0").await, "1");
        run(&mut session, &["CREATE TABLE count (i int)"]).await.unwrap();
        assert_eq!(value(&mut session, "SELECT 'é\u{1f980}'").await, "é\u{1f980}");
    }

    texts_survive_every_setting(database) {
        let mut session = open(&database).await;
        let text = "it's a `\\n` \"é\u{1f980}\" %_\n\t\u{7f}";
        let plain = "-- it's plain, \"so\" to speak: a `name`,\r\n\t_ and % and 20 other things; ".repeat(10);
        let mixed = format!("{plain}{text}{plain}é{plain}");
        for text in [text, &plain, &mixed, ""] {
            let literal = dialect(&database).literal(text);
            run(&mut session, &["SET NAMES utf8mb4"]).await.unwrap();
            for settings in [
                "SET sql_mode=''",
                "SET sql_mode='NO_BACKSLASH_ESCAPES,ANSI_QUOTES'",
                "SET NAMES latin1, character_set_results=utf8mb4",
                "SET NAMES gbk, character_set_results=utf8mb4",
                "SET NAMES utf8mb4 COLLATE utf8mb4_bin, collation_connection=ucs2_general_ci",
            ] {
                run(&mut session, &[settings]).await.unwrap();
                assert_eq!(value(&mut session, &format!("SELECT {literal}")).await, text, "{settings}");
                assert_eq!(value(&mut session, &format!("SELECT HEX({literal}) = '{}'", hex(text))).await, "1", "{settings}");
            }
        }
    }

    a_batch_says_which_part_failed_and_where(database) {
        let mut session = open(&database).await;
        let parts = ["CREATE TABLE a (i int)", " ", "INSERT INTO a VALUES (1) -- one", "INSERT INTO a\nVALEUS (2)", "INSERT INTO a VALUES (3)"];
        let failed = refusal(&mut session, &parts).await;
        assert_eq!((failed.part, failed.error.code.as_deref()), (3, Some("1064")));
        assert_eq!(failed.error.position, Some(14), "{}", failed.error.message);
        assert!(failed.error.message.ends_with("near 'VALEUS (2)'"), "{}", failed.error.message);
        assert_eq!(value(&mut session, "SELECT GROUP_CONCAT(i) FROM a").await, "1");
    }

    a_syntax_error_at_the_end_of_a_part_stays_there(database) {
        let mut session = open(&database).await;
        let failed = refusal(&mut session, &["SELECT 1", "CREATE TABLE a (i int", "SELECT 'secret'"]).await;
        assert_eq!((failed.part, failed.error.position), (1, Some(21)));
        assert!(!failed.error.message.contains("secret"), "{}", failed.error.message);
    }

    procedures_give_any_number_of_results(database) {
        let mut session = open(&database).await;
        let procedure = "CREATE PROCEDURE p() BEGIN SELECT 1; SELECT 2; SELECT 3; END";
        run(&mut session, &["CREATE TABLE a (i int)", procedure, "CALL p()", "INSERT INTO a VALUES (1)"]).await.unwrap();
        let failed = refusal(&mut session, &["CALL p()", "INSERT INTO a VALUES (2)", "CALL q()", "SELECT 1"]).await;
        assert_eq!(failed.part, 2);
        assert_eq!(value(&mut session, "SELECT GROUP_CONCAT(i) FROM a").await, "1,2");
    }

    what_the_server_keeps_is_the_statement_alone(database) {
        let mut session = open(&database).await;
        let parts = ["CREATE PROCEDURE p() SELECT 'p'", "CREATE FUNCTION f() RETURNS int DETERMINISTIC RETURN 1", "CREATE TABLE a (i int)"];
        run(&mut session, &parts).await.unwrap();
        let kept = "SELECT GROUP_CONCAT(ROUTINE_DEFINITION ORDER BY 1 SEPARATOR '|') FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE()";
        assert_eq!(value(&mut session, kept).await, "RETURN 1|SELECT 'p'");
    }

    guards_speak_at_run_time(database) {
        let (mut session, dialect) = (open(&database).await, dialect(&database));
        run(&mut session, &["CREATE TABLE a (i int)"]).await.unwrap();
        let exists = dialect.guard("EXISTS (SELECT 1 FROM a)");
        let (yes, no) = (dialect.guard("1 = 1"), dialect.guard("1 = 0"));
        let failed = refusal(&mut session, &[&yes, &exists]).await;
        assert_eq!((failed.part, failed.error.kind), (1, ErrorKind::GuardFailed));
        run(&mut session, &["INSERT INTO a VALUES (1)", &exists, &yes]).await.unwrap();
        for refused in [no, dialect.guard("NULL")] {
            assert_eq!(refusal(&mut session, &[&refused]).await.error.kind, ErrorKind::GuardFailed);
        }
        let own = refusal(&mut session, &["SELECT EXP(1000)"]).await;
        assert_eq!(own.error.kind, ErrorKind::Other);
    }

    an_implicit_commit_is_noticed(database) {
        let (mut session, dialect) = (open(&database).await, dialect(&database));
        run(&mut session, &["CREATE TABLE a (i int)"]).await.unwrap();
        let begin = dialect.begin();
        let transaction = |inside: &'static str| {
            let mut parts: Vec<&str> = begin.iter().map(String::as_str).collect();
            parts.push(inside);
            parts.extend(dialect.regain());
            parts.push("COMMIT");
            parts
        };
        run(&mut session, &transaction("INSERT INTO a VALUES (1)")).await.unwrap();
        for ended in ["CREATE TABLE b (i int)", "COMMIT"] {
            let failed = refusal(&mut session, &transaction(ended)).await;
            assert_eq!(failed.error.kind, ErrorKind::TransactionEnded, "{}", failed.error.message);
        }
        assert_eq!(value(&mut session, "SELECT COUNT(*) FROM a").await, "1");
    }

    errors_have_kinds(database) {
        let mut session = open(&database).await;
        run(&mut session, &["CREATE TABLE a (i int PRIMARY KEY)", "INSERT INTO a VALUES (1)"]).await.unwrap();
        for (sql, kind) in [
            ("INSERT INTO a VALUES (1)", ErrorKind::UniqueViolation),
            ("SELECT * FROM missing", ErrorKind::NoSuchTable),
            ("SELECT nonsense", ErrorKind::Other),
        ] {
            assert_eq!(refusal(&mut session, &[sql]).await.error.kind, kind, "{sql}");
        }
        run(&mut session, &["START TRANSACTION READ ONLY"]).await.unwrap();
        assert_eq!(refusal(&mut session, &["INSERT INTO a VALUES (2)"]).await.error.kind, ErrorKind::ReadOnly);
        run(&mut session, &["ROLLBACK"]).await.unwrap();
        let other = open(&database).await;
        let victim = other.about().connection.clone();
        let mut other = other;
        database.admin(&format!("KILL {victim}"));
        let lost = refusal(&mut other, &["SELECT 1", "SELECT 2"]).await;
        assert_eq!((lost.part, lost.error.kind), (0, ErrorKind::ConnectionLost));
        assert_eq!(other.query("SELECT 1").await.unwrap_err().kind, ErrorKind::ConnectionLost);
        other.close().await;
    }

    a_statement_too_long_for_the_server_is_not_sent(database) {
        let mut session = open(&database).await;
        let packet: usize = value(&mut session, "SELECT @@max_allowed_packet").await.parse().unwrap();
        let long = format!("SELECT LENGTH('{}')", "x".repeat(packet));
        let failed = refusal(&mut session, &["SELECT 1", &long]).await;
        assert_eq!(failed.part, 1);
        assert!(failed.error.message.contains("max_allowed_packet"), "{}", failed.error.message);
        assert_eq!(value(&mut session, "SELECT 1").await, "1");
    }

    the_lock_is_one_sessions(database) {
        let (mut one, mut two, dialect) = (open(&database).await, open(&database).await, dialect(&database));
        let lock = LockName { number: 1, word: format!("migrate:{}", database.name()) };
        let fence = dialect.guard(&dialect.fence(&lock).unwrap());
        assert!(one.holder(&lock).await.unwrap().is_none());
        assert_eq!(refusal(&mut one, &[&fence]).await.error.kind, ErrorKind::GuardFailed);
        assert!(one.try_lock(&lock).await.unwrap());
        assert!(!two.try_lock(&lock).await.unwrap());
        run(&mut one, &[&fence]).await.unwrap();
        assert_eq!(refusal(&mut two, &[&fence]).await.error.kind, ErrorKind::GuardFailed);
        let holder = two.holder(&lock).await.unwrap().expect("somebody has it");
        assert_eq!(holder.connection, one.about().connection);
        assert_eq!(holder.user.as_deref(), Some("tester"));
        assert!(!two.unlock(&lock).await.unwrap());
        assert!(one.unlock(&lock).await.unwrap());
        assert!(!one.unlock(&lock).await.unwrap());
        assert!(two.try_lock(&lock).await.unwrap());
        database.admin(&format!("KILL {}", two.about().connection));
        for _ in 0..50 {
            if one.try_lock(&lock).await.unwrap() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("a dead holder keeps the lock");
    }

    a_reset_undoes_what_scripts_do_to_sessions_and_keeps_the_lock(database) {
        let mut session = open(&database).await;
        let lock = LockName { number: 1, word: format!("migrate:{}", database.name()) };
        assert!(session.try_lock(&lock).await.unwrap());
        let state = "SELECT CONCAT_WS('|', @@sql_mode, @@foreign_key_checks, @@autocommit, @@time_zone, DATABASE(), @@character_set_client,
            @@collation_connection, @@group_concat_max_len, @@unique_checks, @@sql_safe_updates)";
        let before = value(&mut session, state).await;
        run(&mut session, &[
            "CREATE TABLE a (i int)",
            "SET sql_mode='ANSI_QUOTES', foreign_key_checks=0, time_zone='+03:00', unique_checks=0, sql_safe_updates=1",
            "/*!40101 SET NAMES latin1 */",
            "SET group_concat_max_len=4",
            "CREATE TEMPORARY TABLE t (i int)",
            "PREPARE p FROM 'SELECT 1'",
            "USE information_schema",
            "SET autocommit=0",
        ]).await.unwrap();
        run(&mut session, &[&format!("INSERT INTO {}.a VALUES (1)", database.name())]).await.unwrap();
        assert_ne!(value(&mut session, state).await, before);
        session.reset().await.unwrap();
        assert_eq!(value(&mut session, state).await, before);
        assert_eq!(value(&mut session, "SELECT COUNT(*) FROM a").await, "0");
        assert_eq!(refusal(&mut session, &["SELECT * FROM t"]).await.error.kind, ErrorKind::NoSuchTable);
        assert!(run(&mut session, &["EXECUTE p"]).await.is_err());
        run(&mut session, &["LOCK TABLES a READ"]).await.unwrap();
        session.reset().await.unwrap();
        run(&mut session, &["INSERT INTO a VALUES (1)"]).await.unwrap();
        let fence = dialect(&database).fence(&lock).unwrap();
        run(&mut session, &[&dialect(&database).guard(&fence)]).await.unwrap();
    }

    a_table_in_use_times_out_and_its_user_is_named(database) {
        let (mut session, mut reader) = (open(&database).await, open(&database).await);
        run(&mut session, &["CREATE TABLE a (i int)", "INSERT INTO a VALUES (1)"]).await.unwrap();
        run(&mut reader, &["START TRANSACTION", "SELECT * FROM a"]).await.unwrap();
        // Times are whole seconds; the reader must be older than the wait.
        tokio::time::sleep(Duration::from_millis(1100)).await;
        let mut observer = session.observer().expect("a server can be watched");
        let limits = Limits { lock: Some(Duration::from_secs(2)), statement: None };
        let limits = dialect(&database).limit_session(&limits);
        let mut parts: Vec<&str> = limits.iter().map(String::as_str).collect();
        parts.push("ALTER TABLE a ADD COLUMN b int");
        let (failed, (blockers, progress)) = tokio::join!(session.execute(&parts), async {
            tokio::time::sleep(Duration::from_millis(700)).await;
            (observer.blockers().await.unwrap(), observer.progress().await.unwrap())
        });
        let failed = failed.unwrap_err();
        assert_eq!((failed.part, failed.error.kind), (1, ErrorKind::LockTimeout));
        let [blocker] = &blockers[..] else { panic!("one blocker: {blockers:?}") };
        assert_eq!(blocker.connection, reader.about().connection);
        assert_eq!(blocker.state.as_deref(), Some("idle in transaction"));
        assert!(blocker.transaction.is_some() && blocker.age >= Some(Duration::from_secs(1)), "{blocker:?}");
        assert!(progress.unwrap().contains("metadata lock"));
        assert_eq!(observer.remaining(&blockers).await.unwrap(), blockers);
        run(&mut reader, &["ROLLBACK"]).await.unwrap();
        // InnoDB renews its list of transactions every tenth of a second.
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(observer.remaining(&blockers).await.unwrap(), []);
        assert_eq!(observer.blockers().await.unwrap(), []);
        session.execute(&parts).await.unwrap();
        observer.close().await;
    }

    a_row_in_use_names_its_user(database) {
        if database.dialect() == "mysql" {
            // With this right MySQL tells exactly; the test before goes without.
            database.admin("GRANT SELECT ON performance_schema.* TO tester");
        }
        let (mut session, mut writer) = (open(&database).await, open(&database).await);
        run(&mut session, &["CREATE TABLE a (i int PRIMARY KEY)", "INSERT INTO a VALUES (1)"]).await.unwrap();
        run(&mut writer, &["START TRANSACTION", "UPDATE a SET i = 2"]).await.unwrap();
        let mut observer = session.observer().expect("a server can be watched");
        let (failed, blockers) = tokio::join!(
            session.execute(&["SET innodb_lock_wait_timeout=2", "UPDATE a SET i = 3"]),
            async {
                tokio::time::sleep(Duration::from_millis(700)).await;
                observer.blockers().await.unwrap()
            }
        );
        assert_eq!(failed.unwrap_err().error.kind, ErrorKind::LockTimeout);
        let connections: Vec<&str> = blockers.iter().map(|blocker| blocker.connection.as_str()).collect();
        assert_eq!(connections, [writer.about().connection.as_str()]);
    }

    a_running_statement_can_be_cancelled(database) {
        let mut session = open(&database).await;
        let mut observer = session.observer().expect("a server can be watched");
        let (failed, ()) = tokio::join!(session.execute(&["SELECT COUNT(*) FROM (SELECT SLEEP(20)) s, (SELECT 1) t WHERE SLEEP(20)"]), async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            observer.cancel().await.unwrap();
        });
        assert_eq!(failed.unwrap_err().error.kind, ErrorKind::Cancelled);
        assert_eq!(value(&mut session, "SELECT 1").await, "1");
    }

    statements_have_their_limit(database) {
        let mut session = open(&database).await;
        let limits = Limits { lock: None, statement: Some(Duration::from_millis(300)) };
        let limits = dialect(&database).limit_session(&limits);
        let mut parts: Vec<&str> = limits.iter().map(String::as_str).collect();
        parts.push("SELECT COUNT(*) FROM information_schema.COLUMNS a, information_schema.COLUMNS b, information_schema.COLUMNS c, information_schema.COLUMNS d");
        let failed = refusal(&mut session, &parts).await;
        assert_eq!((failed.part, failed.error.kind), (1, ErrorKind::StatementTimeout));
    }

    the_history_table_is_made_once(database) {
        let (mut session, dialect) = (open(&database).await, dialect(&database));
        let table = HistoryTable { schema: dialect.home(session.about()), name: "migrate_history".to_owned() };
        assert!(session.query(&dialect.history_exists(&table)).await.unwrap().is_empty());
        for _ in 0..2 {
            let statements = dialect.create_history(&table);
            let parts: Vec<&str> = statements.iter().map(String::as_str).collect();
            run(&mut session, &parts).await.unwrap();
        }
        assert_eq!(session.query(&dialect.history_exists(&table)).await.unwrap().len(), 1);
        let row = format!(
            "INSERT INTO {} (seq, kind, version, name, state, applied_by, host, tool, started_at, hash) VALUES (1, 'apply', '', 'x', 'done', {}, '', '', {}, '')",
            dialect.history_name(&table), dialect.current_user(), dialect.now()
        );
        run(&mut session, &["USE information_schema", &row]).await.unwrap();
        let at = value(&mut session, &format!("SELECT {} FROM {}", dialect.utc("started_at"), dialect.history_name(&table))).await;
        assert!(at.len() == 29 && at.ends_with("+00"), "{at}");
        assert_eq!(refusal(&mut session, &[&row]).await.error.kind, ErrorKind::UniqueViolation);
    }

    refused_logins_say_why(database) {
        let connect = async |url: String| {
            let address = Address::parse(&url, &|_| None).unwrap();
            address.database().connect(&address, "").await.err().expect("no session")
        };
        let url = database.url();
        let unknown = connect(url.replace(database.name(), "coexist_missing")).await;
        assert!(unknown.message.contains("coexist_missing") && !unknown.starting, "{unknown}");
        let (head, rest) = url.split_once('@').unwrap();
        let (start, _) = head.rsplit_once(':').unwrap();
        let wrong = connect(format!("{start}:wrong-password@{rest}")).await;
        assert!(wrong.message.contains("denied") && !wrong.message.contains("wrong-password"), "{wrong}");
        let silent = connect("mysql://u@127.0.0.1:1/d".to_owned()).await;
        assert!(silent.starting, "{silent}");
    }
}
