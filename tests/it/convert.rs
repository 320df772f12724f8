//! Folders in another layout hold the same statements, do the same to a database, and lose nothing without a word.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use coexist::databases;
use coexist::layouts::{self, Conversion, ConvertError, Folder, Layout};

use crate::support::{Engine, Project, TestDatabase};

fn layout(name: &str) -> &'static dyn Layout {
    layouts::find(name).unwrap()
}

/// The files that a folder's become, or why not, with the folder's own path left out.
fn converted(folder: &Path, from: &str, to: &str, number: bool) -> Result<BTreeMap<String, String>, String> {
    let options = crate::layouts::options(folder);
    let opened = Folder::open(folder, options.recursive).unwrap();
    let dialect = databases::find("postgres").unwrap().dialect();
    let (from, to) = (layout(from), layout(to));
    let conversion = Conversion { folder: &opened, from, to, options: &options, dialect, number };
    let converted = conversion.convert().map_err(|error| told(&error, folder))?;
    let target = tempfile::tempdir().unwrap();
    let written = conversion.write(&converted, &target.path().join("new")).map_err(|error| told(&error, folder))?;
    assert_eq!(written.len(), converted.files.len());
    assert_eq!(fs::read_dir(target.path()).unwrap().count(), 1, "something unfinished is left");
    Ok(converted.files)
}

fn told(error: &ConvertError, folder: &Path) -> String {
    let root = folder.display().to_string();
    error.to_string().replace(&format!("{root}/"), "").replace(&root, ".")
}

