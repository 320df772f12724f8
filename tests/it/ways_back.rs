//! Where the folder has another way back than the one that was stored when the migration was applied.

use crate::support::{Project, TestDatabase};

const OLD: &str = "drop table import;";
const NEW: &str = "create table kept (id int);\ndrop table import;";

/// Three migrations, applied, and then the down scripts of two of them edited.
fn edited(db: &TestDatabase) -> Project {
    let project = Project::with([
        ("migrations/0001_users.up.sql", "create table users (id int primary key);"),
        ("migrations/0001_users.down.sql", "drop table users;"),
        ("migrations/0002_tags.up.sql", "create table tags (id int primary key);"),
        ("migrations/0002_tags.down.sql", "drop table tags;"),
        ("migrations/0003_import.up.sql", "create table import (id int primary key);"),
        ("migrations/0003_import.down.sql", OLD),
    ])
    .on(db);
    project.run(["up"]).ok();
    project.write("migrations/0002_tags.down.sql", "drop table if exists tags;");
    project.write("migrations/0003_import.down.sql", NEW);
    project
}

each_database! {
    fn nothing_is_undone_until_it_is_said_which_is_meant(db: TestDatabase) {
        let project = edited(&db);
        for command in [
            &["down", "2", "--yes"][..],
            &["down", "--all", "--yes"],
            &["redo", "2", "--yes"],
            &["goto", "1", "--yes"],
            &["down", "2", "--dry-run"],
            &["plan", "down", "2", "-o", "plan.json"],
        ] {
            let asked = project.run(command).exits(5);
            let asked = asked.says("the down script of `0003 import` was edited after it had been stored (`migrations/0003_import.down.sql`)");
            let asked = asked.says("the down script of `0002 tags` was edited");
            let asked = asked.says("+create table kept (id int);").says("-drop table tags;").says("+drop table if exists tags;");
            asked.says("`--use file`").says("`--use stored`").says("`migrate repair 0003 0002`");
        }
        assert!(!project.path("plan.json").exists());
        assert!(db.table_exists("import") && db.table_exists("tags") && !db.table_exists("kept"));
        let told = project.run(["down", "--yes", "--format", "json"]).exits(5);
        let error: serde_json::Value = serde_json::from_str(told.stderr.lines().last().unwrap()).unwrap();
        let difference = &error["differences"][0];
        assert_eq!(error["differences"].as_array().unwrap().len(), 1, "{told}");
        assert_eq!((&difference["id"], &difference["direction"]), (&"0003".into(), &"down".into()), "{told}");
        assert_eq!((&difference["applied"], &difference["found"]), (&OLD.into(), &NEW.into()), "{told}");
    }

    fn what_is_said_is_run(db: TestDatabase) {
        let project = edited(&db);
        project.run(["redo", "--yes", "--use", "stored"]).ok();
        assert!(db.table_exists("import") && !db.table_exists("kept"));
        // What was applied again has the folder's stored.
        project.run(["redo", "--yes"]).ok();
        assert!(db.table_exists("import") && db.table_exists("kept"));
    }

    fn the_folders_is_run_where_that_is_said(db: TestDatabase) {
        let project = edited(&db);
        project.run(["down", "--dry-run", "--use", "stored"]).ok().says("from the history");
        project.run(["goto", "2", "--yes", "--use", "file"]).ok();
        assert!(!db.table_exists("import") && db.table_exists("kept"));
        // One that is not undone has no say.
        project.run(["up"]).ok();
        db.sql("drop table kept");
        project.run(["down", "--yes"]).ok();
    }

    fn verify_and_status_tell_and_up_goes_on(db: TestDatabase) {
        let project = edited(&db);
        let shown = project.run(["verify", "--color", "always"]).exits(5);
        let shown = shown.says("the down script of `0003 import` was edited").says("`migrate repair 0003` records it");
        assert!(shown.stdout.contains("\u{1b}[32m+create table kept (id int);"), "{shown}");
        assert!(shown.stdout.contains("\u{1b}[31m-drop table tags;"), "{shown}");
        project.run(["status"]).ok().says("changed down script:").says("`0002 tags`").says("3 applied, 0 pending");
        project.run(["status", "--exit-code"]).exits(5);
        project.write("migrations/0004_more.up.sql", "create table more (id int primary key);");
        let up = project.run(["up"]).ok().says("1 migration applied");
        up.says("warning: the down scripts of `0002`, `0003` were edited since");
        assert!(db.table_exists("more"));
    }

    fn a_repair_records_the_folders(db: TestDatabase) {
        let project = edited(&db);
        project.run(["repair", "3"]).ok().says("repaired 0003");
        project.run(["repair", "3"]).exits(2).says("there is nothing to repair about `0003`");
        project.run(["down", "--yes"]).ok();
        assert!(!db.table_exists("import") && db.table_exists("kept"));
        // Both scripts of one migration are one repair.
        project.write("migrations/0002_tags.up.sql", "create table tags (id int primary key) ;");
        let verified = project.run(["verify", "--format", "json"]).exits(5).json();
        let of = |at: usize| (verified["differences"][at]["id"].clone(), verified["differences"][at]["direction"].clone());
        assert_eq!([of(0), of(1)], [("0002".into(), "up".into()), ("0002".into(), "down".into())]);
        project.run(["verify"]).exits(5).says("+create table tags (id int primary key) ;").says("-drop table tags;");
        let repaired = project.run(["repair"]).ok();
        assert_eq!(repaired.stdout, "repaired 0002\n");
        project.run(["verify"]).ok();
        project.run(["down", "--all", "--yes"]).ok();
        assert!(!db.table_exists("tags") && !db.table_exists("users"));
    }

    fn where_there_is_only_one_there_is_nothing_to_ask(db: TestDatabase) {
        let project = edited(&db);
        project.remove("migrations/0003_import.down.sql");
        project.write("migrations/0002_tags.down.sql", "\u{feff}drop table tags;\r\n".trim_end());
        project.write("migrations/0004_more.up.sql", "create table more (id int primary key);");
        project.run(["up"]).ok();
        project.write("migrations/0004_more.down.sql", "drop table more;");
        project.run(["verify"]).ok();
        project.run(["down", "3", "--yes"]).ok();
        assert!(db.table_exists("users") && !db.table_exists("tags") && !db.table_exists("more"));
    }

    fn values_of_placeholders_are_no_edit(db: TestDatabase) {
        let project = Project::with([
            ("migrate.toml", "placeholders = true\n"),
            ("migrations/0001_a.up.sql", "create table a (id int);"),
            ("migrations/0001_a.down.sql", "drop table a; create table ${after} (id int);"),
        ])
        .on(&db);
        project.run(["up", "--var", "after=one"]).ok();
        project.run(["verify", "--var", "after=two"]).ok();
        project.run(["redo", "--yes", "--var", "after=two"]).ok();
        assert!(db.table_exists("two") && !db.table_exists("one"));
        project.write("migrations/0001_a.down.sql", "drop table a; create table ${after} (n int);");
        project.run(["down", "--yes", "--var", "after=three"]).exits(5).says("+drop table a; create table three (n int);");
        project.run(["down", "--yes", "--var", "after=three", "--use", "stored"]).exits(1).says("two");
        project.run(["down", "--yes", "--var", "after=three", "--use", "file"]).ok();
        assert!(db.table_exists("three"));
    }

    fn what_was_changed_in_the_history_is_not_offered(db: TestDatabase) {
        let project = edited(&db);
        db.sql("update migrate_history set down_script = 'drop table users;' where version = '0003'");
        for more in [&[][..], &["--use", "stored"]] {
            let refused = project.run(["down", "--yes"].iter().chain(more).copied()).exits(5);
            let refused = refused.says("`down_script` in row 3 of the history was changed").says("--use file");
            assert!(!refused.stderr.contains("was edited"), "{refused}");
        }
        project.run(["down", "--yes", "--use", "file"]).ok();
        assert!(db.table_exists("users") && db.table_exists("kept"));
    }

    fn what_the_history_has_lost_is_not_taken_from_the_folder_unasked(db: TestDatabase) {
        let project = edited(&db);
        db.sql("update migrate_history set down_script = null where version = '0003'");
        db.sql("update migrate_history set up_script = null where version = '0001'");
        let missed = project.run(["verify"]).exits(5);
        missed.says("`down_script` in row 3 of the history").says("`up_script` in row 1 of the history");
        project.run(["down", "--yes", "--use", "stored"]).exits(5).says("the history did not store its text");
        project.run(["down", "--yes"]).exits(5).says("the history did not store its text");
        project.run(["down", "--yes", "--use", "file"]).ok();
        assert!(db.table_exists("kept"));
    }

    fn a_mended_one_is_said_to_be_the_folders(db: TestDatabase) {
        let project = edited(&db);
        project.write("migrations/0003_import.down.sql", "drop table imports;");
        project.run(["repair", "3"]).ok();
        let failed = project.run(["down", "--yes"]).exits(1);
        failed.says("`0003 import` is still applied. Mend it and run the command again; `migrate down` takes a mended script with `--use file`");
        project.write("migrations/0003_import.down.sql", OLD);
        project.run(["down", "--yes", "--use", "file"]).ok();
        assert!(!db.table_exists("import"));
    }

    fn passwords_are_left_out_of_differences(db: TestDatabase) {
        let project = edited(&db);
        project.write("migrations/0003_import.down.sql", "alter user u identified by 'hush';");
        for format in ["text", "json"] {
            for command in [&["verify"][..], &["down", "--yes"]] {
                let told = project.run(command.iter().chain(&["--format", format]).copied()).exits(5).says("alter user u");
                assert!(!format!("{told}").contains("hush"), "{told}");
            }
        }
    }

    fn what_runs_again_stores_its_way_back_then(db: TestDatabase) {
        let changeset = |column: &str, table: &str| {
            format!(
                "--liquibase formatted sql\n--changeset ann:view runOnChange:true\ndrop view if exists v;\ncreate view v as select {column} from base;\n--rollback drop view {table};\n"
            )
        };
        let project = Project::with([("migrations/changes.sql", changeset("1 as a", "v"))]).on(&db);
        db.sql("create table base (id int)");
        let layout = ["--layout", "liquibase"];
        let run = |words: &[&str]| project.run(words.iter().chain(&layout).copied());
        run(&["up", "--no-lint"]).ok();
        // Its way back alone does not make it run.
        project.write("migrations/changes.sql", changeset("1 as a", "if exists v"));
        run(&["up", "--no-lint"]).ok().says("nothing to do").says("was edited since");
        run(&["down", "--yes"]).exits(5).says("migrate repair");
        project.write("migrations/changes.sql", changeset("2 as a", "if exists v"));
        run(&["verify"]).ok();
        let asked = run(&["down", "--yes"]).exits(5).says("--use stored");
        assert!(!asked.stderr.contains("migrate repair"), "{asked}");
        run(&["up", "--no-lint"]).ok().says("1 migration applied");
        run(&["down", "--yes"]).ok();
        assert!(!db.table_exists("v"));
    }
}
