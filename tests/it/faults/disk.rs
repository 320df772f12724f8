//! SQLite on a disk that is full, and in a file that may not be written.

use super::{assert_whole, project, undisturbed};
use crate::support::{Engine, Project, TestDatabase};

/// The program with a limit on the size of files, in blocks of 512 bytes.
fn limited(project: &Project, blocks: u32) -> std::process::Output {
    let program = project.command(["up"]);
    let mut shell = std::process::Command::new("sh");
    // Ignored, the signal becomes the error that a full disk is.
    shell.args(["-c", &format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"")]);
    shell.arg(program.get_program()).args(program.get_args());
    shell.env_clear();
    for (name, value) in program.get_envs() {
        if let Some(value) = value {
            shell.env(name, value);
        }
    }
    if let Some(folder) = program.get_current_dir() {
        shell.current_dir(folder);
    }
    shell.output().unwrap()
}

#[test]
fn a_full_disk_leaves_nothing_half_done() {
    if !Engine::Sqlite.is_wanted() {
        return;
    }
    let schema = undisturbed(Engine::Sqlite);
    let mut refused = 0;
    for blocks in [1, 8, 16, 24, 32, 40, 48, 64, 80, 96, 128, 160] {
        let db = TestDatabase::fresh(Engine::Sqlite);
        let project = project(&db);
        let output = limited(&project, blocks);
        if !output.status.success() {
            refused += 1;
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(said.contains("error:"), "{blocks} blocks: {said}");
            assert!(output.status.code().is_some(), "{blocks} blocks: it ends by itself: {said}");
        }
        project.run(["up"]).ok();
        assert_whole(&db, &project, &schema, &format!("{blocks} blocks"));
    }
    assert!(refused >= 3, "the disk was full {refused} times only");
}

#[test]
fn a_file_that_may_not_be_written() {
    if !Engine::Sqlite.is_wanted() {
        return;
    }
    let db = TestDatabase::fresh(Engine::Sqlite);
    db.sql("create table there_already (id int)");
    let project = project(&db).variable("MIGRATE_DATABASE_URL", &format!("sqlite:{}?mode=ro", db.file().display()));
    let output = project.run(["up"]);
    assert_ne!(output.code(), Some(0));
    assert!(output.stderr.contains("read-only") || output.stderr.contains("readonly"), "{output:?}");
    assert_eq!(db.rows("select name from sqlite_master where type = 'table'"), vec![vec!["there_already".to_owned()]]);
}
