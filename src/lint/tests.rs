use super::*;
use crate::databases::{self, Database};
use crate::migration::{Id, Script, Version};

/// An example of a rule's explanation.
pub(super) struct Example {
    pub rule: &'static str,
    pub fires: bool,
    databases: Vec<&'static str>,
    /// What the project says: `hot=orders`, `osc=gh-ost`.
    said: Vec<(&'static str, &'static str)>,
    pub sql: String,
}

impl Example {
    /// The databases that it is about, with the version that it names.
    pub fn databases(&self) -> Vec<(&'static dyn Database, Option<ServerVersion>)> {
        let all = databases::ALL.iter().map(|database| database.name());
        let named: Vec<&str> = if self.databases.is_empty() { all.collect() } else { self.databases.clone() };
        let read = |name: &str| {
            let (database, server) = name.split_once('@').map_or((name, None), |(name, server)| (name, Some(server)));
            let database = databases::find(database).unwrap_or_else(|| panic!("{}: no database {name}", self.rule));
            (database, server.map(|server| server.parse().unwrap()))
        };
        named.into_iter().map(read).collect()
    }

    /// Every rule judges, by what the project says.
    pub fn settings(&self) -> Settings {
        let mut settings = Settings::every_rule();
        for (what, value) in &self.said {
            match *what {
                "hot" => settings.tables.hot.push((*value).to_owned()),
                "osc" => settings.osc = Some(value.parse().unwrap()),
                other => panic!("{}: nobody can say `{other}`", self.rule),
            }
        }
        settings
    }
}

/// The examples in the explanations.
pub(super) fn examples() -> Vec<Example> {
    let of = |rule: &&'static Rule| {
        let name = rule.name;
        let example = move |part| match part {
            Part::Text(_) => None,
            Part::Example(page::Example { fires, databases, said, sql }) => {
                Some(Example { rule: name, fires, databases, said, sql })
            }
        };
        rule.page().into_iter().filter_map(example)
    };
    rules::ALL.iter().flat_map(of).collect()
}

/// Judges the last migration of an example; a line `-- edited` stands between what was deployed and what it is now.
fn judged(sql: &str, database: &dyn Database, settings: &Settings) -> Judgement {
    let (was, now) = sql.split_once("-- edited\n").map_or((None, sql), |(was, now)| (Some(was), now));
    let migrations = migrations(now);
    let mut standings = vec![Standing::Deployed; migrations.len() - 1];
    standings.push(match was {
        Some(was) => Standing::Edited(Script::new("1_step.up.sql", was).into()),
        None => Standing::Judged,
    });
    judge(&migrations, &standings, database.dialect(), settings)
}

pub(super) fn migrations(sql: &str) -> Vec<Migration> {
    let mut migrations: Vec<Migration> = Vec::new();
    let (mut version, mut text) = (1, String::new());
    let mut push = |version: usize, text: &str| {
        let (text, down) = text.split_once("-- down\n").map_or((text, None), |(up, down)| (up, Some(down)));
        let up = Script::new(format!("{version}_step.up.sql"), text);
        let down = down.map(|down| Script::new(format!("{version}_step.down.sql"), down));
        let id = Id::Version(version.to_string().parse::<Version>().unwrap());
        migrations.push(Migration::new(id, "step", up, down));
    };
    for line in sql.lines() {
        let Some(how) = line.strip_prefix("-- next migration") else {
            text += &format!("{line}\n");
            continue;
        };
        push(version, &std::mem::take(&mut text));
        match how {
            "" => version += 1,
            ", same version" => {}
            ", earlier version" => version = 0,
            other => panic!("no migration follows so: `{other}`"),
        }
    }
    push(version, &text);
    migrations
}

#[test]
fn examples_fire_and_are_quiet() {
    let mut wrong = String::new();
    for example in examples() {
        for (database, server) in example.databases() {
            let settings = Settings { server, ..example.settings() };
            let judgement = judged(&example.sql, database, &settings);
            let fires = judgement.findings.iter().any(|finding| finding.rule == example.rule);
            if fires != example.fires {
                let found: Vec<&str> = judgement.findings.iter().map(|finding| finding.rule).collect();
                let name = database.name();
                wrong += &format!("{} on {name}, found {found:?}:\n{}\n", example.rule, example.sql);
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn every_rule_is_complete_and_has_its_place() {
    let names: Vec<&str> = rules::ALL.iter().map(|rule| rule.name).collect();
    assert!(names.is_sorted(), "{names:?}");
    for rule in rules::ALL {
        assert!(rule.summary().ends_with('.'), "{}: the summary is a sentence", rule.name);
        assert!(rule.name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'));
        let fences = rule.explanation.lines().filter_map(|line| line.trim_start().strip_prefix("```"));
        for (number, fence) in fences.enumerate() {
            let opens = fence.starts_with("sql fires") || fence.starts_with("sql quiet");
            assert!(if number % 2 == 0 { opens } else { fence.is_empty() }, "{}: ```{fence}", rule.name);
        }
        for fires in [true, false] {
            let has = examples().iter().any(|example| example.rule == rule.name && example.fires == fires);
            assert!(has, "{}: one example fires and one is quiet", rule.name);
        }
    }
}

#[test]
fn messages_have_one_form() {
    for example in examples() {
        for database in databases::ALL {
            let migrations = migrations(&example.sql);
            for finding in lint(&migrations, migrations.len() - 1, database.dialect(), &example.settings()).findings {
                assert!(!finding.message.ends_with('.'), "{}: {}", finding.rule, finding.message);
                let migration = &migrations[finding.migration];
                let script = migration.down.as_ref().filter(|_| finding.side == Side::Down).unwrap_or(&migration.up);
                let text = &script.text;
                assert!(finding.span.end <= text.len(), "{}: {}", finding.rule, finding.message);
            }
        }
    }
}

fn found(sql: &str) -> Vec<&'static str> {
    let migrations = migrations(sql);
    let judgement =
        lint(&migrations, migrations.len() - 1, databases::postgres::Postgres.dialect(), &Settings::default());
    judgement.findings.iter().map(|finding| finding.rule).collect()
}

#[test]
fn a_script_that_cannot_be_cut_is_a_finding() {
    assert_eq!(found("select 'never closed"), ["unparsed-statement"]);
}

#[test]
fn only_the_last_migrations_are_judged() {
    let text = "alter table a drop column b;\n-- next migration\nselect 1;\n";
    assert!(found(text).is_empty());
}

#[test]
fn a_table_is_told_once_to_be_copied() {
    let sql = "create table t (id int primary key, a varchar(9), b varchar(9));\n-- next migration\n\
               alter table t modify a varchar(9) character set latin1, modify b varchar(9) character set latin1;";
    let found = judged(sql, databases::find("mysql").unwrap(), &Settings::default()).findings;
    assert_eq!(found.iter().filter(|one| one.rule == "mysql-convert-charset").count(), 1);
}
