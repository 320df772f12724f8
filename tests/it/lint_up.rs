//! The linter in the runner: what is refused, what is shown, and what is recorded for older code.

use crate::support::Project;

fn shop() -> Project {
    Project::with([
        ("migrations/0001_users.up.sql", "create table users (id int primary key, name varchar(50));"),
        ("migrations/0001_users.down.sql", "drop table users;"),
    ])
}

const DROP: &str = "alter table users drop column name;";

each_database! {
    fn what_breaks_old_code_is_refused_until_somebody_allows_it(db: TestDatabase) {
        let project = shop().on(&db);
        project.up();
        project.write("migrations/0002_tags.sql", "create table tags (id int primary key);");
        project.write("migrations/0003_drop.sql", DROP);
        let refused = project.run(["up"]).exits(3).says("drop-column").says("migrations/0003_drop.sql:1:19").says("--no-lint");
        assert!(!db.table_exists("tags"), "nothing is run when something is refused:\n{refused}");
        project.run(["up", "1"]).ok();
        project.run(["plan"]).ok().says("the linter would stop this").says("drop-column");
        let plan = project.run(["up", "--dry-run", "--format", "json"]).ok().json();
        assert_eq!(plan["steps"][0]["findings"][0]["rule"], "drop-column", "{plan}");
        assert_eq!(plan["steps"][0]["compatible"], false);
        project.write("migrate.toml", "[lint.rules]\ndrop-column = \"warning\"\n");
        project.run(["up", "--dry-run"]).ok().says("warning:");
        project.remove("migrate.toml");
        project.write("migrations/0003_drop.sql", format!("-- migrate:allow drop-column: nobody reads it\n{DROP}"));
        project.run(["up"]).ok().says("1 migration applied");
        assert_eq!(db.value("select compatible from migrate_history where version = '0003'"), "no");
    }

    fn an_empty_database_has_nothing_in_use(db: TestDatabase) {
        let project = shop().on(&db);
        project.write("migrations/0002_drop.sql", DROP);
        project.write("migrations/0003_index.sql", "create index users_id on users (id);");
        project.up();
        let verdicts = db.rows("select version, compatible from migrate_history where kind = 'apply' order by seq");
        assert_eq!(verdicts, [["0001", "yes"], ["0002", "no"], ["0003", "yes"]]);
    }

    fn no_lint_runs_what_would_be_refused_and_records_the_same(db: TestDatabase) {
        let project = shop().on(&db);
        project.up();
        project.write("migrations/0002_drop.sql", DROP);
        project.run(["up", "--no-lint"]).ok();
        assert_eq!(db.value("select compatible from migrate_history where version = '0002'"), "no");
    }

    fn older_files_run_on_a_newer_database_when_it_is_compatible(db: TestDatabase) {
        let older = shop().on(&db);
        let newer = shop().on(&db);
        newer.write("migrations/0002_nick.sql", "alter table users add column nick varchar(50);");
        newer.write("migrations/0003_tags.sql", "create table tags (id int primary key);");
        newer.up();
        older.run(["up"]).ok().says("nothing to do").says("0002 nick").says("compatible with older code");
        newer.write("migrations/0004_drop.sql", DROP);
        newer.run(["up", "--no-lint"]).ok();
        let refused = older.run(["up"]).exits(5).says("0004 drop").says("not compatible");
        assert!(!refused.stderr.contains("0003 tags"), "what is compatible stops nothing:\n{refused}");
        older.run_with(&[("MIGRATE_AHEAD", "allow")], ["up"]).ok();
        older.run_with(&[("MIGRATE_AHEAD", "refuse")], ["up"]).exits(5).says("0002 nick");
    }
}
