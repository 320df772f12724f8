//! What nobody would write and somebody may send: the linter says what is wrong, on every database, and neither falls over
//! nor takes without bounds.

use std::path::PathBuf;
use std::process::Command;

use crate::support::{Output, Project};

const DATABASES: [&str; 4] = ["postgres", "mysql", "mariadb", "sqlite"];

/// Lints a text under every rule; whatever is found, the program ends by itself.
fn lint(text: impl AsRef<[u8]>, database: &str) -> Output {
    let project = Project::empty();
    std::fs::create_dir(project.path("migrations")).unwrap();
    std::fs::write(project.path("migrations/0001_a.up.sql"), text).unwrap();
    project.run(["lint", "--select", "all", "--dialect", database])
}

#[test]
fn what_is_never_closed_is_a_finding_at_its_place() {
    for database in DATABASES {
        for text in ["select 1;\nselect 'a;\n", "select 1;\n/* a;\n", "select 1;\ninsert into t values (\"a;\n"] {
            lint(text, database).exits(3).says("unparsed-statement").says("0001_a.up.sql:2:");
        }
    }
    for text in ["select $a$ b;\n", "select E'a\\';\n", "select /* /* */ 1;\n"] {
        lint(text, "postgres").exits(3).says("unparsed-statement");
    }
}

#[test]
fn what_is_no_text_is_an_error_with_its_file() {
    for database in DATABASES {
        lint(b"select 1;\nselect '\xff';\n", database).exits(2).says("migrations/0001_a.up.sql");
        let output = lint("select 1;\nselect '\0';\n", database).says("0001_a.up.sql");
        assert!(matches!(output.code(), Some(2 | 3)), "{output}");
    }
}

#[test]
fn nesting_has_no_depth_that_matters() {
    let open = "(".repeat(100_000);
    let close = ")".repeat(100_000);
    let texts = [
        format!("select {open}1{close};"),
        format!("create table t (a int check {open}a > 1{close});"),
        format!("alter table t add constraint c check {open}a > 1;"),
        format!("create view v as select {open}1{close};"),
        format!("create index i on t ({open}a{close});"),
        format!("select 1{};", "+1".repeat(100_000)),
        format!("update t set a = {}1{};", "case when a then ".repeat(20_000), " end".repeat(20_000)),
        format!("{}select 1;{}", "/*".repeat(1000), "*/".repeat(1000)),
    ];
    for text in texts {
        for database in DATABASES {
            let output = lint(&text, database);
            assert!(matches!(output.code(), Some(0 | 3)), "{database}, {}: {output}", &text[..40]);
        }
    }
}

#[test]
fn many_small_things_are_many_small_things() {
    let columns: Vec<String> = (0..5000).map(|number| format!("c{number} int")).collect();
    let actions: Vec<String> = (0..5000).map(|number| format!("drop column c{number}")).collect();
    let names: Vec<String> = (0..5000).map(|number| format!("t{number}")).collect();
    let checks = (0..1000).map(|number| format!("alter table t add constraint k{number} check (a > {number});\n"));
    let texts = [
        format!("create table t (a int);\n{}", checks.collect::<String>()),
        format!("create table t ({});\nalter table t {};", columns.join(", "), actions.join(", ")),
        format!("drop table {};", names.join(", ")),
        format!("insert into t values {};", vec!["(1, 'a')"; 50_000].join(", ")),
        ";".repeat(200_000),
        "-- migrate:allow drop-table: no\n".repeat(5000),
    ];
    for text in texts {
        for database in DATABASES {
            let output = lint(&text, database);
            assert!(matches!(output.code(), Some(0 | 3)), "{database}, {}: {output}", &text[..30]);
        }
    }
}

#[test]
fn ten_thousand_files_are_linted() {
    let files = (0..10_000).map(|number| {
        let text = format!("create table t{number} (id int primary key);\n");
        (PathBuf::from(format!("migrations/{number:05}_t.up.sql")), text)
    });
    let project = Project::with(files);
    project.run(["lint", "--dialect", "postgres"]).ok().says("10000 scripts");
}

/// A file may not take more than ten times its size, nor a thread's stack.
#[test]
#[cfg(target_os = "linux")]
fn memory_is_bounded_by_the_text() {
    let megabytes = 12;
    let project = Project::empty();
    std::fs::create_dir(project.path("migrations")).unwrap();
    let row = "('some text that goes on and on', 12345, null), ";
    let rows = row.repeat((megabytes << 20) / row.len());
    let text = format!("insert into t values {}(1, 2, 3);\n", rows);
    std::fs::write(project.path("migrations/0001_a.up.sql"), text).unwrap();
    let program = project.command(["lint", "--dialect", "postgres"]);
    let mut limited = Command::new("sh");
    // The address space counts more than what is used: the program itself, and stacks that are only reserved.
    let kilobytes = (megabytes * 10 + 100) << 10;
    limited.arg("-c").arg(format!("ulimit -v {kilobytes}; exec \"$@\"")).arg("sh").arg(program.get_program());
    limited.args(program.get_args()).current_dir(project.path("."));
    let output = limited.output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(matches!(output.status.code(), Some(0 | 3)), "{:?}\n{told}", output.status);
}
