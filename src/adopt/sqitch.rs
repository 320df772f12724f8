//! sqitch: `changes` and its kin in a schema, a database or a file of its own, known by hashes that build on each other.

use async_trait::async_trait;

use super::place::{Lock, Place};
use super::rows::{optional, text};
use super::{Agreement, Mirrored, Record, Tool, compare};
use crate::databases::{Session, SqlError};
use crate::layouts::sqitch::{Change, plan_of};
use crate::migration::{Id, Migration};

/// sqitch.
pub static SQITCH: Sqitch = Sqitch;

/// See [`SQITCH`].
pub struct Sqitch;

const REGISTRY: &str = "sqitch";

#[async_trait]
impl Tool for Sqitch {
    fn name(&self) -> &'static str {
        "sqitch"
    }

    fn about(&self) -> &'static str {
        "sqitch, registry `sqitch`"
    }

    fn reach(&self, place: &Place) -> Vec<String> {
        // On SQLite the registry is a file beside the database.
        let file = place.file.as_ref().map(|file| file.with_file_name("sqitch.db")).filter(|file| file.is_file());
        let attach =
            file.map(|file| format!("ATTACH DATABASE {} AS {REGISTRY}", place.literal(&file.to_string_lossy())));
        attach.into_iter().collect()
    }

    fn sign(&self) -> &'static str {
        "changes"
    }

    async fn is_here(&self, place: &Place, session: &mut dyn Session) -> Result<bool, SqlError> {
        let columns = place.columns(session, Some(REGISTRY), "changes").await?;
        Ok(columns.iter().any(|column| column == "change_id"))
    }

    fn lock(&self, place: &Place) -> Lock {
        super::sqlx::advisory(place, 75_474_063, &format!("sqitch working on {}", place.database), "sqitch")
    }

    async fn read(
        &self,
        place: &Place,
        session: &mut dyn Session,
        files: &[Migration],
    ) -> Result<Vec<Record>, SqlError> {
        let changes = table(place, "changes");
        let hash =
            match place.columns(session, Some(REGISTRY), "changes").await?.iter().any(|name| name == "script_hash") {
                true => "script_hash",
                false => "NULL",
            };
        let change = place.quote("change");
        let sql = format!("SELECT change_id, {change}, {hash} FROM {changes} ORDER BY committed_at, planned_at");
        let rows = session.query(&sql).await?;
        // A change that was reworked has its name twice; what sqitch knows it by tells which it is.
        let known = |change_id: &str| {
            files.iter().find(|file| file.up.tool_checksums.first().is_some_and(|id| id == change_id))
        };
        Ok(rows
            .iter()
            .map(|row| {
                let (change_id, name) = (text(row, 0), text(row, 1));
                let id = known(&change_id).map_or_else(|| Id::Named(name.clone()), |file| file.id.clone());
                Record::applied(id, name, optional(row, 2).or(Some(change_id)))
            })
            .collect())
    }

    fn compare(&self, record: &Record, migration: &Migration) -> Agreement {
        compare(record.checksum.as_deref(), &migration.up.tool_checksums.iter().rev().cloned().collect::<Vec<_>>())
    }

    fn applied(&self, place: &Place, migration: &Mirrored<'_>) -> Vec<String> {
        let Some((file, plan)) = migration.file.and_then(|file| Some((file, plan_of(&file.up.path)?))) else {
            return Vec::new();
        };
        let Some(at) = plan.changes.iter().position(|change| file.up.tool_checksums.first() == Some(&change.id)) else {
            return Vec::new();
        };
        let change = &plan.changes[at];
        let row = Row { place, project: &plan.project, change };
        let mut statements = vec![
            place.insert_once(
                &table(place, "changes"),
                &[
                    "change_id",
                    "script_hash",
                    "change",
                    "project",
                    "note",
                    "committed_at",
                    "committer_name",
                    "committer_email",
                    "planned_at",
                    "planner_name",
                    "planner_email",
                ],
                &[
                    vec![
                        place.literal(&change.id),
                        file.up.tool_checksums.get(1).map_or("NULL".to_owned(), |hash| place.literal(hash)),
                    ],
                    row.common(),
                ]
                .concat(),
                &format!("change_id = {}", place.literal(&change.id)),
            ),
        ];
        for (kind, names) in [("require", &change.requires), ("conflict", &change.conflicts)] {
            for name in names {
                let needed = plan.changes[..at]
                    .iter()
                    .rev()
                    .find(|other| other.name == name.split('@').next().unwrap_or_default());
                let id = match (kind, needed) {
                    ("require", Some(needed)) => place.literal(&needed.id),
                    // One of another project: sqitch's own table would have to tell, and refuses to be without it.
                    ("require", None) => continue,
                    _ => "NULL".to_owned(),
                };
                statements.push(place.insert_once(
                    &table(place, "dependencies"),
                    &["change_id", "type", "dependency", "dependency_id"],
                    &[place.literal(&change.id), place.literal(kind), place.literal(name), id],
                    &format!("change_id = {} AND dependency = {}", place.literal(&change.id), place.literal(name)),
                ));
            }
        }
        statements.push(row.event("deploy"));
        statements
    }

    fn undone(&self, place: &Place, migration: &Mirrored<'_>) -> Vec<String> {
        let id = migration.file.and_then(|file| file.up.tool_checksums.first());
        let name = migration.id.to_string();
        let change = place.quote("change");
        let which = match id {
            Some(id) => format!("change_id = {}", place.literal(id)),
            None => format!(
                "change_id IN (SELECT change_id FROM {} WHERE {change} = {})",
                table(place, "changes"),
                place.literal(&name)
            ),
        };
        let delete = |name: &str| format!("DELETE FROM {} WHERE {which}", table(place, name));
        let mut statements = vec![delete("dependencies"), delete("tags"), delete("changes")];
        if let Some((file, plan)) = migration.file.and_then(|file| Some((file, plan_of(&file.up.path)?)))
            && let Some(change) = plan.changes.iter().find(|change| file.up.tool_checksums.first() == Some(&change.id))
        {
            statements.push(Row { place, project: &plan.project, change }.event("revert"));
        }
        statements
    }
}

