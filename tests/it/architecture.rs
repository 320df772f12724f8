//! How the program is built, as a table that is checked: which module may use which, and what each may know of the world.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// A part of `src/` and what it may use. The longest path that fits a file counts.
struct Room {
    /// The file or folder under `src/`, without `.rs`; `*` stands for one name.
    path: &'static str,
    /// What it may use of the rest: modules, or single items of them. Its own top-level module is always allowed.
    uses: &'static [&'static str],
    /// What it may know beside plain values.
    world: World,
}

/// What a module may know of the world outside the program.
#[derive(Clone, Copy, PartialEq, Eq)]
enum World {
    /// Nothing: the same input always gives the same result.
    Nothing,
    /// Files.
    Files,
    /// Databases, and the clock that goes with waiting for them.
    Databases,
    /// Files and databases.
    Both,
    /// Whatever it likes: it is compiled for tests only.
    Everything,
}
use World::{Both, Databases, Everything, Files, Nothing};

/// The house, from the ground up: a module uses only what stands above it here.
const ROOMS: &[Room] = &[
    Room { path: "sql", uses: &[], world: Nothing },
    Room { path: "migration", uses: &["sql"], world: Nothing },
    Room { path: "schema", uses: &["sql", "migration"], world: Nothing },
    // Of a database these see what its SQL means, never a session.
    Room { path: "databases", uses: &["sql", "migration", "schema"], world: Both },
    // Password files, and secrets and certificates kept in files.
    Room { path: "databases/address", uses: &["databases"], world: Both },
    Room { path: "databases/secret", uses: &[], world: Files },
    // The system's list of this process's sockets.
    Room { path: "databases/sockets", uses: &[], world: Both },
    // The database is a file, and its lock another.
    Room { path: "databases/sqlite", uses: &["databases", "sql"], world: Both },
    Room { path: "databases/sqlite/dialect", uses: &["sql", "databases"], world: Nothing },
    Room { path: "databases/dialect", uses: &["sql", "migration", "schema"], world: Nothing },
    Room { path: "databases/*/dialect", uses: &["sql", "migration", "schema"], world: Nothing },
    Room { path: "lint", uses: &["sql", "migration", "schema", "databases::Dialect"], world: Nothing },
    Room { path: "layouts", uses: &["sql", "migration", "databases::Dialect"], world: Files },
    // Tools know a file by the text on the disk, line ends and all.
    Room { path: "adopt", uses: &["migration", "databases", "layouts"], world: Both },
    Room { path: "history", uses: &["sql", "migration", "databases"], world: Databases },
    Room {
        path: "plan",
        uses: &[
            "sql",
            "migration",
            "databases::Dialect",
            "databases::Probe",
            "history",
            "lint::Finding",
            "lint::Findings",
            "lint::Severity",
        ],
        world: Nothing,
    },
    // It can only be given an approved plan, and never asks the linter itself.
    Room { path: "run", uses: &["sql", "migration", "databases", "history", "plan"], world: Databases },
    Room { path: "run/failpoint", uses: &["databases"], world: Everything },
    Room { path: "config", uses: &["migration", "databases", "layouts", "lint", "plan", "run"], world: Files },
    Room {
        path: "error",
        uses: &["migration", "databases", "layouts", "lint", "history", "plan", "run", "config"],
        world: Nothing,
    },
    Room {
        path: "migrator",
        uses: &[
            "sql",
            "migration",
            "schema",
            "databases",
            "lint",
            "layouts",
            "adopt",
            "history",
            "plan",
            "run",
            "config",
            "error",
        ],
        world: Both,
    },
    Room {
        path: "report",
        uses: &[
            "sql",
            "migration",
            "schema",
            "databases",
            "lint",
            "layouts",
            "history",
            "plan",
            "run",
            "error",
            "migrator",
        ],
        world: Nothing,
    },
];

/// What only some may name. The command line, `main.rs` and `cli/`, may name everything.
const WORLD: &[(&str, &[World])] = &[
    ("sqlx", &[Databases, Both]),
    ("tokio", &[Databases, Both]),
    ("std::fs", &[Files, Both]),
    ("std::net", &[Databases, Both]),
    ("std::time::Instant", &[Databases, Both]),
    ("std::time::SystemTime", &[Databases, Both]),
    ("Instant::now", &[Databases, Both]),
    ("SystemTime::now", &[Databases, Both]),
    ("jiff::Timestamp::now", &[Databases, Both]),
    ("jiff::Zoned::now", &[Databases, Both]),
    ("std::env", &[]),
    // But for the number of this process, which a lock file tells.
    ("std::process::abort", &[]),
    ("std::process::exit", &[]),
    ("std::process::Command", &[]),
    ("std::process::ExitCode", &[]),
    ("std::process::id", &[Databases, Both]),
    ("std::io::stdout", &[]),
    ("std::io::stderr", &[]),
    ("std::io::stdin", &[]),
    ("println!", &[]),
    ("eprintln!", &[]),
    ("print!", &[]),
    ("eprint!", &[]),
    ("dbg!", &[]),
    ("anstream", &[]),
    ("clap", &[]),
    ("clap_complete", &[]),
    ("clap_mangen", &[]),
    ("indicatif", &[]),
    ("tracing_subscriber", &[]),
];

