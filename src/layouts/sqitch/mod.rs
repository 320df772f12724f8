//! sqitch: changes with names, in the order of `sqitch.plan`, with scripts in `deploy/`, `revert/` and `verify/`.
//!
//! A change that is reworked stands in the plan again, under the same name; here the second is `name#2`. Its first
//! script was kept as `name@tag.sql`.

mod plan;

use std::collections::HashSet;
use std::path::Path;

use super::{Error, Fit, Folder, Layout, NOW, NewFile, Options, Remark, Source, Write};
use crate::migration::{Id, Migration, OuterTransaction, Script, Version};
use plan::sha1;
pub(crate) use plan::{Change, Plan};

/// Projects of sqitch.
pub static SQITCH: Sqitch = Sqitch;

/// See [`SQITCH`].
pub struct Sqitch;

const PLAN: &str = "sqitch.plan";

impl Layout for Sqitch {
    fn name(&self) -> &'static str {
        "sqitch"
    }

    fn about(&self) -> &'static str {
        "sqitch: `sqitch.plan` with `deploy/`, `revert/` and `verify/`"
    }

    fn recognises(&self, folder: &Folder) -> Fit {
        if folder.has(PLAN) { Fit::Sure } else { Fit::No }
    }

    fn gives_sessions(&self) -> bool {
        true
    }

    fn claims(&self, _: &str) -> bool {
        false
    }

    fn read(&self, folder: &Folder, _: &Options) -> Result<Source, Error> {
        let plan = read_plan(folder)?;
        let mut source = Source::default();
        let mut used = HashSet::new();
        for (at, change) in plan.changes.iter().enumerate() {
            let files = Files::of(&plan, at);
            let Some(deploy) = files.find(folder, "deploy") else {
                let message = match files.names.first() {
                    Some(expected) => format!("there is no `deploy/{expected}` for the change `{}`", change.name),
                    None => {
                        format!("the change `{}` stands here again below, with no tag between the two", change.name)
                    }
                };
                return Err(Error::Malformed { path: folder.path(PLAN), line: change.line, message });
            };
            let mut up = script(folder, &deploy)?;
            up.tool_checksums = vec![change.id.clone(), sha1(folder.text(&deploy)?.as_bytes())];
            let revert = files.find(folder, "revert");
            let down = revert.as_deref().map(|revert| script(folder, revert)).transpose()?;
            // A state's name leads to the change that it stands after.
            let name = change.tags.first().map_or_else(|| change.name.clone(), |tag| format!("@{tag}"));
            source.migrations.push(Migration::new(Id::Named(instance(&plan, at)), name, up, down));
            used.extend([Some(deploy), revert].into_iter().flatten());
        }
        for entry in folder.entries().iter().filter(|entry| entry.is_sql()) {
            let is_script = ["deploy/", "revert/"].iter().any(|place| entry.path.starts_with(place));
            if is_script && !used.contains(&entry.path) {
                source.remarks.push(Remark::note(
                    folder.path(&entry.path),
                    1,
                    "is in no line of the plan and is not read",
                ));
            }
        }
        source.remark_blanks();
        Ok(source)
    }

    fn next_id(&self, existing: &[Migration], _: &Version, name: &str) -> Id {
        let used = |id: &str| existing.iter().any(|migration| migration.id == Id::Named(id.to_owned()));
        let free = (2..).map(|number| format!("{name}_{number}")).find(|id| !used(id));
        Id::Named(if used(name) { free.unwrap_or_default() } else { name.to_owned() })
    }

    fn new_files(&self, folder: &Folder, id: &Id, _: &str) -> Option<Vec<NewFile>> {
        let Id::Named(name) = id else { return None };
        let plan = folder.text(PLAN).ok()?;
        let project = Plan::read(&plan).ok()?.project;
        let script = |side: &str, verb: &str, end: &str| {
            let text = format!("-- {verb} {project}:{name}\n\nBEGIN;\n\n-- XXX Add {} here.\n\n{end};\n", what(side));
            NewFile::create(folder.path(&format!("{side}/{name}.sql")), text)
        };
        // The planner is whoever planned the change before this one, as far as a plan tells.
        let planner = Plan::read(&plan)
            .ok()?
            .changes
            .last()
            .map_or_else(|| "migrate <migrate@localhost>".to_owned(), |change| change.planner.clone());
        let gap = if plan.ends_with('\n') { "" } else { "\n" };
        let line = format!("{gap}{name} {NOW} {planner}\n");
        Some(vec![
            NewFile { write: Write::Append, ..NewFile::create(folder.path(PLAN), line) },
            script("deploy", "Deploy", "COMMIT"),
            script("revert", "Revert", "COMMIT"),
            script("verify", "Verify", "ROLLBACK"),
        ])
    }
}