fn files(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

/// What these files in our own layout become.
fn become_of(to: &str, own: &[(&str, &str)]) -> Result<BTreeMap<String, String>, String> {
    let folder = files(own);
    converted(folder.path(), "pairs", to, false)
}

fn expected(files: &[(&str, &str)]) -> Result<BTreeMap<String, String>, String> {
    Ok(files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect())
}

const INDEX: &[(&str, &str)] = &[
    ("7_index.up.sql", "-- migrate:no-transaction\ncreate index concurrently i on t (a);\nanalyze t"),
    ("7_index.down.sql", "-- migrate:no-transaction\ndrop index concurrently i;\n"),
];

#[test]
fn no_transaction_is_said_in_the_words_of_each_tool() {
    let up = "-- migrate:no-transaction\ncreate index concurrently i on t (a);\nanalyze t";
    let down = "-- migrate:no-transaction\ndrop index concurrently i;\n";
    assert_eq!(become_of("native", INDEX), expected(&[("7_index.up.sql", up), ("7_index.down.sql", down)]));
    assert_eq!(
        become_of("goose", INDEX),
        expected(&[(
            "7_index.sql",
            "-- +goose NO TRANSACTION\n-- +goose Up\n-- migrate:no-transaction\ncreate index concurrently i on t (a);\n\
             -- +goose StatementBegin\nanalyze t\n-- +goose StatementEnd\n\n-- +goose Down\n\
             -- migrate:no-transaction\ndrop index concurrently i;\n"
        )])
    );
    assert_eq!(
        become_of("dbmate", INDEX),
        expected(&[(
            "7_index.sql",
            &format!("-- migrate:up transaction:false\n{up}\n\n-- migrate:down transaction:false\n{down}")
        )])
    );
    assert_eq!(
        become_of("diesel", INDEX),
        expected(&[
            ("7_index/up.sql", up),
            ("7_index/down.sql", down),
            ("7_index/metadata.toml", "run_in_transaction = false\n")
        ])
    );
    let conf = "executeInTransaction=false\n";
    assert_eq!(
        become_of("flyway", INDEX),
        expected(&[
            ("V7__index.sql", up),
            ("V7__index.sql.conf", conf),
            ("U7__index.sql", down),
            ("U7__index.sql.conf", conf)
        ])
    );
    assert!(become_of("prisma", INDEX).unwrap_err().contains("7 index: it runs outside a transaction, which Prisma"));
    assert!(become_of("refinery", &INDEX[..1]).unwrap_err().contains("7 index: it runs outside a transaction"));

    let goose = files(&[("00007_a.sql", "-- +goose NO TRANSACTION\n-- +goose Up\nvacuum;\nanalyze;\n")]);
    assert_eq!(
        converted(goose.path(), "goose", "pairs", false),
        expected(&[("00007_a.up.sql", "-- migrate:no-transaction\nvacuum;\nanalyze;\n")])
    );
}

#[test]
fn bodies_with_semicolons_are_marked_for_goose_and_unmarked_from_it() {
    let body = "create function f() returns int as $$\nbegin\n  return 1;\nend\n$$ language plpgsql;";
    let text = format!("select 1; {body} -- the end\nselect ';';\n");
    let marked = format!(
        "-- +goose Up\nselect 1; \n-- +goose StatementBegin\n{body}\n-- +goose StatementEnd\n -- the end\n\
         -- +goose StatementBegin\nselect ';';\n-- +goose StatementEnd\n"
    );
    assert_eq!(become_of("goose", &[("1_f.sql", &text)]), expected(&[("1_f.sql", &marked)]));
    let goose = files(&[("1_f.sql", &marked)]);
    let back = format!("select 1; \n{body}\n -- the end\nselect ';';\n");
    assert_eq!(converted(goose.path(), "goose", "native", false), expected(&[("1_f.up.sql", &back)]));
}

#[test]
fn placeholders_stay_on_or_off() {
    let own = [("1_a.sql", "select '${a}';\n"), ("2_b.sql", "select 2;\n")];
    assert_eq!(
        become_of("flyway", &own),
        expected(&[
            ("V1__a.sql", own[0].1),
            ("V1__a.sql.conf", "placeholderReplacement=false\n"),
            ("V2__b.sql", own[1].1)
        ])
    );
    let flyway = files(&[("V1__a.sql", "select '${a}';\n"), ("V2__b.sql", "select 2;\n")]);
    let refused = converted(flyway.path(), "flyway", "pairs", false).unwrap_err();
    assert_eq!(
        refused,
        "`pairs` cannot have what is in the folder:\n  1 a: `pairs` does not replace its placeholders; with \
         `placeholders = true` in migrate.toml they are, in both"
    );
    let project = Project::with([
        ("migrations/V1__a.sql", "create table ${schema}a (id int);\n"),
        ("migrate.toml", "placeholders = true\ndialect = \"sqlite\"\n"),
    ]);
    // No value is needed to see that the same would be replaced.
    project.run(["convert", "--to", "pairs"]).ok().says("1 migration, 1 statement, the same in both");
    assert_eq!(project.read("migrations-pairs/1_a.up.sql"), "create table ${schema}a (id int);\n");

    let goose = files(&[("1_a.sql", "-- +goose ENVSUB ON\n-- +goose Up\nselect '${A:-x}';\n")]);
    let refused = converted(goose.path(), "goose", "pairs", false).unwrap_err();
    assert!(refused.contains("1 a: `goose` puts values into it that would stay in the text"), "{refused}");
}

#[test]
fn versions_that_are_compared_as_texts_get_their_zeros() {
    let own = [("9_a.sql", "select 1;"), ("10_b.sql", "select 2;")];
    for to in ["dbmate", "diesel", "prisma"] {
        let files = become_of(to, &own).unwrap();
        let names: Vec<&str> = files.keys().map(String::as_str).filter(|name| name.ends_with("sql")).collect();
        assert!(names[0].starts_with("09_a") && names[1].starts_with("10_b"), "{names:?}");
    }
    assert!(become_of("goose", &own).unwrap().contains_key("9_a.sql"));
}

#[test]
fn what_a_tool_has_no_word_for_is_refused_with_all_of_it() {
    let own = [
        ("1.2_a.up.sql", "select 1;"),
        ("1.2_a.down.sql", "select -1;"),
        ("2_b.sql", "begin;\nselect 2;\ncommit;\n"),
        ("3_c.sql", "-- migrate:down irreversible: it is gone\nselect 3;"),
        ("4_d-e.sql", "select 4;\n-- +goose Down\n"),
        ("R__v.sql", "select 5;"),
    ];
    let refused = |to| {
        let error = become_of(to, &own).unwrap_err();
        error.lines().skip(1).map(|line| line.trim().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(refused("goose"), ["4 d-e: the line `-- +goose Down` would be a mark of `goose`"]);
    assert_eq!(
        refused("dbmate"),
        ["3 c: the line `-- migrate:down irreversible: it is gone` would be a mark of `dbmate`"]
    );
    assert_eq!(refused("native"), ["2 b: it has BEGIN and COMMIT of its own, which `native` refuses"]);
    assert_eq!(
        refused("refinery"),
        [
            "1.2 a: its version 1.2 has parts, and refinery's are plain numbers",
            "4 d-e: its name has other characters than letters, digits and `_`",
            "R__v: it runs again whenever it changes, which refinery has no word for"
        ]
    );
    let one_way = [("1_a.up.sql", "select 1;"), ("1_a.down.sql", "-- migrate:no-transaction\nselect 2;")];
    assert!(
        become_of("goose", &one_way).unwrap_err().contains("1 a: only one of its directions runs in a transaction")
    );
    assert!(become_of("refinery", &one_way).unwrap_err().contains("1 a: it has a way back"));
    assert!(become_of("dbmate", &[("20240102_a.sql", "select 1;")]).unwrap_err().contains("is a day"));
    assert!(become_of("pairs", &one_way).unwrap_err().contains("laid out as `pairs` already"));
    assert!(become_of("goose", &[]).unwrap_err().contains("has no migrations"));
    let unwritten = become_of("sqitch", &one_way).unwrap_err();
    assert!(unwritten.contains("folders are not written as `sqitch`; those that are: pairs, native"), "{unwritten}");
    let whole = files(&[("1_a/migration.sql", "begin;\nselect 2;\ncommit;\n")]);
    assert!(converted(whole.path(), "prisma", "goose", false).is_ok());
    // Prisma merges what stands between pairs; nobody else does.
    let prisma = files(&[("1_a/migration.sql", "select 1;\nbegin;\nselect 2;\ncommit;\n")]);
    let differs = converted(prisma.path(), "prisma", "goose", false).unwrap_err();
    assert!(differs.contains("1 a: its own BEGIN and COMMIT would mean something else"), "{differs}");
}

#[test]
fn migrations_with_names_are_numbered_where_that_is_asked_for() {
    let changes = "--liquibase formatted sql\n\n--changeset ann:users\ncreate table users (id int);\n--rollback drop table users;\n\n\
                   --changeset ann:seed endDelimiter://\ninsert into users values (1)\n//\n";
    let folder = files(&[("changes.sql", changes)]);
    let refused = converted(folder.path(), "liquibase", "pairs", false).unwrap_err();
    assert!(refused.contains("it is known by its name and not by a number; `--number`"), "{refused}");
    let written = converted(folder.path(), "liquibase", "pairs", true).unwrap();
    let names: Vec<&str> = written.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "0001_changes_sql_users_ann.down.sql",
            "0001_changes_sql_users_ann.up.sql",
            "0002_changes_sql_seed_ann.up.sql"
        ]
    );
}

#[test]
fn values_that_are_in_the_text_already_are_refused() {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/layouts/graphile-migrate/committed");
    let fixture = fixture.to_str().unwrap();
    let words = [
        "convert",
        "--to",
        "goose",
        "there",
        "--dir",
        fixture,
        "--layout",
        "graphile-migrate",
        "--dialect",
        "postgres",
    ];
    let values = ["--var", "DATABASE_NAME=shop", "--var", "DATABASE_OWNER=ann", "--var", "reader=bob"];
    let refused = Project::empty().run(words.into_iter().chain(values)).exits(2);
    refused.says("`graphile-migrate` puts values into it that would stay in the text");
}

/// Every fixture folder in every layout: what can be is the same, and the rest is refused for a reason.
#[test]
fn fixtures_become_what_the_snapshot_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/layouts");
    let mut shown = String::new();
    for from in layouts::ALL.iter().map(|layout| layout.name()) {
        let mut cases: Vec<PathBuf> =
            fs::read_dir(root.join(from)).unwrap().map(|entry| entry.unwrap().path()).collect();
        cases.sort();
        for case in cases.iter().filter(|path| path.is_dir()) {
            writeln!(shown, "{from}/{}", case.file_name().unwrap().display()).unwrap();
            for to in layouts::targets().into_iter().filter(|to| *to != from) {
                match converted(case, from, to, true) {
                    Ok(files) => {
                        let names: Vec<&str> = files.keys().map(String::as_str).collect();
                        writeln!(shown, "  {to}: {}", names.join(", ")).unwrap();
                    }
                    Err(why) => writeln!(shown, "  {to}: {}", why.replace('\n', "\n  ")).unwrap(),
                }
            }
        }
    }
    insta::with_settings!({ snapshot_path => "../layouts", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("conversions", shown);
    });
}

