//! What every format makes of findings, ordinary and hostile: a snapshot each in `tests/findings`.

use coexist::databases;
use coexist::lint::{Finding, Fix, Following, Judgement, Level, Linted, Settings, Severity, Side, lint, rules};
use coexist::migration::{Id, Migration, Script};
use coexist::report::findings;
use coexist::sql::Span;

/// Everything that could leave its place: terminals, build servers, XML, HTML, Markdown, quotes.
const HOSTILE: &str = "\u{1b}[31mred\u{9b}2J\n::error file=a,line=1::x%0A\n##[error]y ##vso[z] ]]><script>alert(1)</script>\
                       <!-- @team -->````sql\n\t\"quoted\" 'single' & a|b \\ \u{202e}txet\u{2066} \u{7f}\r$(id) `id`";

fn migration(version: &str, path: &str, text: &str, down: Option<&str>) -> Migration {
    let down = down.map(|text| Script::new(path.replace(".up.", ".down."), text));
    Migration::new(Id::Version(version.parse().unwrap()), "step", Script::new(path, text), down)
}

/// Only these rules judge: what a report looks like does not depend on which others there are.
fn only(names: &[&str]) -> Settings {
    let mut settings = Settings::default();
    for rule in rules::ALL {
        let level = if names.contains(&rule.name) { Level::On } else { Level::Off };
        settings.levels.insert(rule.name, level);
    }
    settings
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
    let rules = [
        "add-check-validates",
        "create-index-blocks-writes",
        "drop-column",
        "multiple-tables-locked",
        "unparsed-statement",
    ];
    let judgement = lint(&migrations, 1, dialect, &only(&rules));
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
        table: None,
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
        following: vec![Following { name: HOSTILE.to_owned(), up: format!("{HOSTILE};\n"), down: String::new() }],
        ..Fix::default()
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
        let harmful = |c: char| {
            (c.is_control() && c != '\n' && c != '\t') || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        };
        assert!(!text.contains(harmful), "{}: {text:?}", format.name());
        assert!(!text.contains("secret';"), "{}: {text}", format.name());
        let commands: Vec<&str> = text.lines().filter(|line| line.trim_start().starts_with("::")).collect();
        let wanted = if format.name() == "github" { 3 } else { 0 };
        assert_eq!(commands.len(), wanted, "{}: {text}", format.name());
        // The second pair of colons ends a command's properties, and nothing else in it is one.
        for command in commands {
            let (properties, _) = command[2..].split_once("::").unwrap();
            assert!(properties.ends_with("title=drop-column"), "{command}");
        }
        for order in ["##[", "##vso["] {
            assert!(!text.contains(order), "{}: {text}", format.name());
        }
    }
}

fn format(name: &str) -> &'static dyn findings::Findings {
    findings::find(name).unwrap()
}

#[test]
fn sarif_is_as_its_schema_wants_it() {
    let schema = include_str!("../findings/sarif-2.1.0.schema.json");
    let schema: serde_json::Value = serde_json::from_str(schema).unwrap();
    let (mut schemas, mut compiler) = (boon::Schemas::new(), boon::Compiler::new());
    compiler.enable_format_assertions();
    compiler.add_resource("sarif.json", schema).unwrap();
    let schema = compiler.compile("sarif.json", &mut schemas).unwrap();
    for linted in [ordinary(), hostile(), nothing()] {
        let mut document: serde_json::Value = serde_json::from_str(&written(format("sarif"), &linted)).unwrap();
        schemas.validate(&document, schema).unwrap_or_else(|error| panic!("{error:#}\n{document:#}"));
        document["runs"][0]["results"] = "none".into();
        assert!(schemas.validate(&document, schema).is_err(), "the schema checks nothing");
    }
}

/// JSON, XML and HTML come back as they went in, or as the writing out of what cannot be held.
#[test]
fn programs_read_what_was_written() {
    let hostile = hostile();
    let json: serde_json::Value = serde_json::from_str(&written(format("json"), &hostile)).unwrap();
    assert_eq!(json["findings"][0]["message"], HOSTILE);
    let sarif: serde_json::Value = serde_json::from_str(&written(format("sarif"), &hostile)).unwrap();
    assert_eq!(sarif["runs"][0]["results"][0]["message"]["text"], format!("{HOSTILE}; {HOSTILE}"));
    for name in ["junit", "checkstyle"] {
        let text = written(format(name), &hostile);
        let tags = text.matches('<').count();
        let balanced = text.lines().all(|line| line.matches('<').count() == line.matches('>').count());
        assert!(balanced && tags == text.matches('>').count() && !text.contains("<script"), "{text}");
    }
}

/// GitLab shows what is new by comparing fingerprints, which must not move with the lines.
#[test]
fn fingerprints_stay_when_lines_move() {
    let fingerprints = |text: &str| -> Vec<String> {
        let migrations = vec![
            migration("1", "1.up.sql", "create table t (a int, b int);", None),
            migration("2", "2.up.sql", text, None),
        ];
        let dialect = databases::find("postgres").unwrap().dialect();
        let judgement = lint(&migrations, 1, dialect, &only(&["drop-column", "drop-index-blocks"]));
        let linted = Linted { migrations, judgement, threshold: None };
        let issues: serde_json::Value = serde_json::from_str(&written(format("gitlab"), &linted)).unwrap();
        issues.as_array().unwrap().iter().map(|issue| issue["fingerprint"].as_str().unwrap().to_owned()).collect()
    };
    let one = fingerprints("alter table t drop column a;\n");
    assert!(!one.is_empty());
    assert_eq!(one, fingerprints("-- Moved.\n\nalter table t\n  drop   column a;\n"));
    assert_ne!(one, fingerprints("alter table t drop column b;\n"));
    let twice = fingerprints("drop index i;\ndrop index i;\n");
    assert!(twice.len() > 1 && twice.iter().collect::<std::collections::HashSet<_>>().len() == twice.len());
}

#[test]
fn a_long_comment_folds_and_ends() {
    let columns: String = (0..2000).map(|number| format!("alter table t drop column c{number};\n")).collect();
    let migrations =
        vec![migration("1", "1.up.sql", "create table t (a int);", None), migration("2", "2.up.sql", &columns, None)];
    let dialect = databases::find("postgres").unwrap().dialect();
    let judgement = lint(&migrations, 1, dialect, &only(&["drop-column"]));
    let linted = Linted { migrations, judgement, threshold: None };
    assert!(linted.judgement.findings.len() > 1000);
    let comment = written(format("markdown"), &linted);
    assert!(comment.len() < 65_000 && comment.contains("this comment would be too long"), "{}", comment.len());
    assert_eq!(comment.matches("<details>").count(), comment.matches("</details>").count());
    // Outside code nobody is mentioned and no tag opens.
    let hostile = written(format("markdown"), &hostile());
    assert!(hostile.contains("\\@\u{2060}team") && !hostile.contains("\\<!-- @team"), "{hostile}");
}
