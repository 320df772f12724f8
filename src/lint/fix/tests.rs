use std::collections::BTreeSet;

use super::*;
use crate::databases;
use crate::lint::tests::{examples, migrations};
use crate::lint::{Level, ServerVersion, Settings, lint};

/// Migrations of PostgreSQL, all judged but the first; the last has this way back.
fn mended(sql: &str, down: Option<&str>) -> Mended {
    let mut migrations = migrations(sql);
    migrations.last_mut().unwrap().down = down.map(|down| Script::new("down.sql", down).into());
    let server: ServerVersion = "16".parse().unwrap();
    let settings = Settings { server: Some(server), ..Settings::default() };
    let dialect = databases::find("postgres").unwrap().dialect();
    mend(&migrations, &|migrations| lint(migrations, 1, dialect, &settings))
}

/// What the scripts say after the history, with the names of those that follow.
fn shown(mended: &Mended) -> String {
    let given = mended.migrations.len() - mended.following.len();
    let mut shown = String::new();
    for (number, migration) in mended.migrations.iter().enumerate().skip(1) {
        let name = if number < given { "given" } else { &migration.name };
        shown += &format!("== {name}\n{}", migration.up.text);
        if let Some(down) = &migration.down {
            shown += &format!("== {name}, down\n{}", down.text);
        }
    }
    shown
}