fn what(side: &str) -> &'static str {
    match side {
        "deploy" => "DDLs",
        "revert" => "DDLs to undo the change",
        _ => "verifications",
    }
}

/// The plan that a script belongs to: that of the nearest folder above it which has one.
pub(crate) fn plan_of(script: &Path) -> Option<Plan> {
    let text = script.ancestors().skip(1).find_map(|folder| std::fs::read_to_string(folder.join(PLAN)).ok())?;
    Plan::read(&crate::migration::normalise(&text)).ok()
}

fn read_plan(folder: &Folder) -> Result<Plan, Error> {
    Plan::read(&folder.text(PLAN)?).map_err(|wrong| Error::Malformed {
        path: folder.path(PLAN),
        line: wrong.line,
        message: wrong.message,
    })
}

fn script(folder: &Folder, path: &str) -> Result<Script, Error> {
    let mut script = Script::file(folder.path(path), folder.text(path)?);
    script.outer_transaction = OuterTransaction::Taken;
    Ok(script)
}

/// What a change is known by: its name, with a number where the plan has it again.
fn instance(plan: &Plan, at: usize) -> String {
    let name = &plan.changes[at].name;
    match plan.changes[..at].iter().filter(|other| other.name == *name).count() {
        0 => name.clone(),
        before => format!("{name}#{}", before + 1),
    }
}

/// The names that the scripts of a change may have, the likeliest first.
struct Files {
    names: Vec<String>,
}

impl Files {
    fn of(plan: &Plan, at: usize) -> Self {
        let name = &plan.changes[at].name;
        let reworked = plan.changes.iter().skip(at + 1).position(|other: &Change| other.name == *name);
        let names = match reworked {
            None => vec![format!("{name}.sql")],
            // Kept under a tag that stands between the change and the rework of it.
            Some(distance) => {
                let between = &plan.changes[at..=at + distance];
                between
                    .iter()
                    .rev()
                    .flat_map(|change| change.tags.iter().map(|tag| format!("{name}@{tag}.sql")))
                    .collect()
            }
        };
        Files { names }
    }

    fn find(&self, folder: &Folder, side: &str) -> Option<String> {
        self.names.iter().map(|name| format!("{side}/{name}")).find(|path| folder.has(path))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{error, outline, read_files};
    use super::*;

    const HEAD: &str = "%syntax-version=1.0.0\n%project=shop\n\n";
    const WHO: &str = "2026-11-21T09:30:00Z Ann B <ann@example.org>";

    #[test]
    fn changes_come_in_the_order_of_the_plan_and_reworked_ones_twice() {
        let plan = format!("{HEAD}b {WHO} # first\na [b] {WHO}\n@v1 {WHO}\n\nb [b@v1 a] {WHO} # again\n");
        let source = read_files(&[
            (PLAN, &plan),
            ("deploy/a.sql", "select 1;"),
            ("deploy/b.sql", "select 3;"),
            ("deploy/b@v1.sql", "select 2;"),
            ("revert/b.sql", "select 4;"),
        ]);
        assert_eq!(outline(&source), ["b | b@v1.sql | -", "a | a.sql | -", "b#2 | b.sql | b.sql"]);
        assert_eq!(source.migrations[1].name, "@v1");
    }

    #[test]
    fn a_plan_without_its_scripts_is_refused_at_the_line() {
        let plan = format!("{HEAD}a {WHO}\nb {WHO}\n");
        assert_eq!(
            error(&[(PLAN, &*plan), ("deploy/a.sql", "select 1;")]),
            "sqitch.plan:5: there is no `deploy/b.sql` for the change `b`"
        );
        let plan = format!("{HEAD}a {WHO}\na {WHO}\n");
        assert_eq!(
            error(&[(PLAN, &*plan), ("deploy/a.sql", "select 1;")]),
            "sqitch.plan:4: the change `a` stands here again below, with no tag between the two"
        );
        let message = error(&[(PLAN, "%project=shop\n\na 2026\n")]);
        assert!(message.starts_with("sqitch.plan:3: a line of a plan is `name "), "{message}");
    }
}
