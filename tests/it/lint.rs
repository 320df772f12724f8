//! The oracle cases of the linter: what was measured or documented for each, in `tests/lint/cases.jsonl`.
//!
//! In a case the last file is judged and those before it are history; `expect` is the set of rules of severity warning or
//! above that must fire, and no other may.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use coexist::databases;
use coexist::lint::{Settings, Severity, lint};
use coexist::migration::{Id, Migration, Script};
use proptest::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    id: String,
    dialect: String,
    server_version: String,
    files: Vec<File>,
    expect: BTreeSet<String>,
    why: String,
}

#[derive(Deserialize)]
struct File {
    name: String,
    sql: String,
}

fn read(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lint").join(name)).unwrap()
}

fn cases() -> Vec<Case> {
    read("cases.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// `V2__step.sql`: the form in which the cases name their files.
fn migration(file: &File) -> Migration {
    let stem = file.name.trim_end_matches(".sql");
    let (version, name) = stem.split_once("__").unwrap();
    let version = version.trim_start_matches('V').parse().unwrap();
    Migration::new(Id::Version(version), name, Script::new(&file.name, &file.sql), None)
}

impl Case {
    fn found(&self) -> BTreeSet<String> {
        let migrations: Vec<Migration> = self.files.iter().map(migration).collect();
        let dialect = databases::find(&self.dialect).unwrap().dialect();
        let settings = Settings { server: Some(self.server_version.parse().unwrap()), ..Settings::default() };
        let judgement = lint(&migrations, migrations.len() - 1, dialect, &settings);
        let weighty = judgement.findings.into_iter().filter(|finding| finding.severity >= Severity::Warning);
        weighty.map(|finding| finding.rule.to_owned()).collect()
    }
}

#[test]
fn oracle_cases_pass() {
    let mut wrong = String::new();
    let cases = cases();
    for case in &cases {
        let found = case.found();
        if found != case.expect {
            let missing: Vec<&String> = case.expect.difference(&found).collect();
            let more: Vec<&String> = found.difference(&case.expect).collect();
            writeln!(wrong, "{}: missing {missing:?}, too many {more:?} ({})", case.id, case.why).unwrap();
        }
    }
    assert!(wrong.is_empty(), "of {} cases these fail:\n{wrong}", cases.len());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// Statements of the cases, cut and joined anywhere, on every database: no panic, and places inside the text.
    #[test]
    fn any_script_is_judged(picks in prop::collection::vec((any::<prop::sample::Index>(), 0.0..1.0_f64), 1..6)) {
        let texts: Vec<String> = cases().into_iter().flat_map(|case| case.files).map(|file| file.sql).collect();
        let piece = |(index, part): &(prop::sample::Index, f64)| {
            let text = index.get(&texts);
            let end = text.floor_char_boundary((text.len() as f64 * part) as usize);
            format!("{} ", &text[..end])
        };
        let text: String = picks.iter().map(piece).collect();
        let files = [File { name: "V1__a.sql".to_owned(), sql: text.clone() }, File { name: "V2__b.sql".to_owned(), sql: text }];
        let migrations: Vec<Migration> = files.iter().map(migration).collect();
        for database in databases::ALL {
            for finding in lint(&migrations, 0, database.dialect(), &Settings::every_rule()).findings {
                let text = &migrations[finding.migration].up.text;
                prop_assert!(text.get(finding.span.start..finding.span.end).is_some(), "{}", finding.rule);
            }
        }
    }
}

/// Nothing that is found, nor the words, depends on the order in which the catalog happens to keep things.
#[test]
fn the_same_files_give_the_same_findings() {
    let mut built = String::from("create table users (id int primary key, name text);\n");
    for number in 0..20 {
        let _ = writeln!(
            built,
            "create table child_{number} (id int, user_id int references users (id) on delete cascade);
             create function reads_{number}() returns int language sql as $$ select id from users where name = 'a' $$;
             create view shows_{number} as select name from users;"
        );
    }
    let judged = "truncate users cascade; alter table users drop column name cascade; drop table users;";
    let file = |name: &str, sql: &str| migration(&File { name: name.to_owned(), sql: sql.to_owned() });
    let migrations = [file("V1__built.sql", &built), file("V2__judged.sql", judged)];
    let dialect = databases::find("postgres").unwrap().dialect();
    let found = || {
        let findings = lint(&migrations, 1, dialect, &Settings::every_rule()).findings;
        findings.into_iter().map(|one| format!("{} {}", one.rule, one.message)).collect::<Vec<_>>()
    };
    let first = found();
    assert!(
        first.iter().any(|one| one.contains("`reads_0`")) && first.iter().any(|one| one.contains("`child_0`")),
        "{first:#?}"
    );
    (0..5).for_each(|_| assert_eq!(found(), first));
}