fn table(place: &Place, name: &str) -> String {
    format!("{}.{}", place.quote(REGISTRY), place.quote(name))
}

/// What the registry says of a change.
struct Row<'a> {
    place: &'a Place,
    project: &'a str,
    change: &'a Change,
}

impl Row<'_> {
    /// What changes and events have in common, from the change's name on.
    fn common(&self) -> Vec<String> {
        [
            vec![
                self.place.literal(&self.change.name),
                self.place.literal(self.project),
                self.place.literal(&self.change.note),
            ],
            self.people(),
        ]
        .concat()
    }

    fn people(&self) -> Vec<String> {
        let place = self.place;
        let (name, address) = self.change.planner.rsplit_once(" <").unwrap_or((&self.change.planner, ""));
        let date = self.change.date.trim_end_matches('Z').replace('T', " ");
        let date = if place.is("postgres") { format!("{date}+00") } else { date };
        let now = if place.is("postgres") {
            "clock_timestamp()"
        } else if place.is_mysql() {
            "UTC_TIMESTAMP(6)"
        } else {
            "strftime('%Y-%m-%d %H:%M:%f', 'now')"
        };
        let date =
            if place.is("postgres") { format!("{}::timestamptz", place.literal(&date)) } else { place.literal(&date) };
        vec![
            now.to_owned(),
            place.literal("migrate"),
            place.literal("migrate@localhost"),
            date,
            place.literal(name),
            place.literal(address.trim_end_matches('>')),
        ]
    }

    fn event(&self, event: &str) -> String {
        let place = self.place;
        let list = |names: &[String], sign: &str| {
            let names: Vec<String> = names.iter().map(|name| format!("{sign}{name}")).collect();
            match place.is("postgres") {
                true if names.is_empty() => "'{}'::text[]".to_owned(),
                true => {
                    format!("ARRAY[{}]", names.iter().map(|name| place.literal(name)).collect::<Vec<_>>().join(", "))
                }
                false => place.literal(&names.join(" ")),
            }
        };
        let change = self.change;
        let event = match place.is("postgres") {
            true => format!("'{event}'"),
            false => place.literal(event),
        };
        let values = [
            vec![
                event,
                place.literal(&change.id),
                place.literal(&change.name),
                place.literal(self.project),
                place.literal(&change.note),
                list(&change.requires, ""),
                list(&change.conflicts, ""),
                list(&change.tags, "@"),
            ],
            self.people(),
        ]
        .concat();
        format!(
            "INSERT INTO {} (event, change_id, {}, project, note, requires, conflicts, tags, committed_at, committer_name, \
             committer_email, planned_at, planner_name, planner_email) VALUES ({})",
            table(place, "events"),
            place.quote("change"),
            values.join(", ")
        )
    }
}