/// The example, without what a tool has no word for.
fn example(keep: impl Fn(&str) -> bool) -> Project {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations-example");
    let files = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path());
    let named = files.map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), path));
    Project::with(
        named
            .filter(|(name, _)| keep(name))
            .map(|(name, path)| (format!("migrations/{name}"), fs::read_to_string(path).unwrap())),
    )
}

#[test]
fn the_example_makes_the_same_schema_in_every_layout() {
    for to in layouts::targets().into_iter().filter(|to| *to != "pairs") {
        let project = match to {
            "native" | "flyway" => example(|_| true),
            "refinery" => example(|name| name.ends_with(".up.sql")),
            _ => example(|name| !name.starts_with("R__")),
        };
        let (before, after) = (TestDatabase::fresh(Engine::Sqlite), TestDatabase::fresh(Engine::Sqlite));
        let (old, new) = (before.url(), after.url());
        project.run(["convert", "--to", to, "there", "--database-url", &new]).ok().says("the same in both");
        project.run(["up", "--no-lint", "--database-url", &old]).ok();
        let there = ["--layout", to, "--dir", "there", "--database-url", &new];
        let run = |words: &[&str]| project.run(words.iter().chain(&there).copied());
        run(&["up", "--no-lint"]).ok();
        assert_eq!(before.schema(), after.schema(), "{to}");
        run(&["verify"]).ok();
        if to != "refinery" {
            run(&["down", "--all", "--yes"]).ok();
            assert!(!after.table_exists("customers"), "{to}");
        }
    }
}