/// Folders of things of one kind: the folder, and how a file shows that it holds one.
const OPEN_SETS: &[(&str, &[&str])] = &[
    ("layouts", &["impl Layout for", ": Layout ="]),
    ("adopt", &["impl Tool for", ": Tool ="]),
    ("databases", &["impl Database for"]),
    ("lint/rules", &["rule!", ": Rule ="]),
    ("report", &["impl Format for", ": Format ="]),
    ("report/findings", &["impl Findings for", ": Findings ="]),
];

#[test]
fn modules_use_only_what_they_may() {
    let mut broken = String::new();
    for file in sources() {
        broken += &offences(&file);
    }
    assert!(broken.is_empty(), "\n{broken}the table is in tests/it/architecture.rs");
}

/// Two modules that use each other are one.
#[test]
fn dependencies_point_one_way() {
    for (index, room) in ROOMS.iter().enumerate() {
        for used in room.uses {
            let module = used.split("::").next().unwrap();
            let above = ROOMS[..index].iter().any(|other| other.path == module);
            assert!(above, "`{}` may use `{used}`, which does not stand above it in the table", room.path);
        }
    }
}

/// Rust does not compile a file that no `mod` line names, and does not say so.
#[test]
fn every_file_has_its_mod_line() {
    let mut forgotten = String::new();
    for file in sources() {
        let (parent, module) = match file.path.strip_suffix("/mod.rs") {
            Some(folder) => (Path::new(folder), Path::new(folder)),
            None => (Path::new(&file.path), Path::new(&file.path)),
        };
        let module = module.file_stem().unwrap().to_str().unwrap();
        if ["lib", "main"].contains(&module) && !file.path.contains('/') {
            continue;
        }
        let folder = root().join(parent.parent().unwrap());
        let candidates = ["mod.rs", "lib.rs", "main.rs"].map(|name| folder.join(name));
        let listed = candidates.iter().filter_map(|candidate| fs::read_to_string(candidate).ok()).any(|text| {
            text.lines().any(|line| {
                let line = line.split_once("mod ").filter(|(before, _)| before.is_empty() || before.starts_with("pub"));
                line.is_some_and(|(_, rest)| rest.trim_end() == format!("{module};"))
            })
        });
        if !listed {
            writeln!(forgotten, "src/{} is compiled nowhere: write `mod {module};`", file.path).unwrap();
        }
    }
    assert!(forgotten.is_empty(), "\n{forgotten}");
}

/// Help, configuration, completions and tests walk `ALL`: what is not in it does not exist.
#[test]
fn every_member_of_an_open_set_is_in_its_list() {
    let mut found = 0;
    for (folder, marks) in OPEN_SETS {
        let Some(list) = sources().into_iter().find(|file| file.path == format!("{folder}/mod.rs")) else { continue };
        let all = list.code.split_once("pub static ALL").map(|(_, rest)| rest.split_once(';').unwrap().0);
        // A folder of helpers without a list is not a set yet.
        let Some(all) = all else { continue };
        let prefix = format!("{folder}/");
        for file in sources() {
            let Some(inner) = file.path.strip_prefix(&prefix) else { continue };
            let member = inner.trim_end_matches(".rs").split('/').next().unwrap();
            let is_root = inner.ends_with("/mod.rs") || !inner.contains('/');
            if member == "mod" || !is_root || !marks.iter().any(|mark| file.code.contains(mark)) {
                continue;
            }
            found += 1;
            assert!(all.contains(&format!("{member}::")), "src/{} is not in `{folder}::ALL`", file.path);
        }
    }
    assert!(found > 0, "no member of any set was found: do the marks above still fit?");
}

/// A source file of the library or the program.
struct Source {
    /// From `src/`, with slashes.
    path: String,
    /// Its text without comments, the contents of literals, and tests; as long as the original up to there, line for line.
    code: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn sources() -> Vec<Source> {
    let (mut sources, mut folders) = (Vec::new(), vec![root()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let code = code(&fs::read_to_string(&path).unwrap());
                let path = path.strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/");
                sources.push(Source { path, code });
            }
        }
    }
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    sources
}

