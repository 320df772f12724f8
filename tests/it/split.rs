//! The splitter's golden cases: `tests/split/<dialect>/<case>.sql`, each with its snapshot.

#![allow(clippy::unwrap_used, reason = "a test may stop where its premise fails")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use coexist::sql::{Lexis, LineIndex, StatementKind, Statements, Tokens};
use proptest::prelude::*;

/// The cases of a dialect, in the order of their names.
fn cases(dialect: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/split").join(dialect);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    found.retain(|path| path.extension().is_some_and(|extension| extension == "sql"));
    found.sort();
    assert!(!found.is_empty(), "no cases in {}", folder.display());
    found
}

/// What the splitter says about a text, as people would write it down.
fn described(text: &str, lexis: &Lexis) -> String {
    let lines = LineIndex::new(text);
    let mut out = String::new();
    for result in Statements::new(text, lexis) {
        match result {
            Ok(statement) => {
                let (start, end) = (lines.place(statement.span.start), lines.place(statement.span.end));
                let kind = match statement.kind {
                    StatementKind::Sql => String::new(),
                    StatementKind::ClientCommand => " client command".into(),
                    StatementKind::CopyData { data } => format!(" with data {:?}", data.of(text)),
                };
                let place = format!("{}:{}-{}:{}", start.line, start.column, end.line, end.column);
                writeln!(out, "== {place}{kind}\n{}", statement.of(text)).unwrap();
            }
            Err(error) => {
                let place = lines.place(error.span.start);
                writeln!(out, "!! {}:{} {}\n   {}", place.line, place.column, error.message, error.hint).unwrap();
            }
        }
    }
    out
}

fn check(dialect: &str, lexis: &Lexis) {
    for path in cases(dialect) {
        let text = fs::read_to_string(&path).unwrap();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(path.parent().unwrap());
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(name, described(&text, lexis)));
    }
}

#[test]
fn postgres_cases() {
    check("postgres", &Lexis::POSTGRES);
}

#[test]
fn mysql_cases() {
    check("mysql", &Lexis::MYSQL);
}

#[test]
fn mariadb_cases() {
    check("mariadb", &Lexis::MARIADB);
}

#[test]
fn sqlite_cases() {
    check("sqlite", &Lexis::SQLITE);
}

/// Texts made of the pieces that matter to a splitter, in any order.
fn script() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "select 1",
        ";",
        "\n",
        " ",
        "'",
        "''",
        "\"",
        "`",
        "[",
        "]",
        "$$",
        "$a$",
        "$1",
        "--",
        "-- c\n",
        "# c\n",
        "/*",
        "*/",
        "/*!50110",
        "/*M!",
        "\\",
        "\\.\n",
        "E'",
        "(",
        ")",
        "begin",
        "begin atomic",
        "end",
        "end if;",
        "case",
        "create function f()",
        "create trigger t before insert on u for each row",
        "if a then",
        "while a do",
        "loop",
        "delimiter $$\n",
        "delimiter ;\n",
        "\ndelimiter //\n",
        "copy t from stdin;\n",
        "a",
        "ç",
        "\u{a0}",
        "💾",
        "1.5e-",
        "@",
        ":",
        ".",
        "U&'",
        "\r\n",
        "\0",
        "declare exit handler for sqlstate '1'",
        "repeat",
        "until",
        "else",
        "then",
    ]);
    prop_oneof![
        3 => prop::collection::vec(pieces, 0..40).prop_map(|pieces| pieces.concat()),
        1 => ".{0,80}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn tokens_cover_any_text(text in script()) {
        for lexis in Lexis::ALL {
            let mut at = 0;
            for token in Tokens::new(&text, lexis) {
                prop_assert_eq!(token.start(), at);
                prop_assert!(token.end() > at && text.is_char_boundary(token.end()));
                at = token.end();
            }
            prop_assert_eq!(at, text.len());
        }
    }

    #[test]
    fn statements_are_ordered_and_nothing_but_blanks_comments_and_terminators_is_left_out(text in script()) {
        for lexis in Lexis::ALL {
            let mut end = 0;
            let mut left = String::new();
            let mut whole = true;
            for result in Statements::new(&text, lexis) {
                let Ok(statement) = result else { whole = false; break };
                prop_assert!(statement.span.start >= end && statement.span.start < statement.span.end);
                prop_assert!(text.is_char_boundary(statement.span.start) && text.is_char_boundary(statement.span.end));
                left.push_str(&text[end..statement.span.start]);
                left.push('\n');
                end = statement.span.end;
                if let StatementKind::CopyData { data } = statement.kind {
                    prop_assert!(data.start >= end);
                    // The line that ends it.
                    end = text[data.end..].find('\n').map_or(text.len(), |at| data.end + at + 1);
                }
            }
            if whole && !text.to_lowercase().contains("delimiter") && !text.contains("/*!") && !text.contains("/*M!") {
                left.push_str(&text[end..]);
                let left = left.replace("\\g", ";").replace("\\G", ";");
                for token in Tokens::new(&left, lexis).code() {
                    prop_assert!(matches!(token.of(&left), ";" | "\u{feff}"), "{:?} left out of {:?}", token.of(&left), text);
                }
            }
        }
    }

    #[test]
    fn a_comment_at_the_end_changes_nothing(text in script()) {
        for lexis in Lexis::ALL {
            let before: Result<Vec<_>, _> = Statements::new(&text, lexis).collect();
            if let Ok(before) = before && !before.iter().any(|s| matches!(s.kind, StatementKind::CopyData { .. })) {
                let longer = format!("{text}\n-- the end; 'of it");
                let after: Result<Vec<_>, _> = Statements::new(&longer, lexis).collect();
                prop_assert_eq!(Ok(before), after);
            }
        }
    }
}
