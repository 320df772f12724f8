//! What every format makes of findings, ordinary and hostile: a snapshot each in `tests/findings`.

use coexist::databases;
use coexist::lint::{Finding, Fix, Judgement, Linted, Settings, Severity, Side, lint};
use coexist::migration::{Id, Migration, Script};
use coexist::report::findings;
use coexist::sql::Span;

/// Everything that could leave its place: terminals, build servers, XML, HTML, Markdown, quotes.
const HOSTILE: &str = "\u{1b}[31mred\u{9b}2J\n::error file=a,line=1::x%0A\n##[error]y ##vso[z] ]]><script>alert(1)</script>\
                       <!-- @team -->````sql\n\t\"quoted\" 'single' & a|b \\ \u{202e}txet\u{2066} \u{7f}\r$(id) `id`";

fn migration(version: &str, path: &str, text: &str, down: Option<&str>) -> Migration {
    let down = down.map(|text| Script::new(path.replace(".up.", ".down."), text));
    Migration { id: Id::Version(version.parse().unwrap()), name: "step".to_owned(), up: Script::new(path, text), down }
}

/// What the linter itself finds.
fn ordinary() -> Linted {
    let first = "create table users (id int, email text);\ncreate table orders (id int, total int);\n";
    let second = "-- Résumé\nalter table orders\n    add constraint orders_total\n    check (total >= 0);\n\
                  alter table users drop column email;\n";
    let migrations = vec![
        migration("1", "migrations/0001_tables.up.sql", first, None),
        migration("2", "migrations/0002_step.up.sql", second, Some("select 1;\n")),
        migration("3", "migrations/0003_index.up.sql", "create index on users (id);\nalter tabel x;\n", None),
    ];
    let dialect = databases::find("postgres").unwrap().dialect();
    let judgement = lint(&migrations, 1, dialect, &Settings::default());
    Linted { migrations, judgement, threshold: Some(Severity::Error) }
}

fn finding(severity: Severity, side: Side, span: std::ops::Range<usize>, text: &str) -> Finding {
    Finding {
        rule: "drop-column",
        severity,
        migration: 0,
        side,
        statement: Some(0),
        span: Span::new(span.start, span.end),
        message: text.to_owned(),
        help: Some(text.to_owned()),
        fix: None,
    }
}

/// Findings whose every text is hostile.
fn hostile() -> Linted {
    let script = format!("-- {HOSTILE}\nalter table t drop column \"{HOSTILE}\";\ncreate role a password 'secret';\n");
    let at = script.find("drop").unwrap();
    let path = format!("migrations/0001_{HOSTILE}.up.sql");
    let mut first = finding(Severity::Error, Side::Up, at..at + 11, HOSTILE);
    first.fix = Some(Fix {
        title: HOSTILE.to_owned(),
        edits: vec![(Span::new(at, at + 4), format!("rename {HOSTILE}"))],
        following: vec![(HOSTILE.to_owned(), format!("{HOSTILE};\n"))],
    });
    let findings = vec![
        first,
        finding(Severity::Warning, Side::Down, 0..4, HOSTILE),
        finding(Severity::Info, Side::Up, script.trim_end().len() - 7..script.trim_end().len(), "plain"),
    ];
    let judgement = Judgement { findings, scripts: 1, statements: 2, unreadable: 1, allowed: 3 };
    let migrations = vec![migration("1", &path, &script, Some("drop nothing;"))];
    Linted { migrations, judgement, threshold: None }
}

/// Nothing to say.
fn nothing() -> Linted {
    let migrations = vec![migration("1", "migrations/0001_tables.up.sql", "create table t (id int);", None)];
    let judgement = Judgement { scripts: 1, statements: 1, ..Judgement::default() };
    Linted { migrations, judgement, threshold: Some(Severity::Error) }
}

fn written(format: &dyn findings::Findings, linted: &Linted) -> String {
    let mut out = Vec::new();
    format.write(linted, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn every_format_is_as_its_snapshot() {
    for format in findings::ALL {
        for (case, linted) in [("ordinary", ordinary()), ("hostile", hostile()), ("nothing", nothing())] {
            let text = anstream::adapter::strip_str(&written(*format, &linted)).to_string();
            let name = format!("{}-{case}", format.name());
            insta::with_settings!({ snapshot_path => "../findings", prepend_module_to_snapshot => false, omit_expression => true }, {
                insta::assert_snapshot!(name, text);
            });
        }
    }
}

/// Our own styles are the only escapes, and no line begins a command of a build server.
#[test]
fn nothing_hostile_reaches_a_terminal_or_a_build_server() {
    for format in findings::ALL {
        let text = anstream::adapter::strip_str(&written(*format, &hostile())).to_string();
        let harmful =
            |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        assert!(!text.contains(harmful), "{}: {text:?}", format.name());
        assert!(!text.contains("secret';"), "{}: {text}", format.name());
        let commands = text.lines().filter(|line| line.trim_start().starts_with("::")).count();
        assert_eq!(commands, if format.name() == "github" { 3 } else { 0 }, "{}: {text}", format.name());
        if format.name() != "human" {
            assert!(!text.contains("##["), "{}: {text}", format.name());
        }
    }
}