/// What a file uses although the table does not allow it, a line each.
fn offences(file: &Source) -> String {
    let mut broken = String::new();
    let module = file.path.trim_end_matches(".rs").trim_end_matches("/mod");
    let top = module.split('/').next().unwrap();
    // The command line may use everything; tests beside the code may, too.
    if ["lib", "main", "cli"].contains(&top) || ["tests", "testing"].contains(&module.rsplit('/').next().unwrap()) {
        return broken;
    }
    let Some(room) = ROOMS.iter().filter(|room| fits(room.path, module)).max_by_key(|room| room.path.len()) else {
        return format!("src/{}:1: the table does not know this module\n", file.path);
    };
    let depth = module.split('/').count();
    for (line, path) in paths(&file.code) {
        let place = format!("src/{}:{line}", file.path);
        if let Some(used) = within_crate(&path, depth) {
            let used_top = used.split("::").next().unwrap();
            let allowed = used_top == top
                || room.uses.iter().any(|allowed| used == *allowed || used.starts_with(&format!("{allowed}::")));
            if !allowed {
                writeln!(broken, "{place}: `{}` may not use `{used}`", room.path).unwrap();
            }
        }
        for (name, worlds) in WORLD {
            // A crate's name alone may be a variable; whoever uses the crate writes a path.
            let whole = name.contains("::") || name.ends_with('!');
            let named =
                path.starts_with(&format!("{name}::")) || (whole && (path == *name || path == format!("std::{name}")));
            if named && room.world != Everything && !worlds.contains(&room.world) {
                writeln!(broken, "{place}: `{}` may not use `{name}`", room.path).unwrap();
            }
        }
    }
    broken
}

fn fits(pattern: &str, module: &str) -> bool {
    let mut names = module.split('/');
    pattern.split('/').all(|part| names.next().is_some_and(|name| part == "*" || part == name))
}

/// The path from the crate's root, if it leads there: `crate::a::b`, or as many `super` as the file is deep.
fn within_crate(path: &str, depth: usize) -> Option<&str> {
    if let Some(rest) = path.strip_prefix("crate::") {
        return Some(rest);
    }
    let mut rest = path;
    for _ in 0..depth {
        rest = rest.strip_prefix("super::")?;
    }
    Some(rest)
}

/// Every path in the code with its line, `use` trees taken apart and macros with their exclamation mark.
fn paths(code: &str) -> Vec<(usize, String)> {
    let mut paths = Vec::new();
    let mut line = 1;
    let mut rest = code;
    // Prefixes of the open braces of a `use` tree; empty outside one.
    let mut prefixes: Vec<String> = Vec::new();
    let mut prefix = String::new();
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    while let Some(first) = rest.chars().next() {
        if is_name(first) {
            let end = rest.find(|c| !is_name(c) && c != ':').unwrap_or(rest.len());
            // A single colon belongs to a type or a field.
            let end = rest[..end]
                .match_indices(':')
                .map(|(at, _)| at)
                .find(|at| {
                    let around = (rest[..*at].ends_with(':'), rest[at + 1..].starts_with(':'));
                    around == (false, false)
                })
                .unwrap_or(end);
            let path = format!("{prefix}{}", &rest[..end]);
            rest = &rest[end..];
            if path.ends_with("::") && rest.starts_with('{') {
                prefixes.push(std::mem::replace(&mut prefix, path));
                rest = &rest[1..];
            } else if rest.starts_with('!') {
                paths.push((line, format!("{path}!")));
            } else {
                paths.push((line, path));
            }
            continue;
        }
        match first {
            '\n' => line += 1,
            '}' => prefix = prefixes.pop().unwrap_or_default(),
            ';' => {
                prefixes.clear();
                prefix.clear();
            }
            _ => {}
        }
        rest = &rest[first.len_utf8()..];
    }
    paths
}

/// The text without comments and the contents of literals, up to the tests at its end.
fn code(text: &str) -> String {
    let text =
        text.split_once("\n#[cfg(test)]\nmod ").filter(|(_, tests)| tests.contains('{')).map_or(text, |(code, _)| code);
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = literal_or_comment(rest);
        if length == 0 {
            code.push(first);
            rest = &rest[first.len_utf8()..];
        } else {
            code.extend(rest[..length].chars().filter(|character| *character == '\n'));
            code.push(' ');
            rest = &rest[length..];
        }
    }
    code
}

