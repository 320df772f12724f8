//! How to go on with a run that was interrupted between its migrations: what is said means the rest, and no more.

use std::time::Duration;

use crate::support::{Engine, Output, Project, TestDatabase};

fn slow(engine: Engine) -> &'static str {
    match engine {
        Engine::Postgres => "select pg_sleep(20);",
        Engine::Mariadb => "insert into t1 select sleep(5) from (select 1 union select 2 union select 3) s;",
        Engine::Sqlite => {
            "with recursive c(x) as (select 1 union all select x + 1 from c where x < 1000000000) select max(x) from c;"
        }
    }
}

/// Four migrations, of which this script takes long.
fn project(db: &TestDatabase, long: &str) -> Project {
    let project = Project::empty().on(db);
    for number in 1..=4 {
        for (way, script) in
            [("up", format!("create table t{number} (id int);")), ("down", format!("drop table t{number};"))]
        {
            let name = format!("000{number}_t.{way}.sql");
            let before = if name == long { slow(db.engine()) } else { "" };
            project.write(format!("migrations/{name}"), format!("{before}\n{script}"));
        }
    }
    project
}

/// Runs a command and interrupts it in the third migration.
fn interrupted(project: &Project, command: &[&str]) -> Output {
    let running = project.spawn(command.iter().copied().chain(["-v"]));
    running.wait_for("0003 [1/");
    std::thread::sleep(Duration::from_millis(300));
    running.interrupt();
    running.wait().exits(130)
}

each_database! {
    fn a_name_can_be_said_again(db: TestDatabase) {
        let project = project(&db, "0003_t.down.sql");
        project.up();
        interrupted(&project, &["down", "--to", "1", "--yes"]).says("run the command again to go on");
        assert!(!db.table_exists("t4") && db.table_exists("t3"));
    }

    fn a_count_says_how_many_are_left(db: TestDatabase) {
        let project = project(&db, "0003_t.down.sql");
        project.up();
        let said = interrupted(&project, &["down", "3", "--yes"]).says("hint: run `migrate down 2` for what is left");
        assert!(!said.stderr.contains("`migrate up` goes on"), "{said}");
    }

    fn a_count_of_what_is_applied_says_how_many_are_left(db: TestDatabase) {
        let project = project(&db, "0003_t.up.sql");
        project.run(["up", "1"]).ok();
        interrupted(&project, &["up", "3"]).says("hint: run `migrate up 2` for what is left");
        interrupted(&project, &["up"]).says("run the command again to go on");
    }

    fn half_a_redo_is_finished_by_up(db: TestDatabase) {
        let project = project(&db, "0003_t.down.sql");
        project.up();
        interrupted(&project, &["redo", "2", "--yes"]).says("hint: run `migrate up`, which applies what is undone");
    }

    fn what_failed_says_how_many_are_left(db: TestDatabase) {
        let project = project(&db, "");
        project.write("migrations/0003_t.up.sql", "insert into nowhere values (1);");
        project.run(["up", "4", "--no-lint"]).exits(1).says("run `migrate up 2` for what is left");
        project.write("migrations/0003_t.up.sql", "create table t3 (id int);");
        project.run(["up", "1"]).ok();
        assert!(db.table_exists("t3") && !db.table_exists("t4"));
    }
}