/// Every fix of every rule's examples takes the finding away, and the rules below have one.
#[test]
fn a_mended_script_no_longer_has_the_finding() {
    let (mut wrong, mut with_fix) = (String::new(), BTreeSet::new());
    let mut elsewhere = BTreeSet::new();
    for example in examples().into_iter().filter(|example| example.fires) {
        // Some fixes need a newer server than the oldest, which is meant where an example names none.
        let newest = example
            .databases()
            .into_iter()
            .filter(|(database, server)| server.is_none() && database.name() == "postgres");
        let newest = newest.map(|(database, _)| (database, Some("18".parse().unwrap())));
        for (database, server) in example.databases().into_iter().chain(newest) {
            let levels = [(example.rule, Level::On)].into();
            let settings = Settings { server, levels, ..example.settings() };
            let migrations = migrations(&example.sql);
            let given = migrations.len();
            let judge = |all: &[Migration]| lint(all, given - 1, database.dialect(), &settings);
            let is_ours = |finding: &&Finding| finding.rule == example.rule && finding.fix.is_some();
            let fixable = judge(&migrations).findings.iter().filter(is_ours).count();
            if fixable == 0 {
                continue;
            }
            with_fix.insert(example.rule);
            if database.name() != "postgres" {
                elsewhere.insert((database.name(), example.rule));
            }
            let mended = mend(&migrations, &judge);
            let left = mended.judgement.findings.iter().filter(|finding| finding.rule == example.rule).count();
            if left > 0 || mended.mended < fixable {
                let found: Vec<_> = mended.judgement.findings.iter().map(|one| one.rule).collect();
                let before: Vec<_> = judge(&migrations).findings.iter().map(|one| one.rule).collect();
                wrong +=
                    &format!("{} on {}: {before:?} {found:?}\n{}\n", example.rule, database.name(), shown(&mended));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    let wanted = [
        "add-check-validates",
        "add-foreign-key-validates",
        "add-primary-key-builds-index",
        "add-unique-constraint-builds-index",
        "concurrently-in-transaction",
        "create-index-blocks-writes",
        "detach-partition-blocks",
        "drop-index-blocks",
        "missing-lock-timeout",
        "mysql-missing-algorithm",
        "non-idempotent-nontransactional",
        "refresh-matview-blocks",
        "reindex-blocks",
        "set-not-null-scan",
        "validate-in-same-transaction",
    ];
    assert_eq!(with_fix.into_iter().collect::<Vec<_>>(), wanted);
    // What is mended on other databases is run on them in `tests/it/fixes.rs`.
    let wanted = [
        ("mariadb", "missing-lock-timeout"),
        ("mariadb", "mysql-missing-algorithm"),
        ("mysql", "missing-lock-timeout"),
        ("mysql", "mysql-missing-algorithm"),
    ];
    assert_eq!(elsewhere.into_iter().collect::<Vec<_>>(), wanted);
}

const TABLES: &str = "create table users (id int, email text, name text);\ncreate index users_old on users (id);\n\
                      -- next migration\n";

#[test]
fn an_index_moves_into_a_migration_of_its_own_with_its_way_back() {
    let sql = "-- Names.\nALTER TABLE users ADD COLUMN nick text;\n\n-- Looked up at login.\n\
               CREATE INDEX users_email ON users (email); -- soon\nUPDATE users SET nick = '' WHERE id = 1;\n";
    let down = "DROP INDEX users_email;\nALTER TABLE users DROP COLUMN nick;\n";
    let mended = mended(&format!("{TABLES}{sql}"), Some(down));
    insta::assert_snapshot!(shown(&mended), @r"
    == given
    -- Names.
    ALTER TABLE users ADD COLUMN nick text;

    UPDATE users SET nick = '' WHERE id = 1;
    == given, down
    ALTER TABLE users DROP COLUMN nick;
    == create_index_users_email
    -- Looked up at login.
    CREATE INDEX CONCURRENTLY users_email ON users (email); -- soon
    == create_index_users_email, down
    DROP INDEX CONCURRENTLY users_email;
    ");
}

#[test]
fn indexes_alone_run_without_a_transaction() {
    let mended = mended(&format!("{TABLES}create index a on users (email);\ndrop index users_old;\n"), None);
    insta::assert_snapshot!(shown(&mended), @r"
    == given
    -- migrate:no-transaction
    drop index concurrently if exists a;
    create index concurrently a on users (email);
    drop index concurrently if exists users_old;
    ");
}

#[test]
fn constraints_are_validated_later() {
    let sql = "alter table users\n    add check (id > 0),\n    alter column email set not null;\n";
    let mended = mended(&format!("{TABLES}{sql}"), Some("alter table users alter column email drop not null;\n"));
    insta::assert_snapshot!(shown(&mended), @r"
    == given
    alter table users
        add constraint users_id_check check (id > 0) not valid,
        add constraint users_email_given check (email is not null) not valid;
    == given, down
    alter table users drop constraint if exists users_email_given;
    == validate_users_id_check
    alter table users validate constraint users_id_check;
    == validate_users_id_check, down
    -- What is checked needs no undoing.
    == validate_users_email_given
    alter table users validate constraint users_email_given;
    == validate_users_email_given, down
    -- What is checked needs no undoing.
    == require_users_email
    alter table users alter column email set not null;
    alter table users drop constraint users_email_given;
    == require_users_email, down
    alter table users alter column email drop not null, add constraint users_email_given check (email is not null) not valid;
    ");
}

/// The statement after it needs the index: moved behind that, it would come too late.
#[test]
fn what_would_do_harm_is_left_alone() {
    for sql in [
        "create index users_email on users (email);\ndrop index users_email;\n",
        "set search_path to shop;\ncreate index users_email on users (email);\nselect 1;\n",
        "create index users_email on users (email);\nalter table users rename to people;\n",
    ] {
        let mended = mended(&format!("{TABLES}{sql}"), None);
        assert!(mended.following.is_empty(), "{}", shown(&mended));
    }
}

#[test]
fn edits_lead_from_the_given_text_to_the_new_one() {
    let sql =
        format!("{TABLES}create index a on users (email);\nselect 1;\ncreate index b on users (name);\nselect 2;\n");
    let given = migrations(&sql);
    let mended = mended(&sql, None);
    assert_eq!(
        mended.following.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(),
        ["create_index_a", "create_index_b"]
    );
    let edits = &mended.edits[&(1, Side::Up)];
    let mut pieces = Pieces::of(&given[1].up.text);
    pieces.apply(edits);
    assert_eq!(pieces.text(), &*mended.migrations[1].up.text);
    assert_eq!(pieces.text(), "select 1;\nselect 2;\n");
    assert!(mended.mended >= 2, "{}", mended.mended);
}