/// The length of the comment, string or character literal with which the text starts, or nothing.
fn literal_or_comment(text: &str) -> usize {
    let until = |from: usize, end: &str| text[from..].find(end).map_or(text.len(), |at| from + at + end.len());
    let bytes = text.as_bytes();
    match bytes[0] {
        b'/' if text.starts_with("//") => text.find('\n').unwrap_or(text.len()),
        b'/' if text.starts_with("/*") => until(2, "*/"),
        b'r' if text[1..].trim_start_matches('#').starts_with('"') => {
            let hashes = text[1..].len() - text[1..].trim_start_matches('#').len();
            until(hashes + 2, &format!("\"{}", "#".repeat(hashes)))
        }
        b'"' => {
            let mut at = 1;
            while at < bytes.len() && bytes[at] != b'"' {
                at += if bytes[at] == b'\\' { 2 } else { 1 };
            }
            (at + 1).min(text.len())
        }
        // A quote that is no character's is a lifetime's.
        b'\'' if bytes.get(1) == Some(&b'\\') => until(3, "'"),
        b'\'' => match text[1..].chars().next() {
            Some(character) if text[1 + character.len_utf8()..].starts_with('\'') => character.len_utf8() + 2,
            _ => 0,
        },
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> String {
        offences(&Source { path: path.to_owned(), code: code(text) })
    }

    #[test]
    fn an_offence_is_named_with_file_and_line() {
        let text = "use std::fmt;\n\nuse crate::{migration::Id, run::{Failure, Event}};\n";
        let expected = "src/sql/lex/mod.rs:3: `sql` may not use `migration::Id`\n\
                        src/sql/lex/mod.rs:3: `sql` may not use `run::Failure`\n\
                        src/sql/lex/mod.rs:3: `sql` may not use `run::Event`\n";
        assert_eq!(found("sql/lex/mod.rs", text), expected);
        assert_eq!(found("nobody/knows.rs", ""), "src/nobody/knows.rs:1: the table does not know this module\n");
    }

    #[test]
    fn every_way_to_say_it_is_seen() {
        for (path, text) in [
            ("sql/split.rs", "fn f() -> crate::migration::Id { todo() }"),
            ("sql/split.rs", "use super::super::migration::Id;"),
            ("lint/mod.rs", "use super::databases::Session;"),
            ("lint/rules/a.rs", "use crate::databases::{Dialect, Session};"),
            ("plan.rs", "use std::{fmt, fs};"),
            ("plan.rs", "fn f() { let now = std::time::Instant::now(); }"),
            ("plan.rs", "use std::time::{Duration, Instant};"),
            ("plan.rs", "async fn f() { tokio::time::sleep(x).await }"),
            ("databases/mysql/dialect.rs", "use sqlx::Row;"),
            ("history.rs", "fn f() { println!(\"\"); }"),
            ("run/mod.rs", "fn f() { std::env::var(\"HOME\"); }"),
            ("run/mod.rs", "use crate::lint;"),
            ("migrator.rs", "fn f() { std::process::exit(1) }"),
            ("run/mod.rs", "use std::process::{id, Command};"),
            ("report/human.rs", "use clap::ValueEnum;"),
        ] {
            assert_eq!(found(path, text).lines().count(), 1, "{path}: {text}");
        }
    }

    #[test]
    fn what_is_allowed_or_only_said_is_quiet() {
        for (path, text) in [
            ("sql/split.rs", "use super::lex::Token;\nuse crate::sql::place;"),
            ("lint/rules/a.rs", "use crate::databases::Dialect;"),
            (
                "plan.rs",
                "use std::time::Duration;\n// crate::run and std::fs\nfn f() -> &'static str { \"crate::run\" }",
            ),
            ("plan.rs", "fn f() { let (a, b) = ('\"', '\\''); let c = r#\"crate::run \"x\" \"#; }"),
            ("plan.rs", "fn f() {}\n\n#[cfg(test)]\nmod tests {\n    use crate::run::Runner;\n}\n"),
            ("databases/mysql/session.rs", "use sqlx::Row;"),
            ("layouts/pairs.rs", "use std::fs;"),
            ("layouts/pairs.rs", "fn f() { let sqlx = 1; g(sqlx); }"),
            ("run/failpoint.rs", "fn f() { std::process::abort() }"),
            ("cli/up.rs", "use coexist::run::Event; use clap::Args;"),
            ("sql/split/tests.rs", "use crate::migration::Id;"),
        ] {
            assert_eq!(found(path, text), "", "{path}: {text}");
        }
    }
}