#[test]
fn nothing_is_written_unless_all_of_it_is() {
    let project = example(|_| true);
    let listed = project.run(["convert", "--to", "flyway", "--dialect", "sqlite", "--dry-run"]).ok();
    assert!(listed.stdout.contains("migrations-flyway/V0001__create_customers.sql\n"), "{listed}");
    assert!(listed.stdout.ends_with("12 migrations, 29 statements, the same in both\n"), "{listed}");
    assert!(!project.path("migrations-flyway").exists());

    let refused = project.run(["convert", "--to", "goose", "--dialect", "sqlite"]).exits(2);
    refused.says("R__order_totals: it runs again whenever it changes, which goose has no word for");
    assert!(!project.path("migrations-goose").exists());

    project.write("full/file", "mine");
    project.run(["convert", "--to", "flyway", "full", "--dialect", "sqlite"]).exits(2).says("`full` is there already");
    assert_eq!(project.read("full/file"), "mine");
    fs::create_dir(project.path("empty")).unwrap();
    project.run(["convert", "--to", "flyway", "empty", "--dialect", "sqlite"]).ok();
    assert!(project.path("empty/V0001__create_customers.sql").exists());
    assert!(!project.path("empty.unfinished").exists());

    project.run(["convert", "--to", "flyways", "--dialect", "sqlite"]).exits(2).says("`flyways` is no layout");
    project.run(["convert", "--to", "flyway"]).exits(2).says("nothing says which database the SQL is for");
}
