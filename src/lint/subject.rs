//! What is judged: every migration with how it stands to what is deployed.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use crate::migration::{Id, Migration, Script, Version};

/// How a migration stands to what is deployed.
#[derive(Clone, Debug)]
pub enum Standing {
    /// It is history: what it built is in use, and nothing is said about it.
    Deployed,
    /// It is under judgement: what it creates is not in use yet.
    Judged,
    /// It is history, and its down script was written or edited since: that is under judgement.
    WayBack,
    /// It is history, was deployed with this up script, and was edited since. It will not run again.
    Edited(Arc<Script>),
}

/// Migrations in the order in which they meet the database, each with its standing.
#[derive(Clone, Debug, Default)]
pub struct Subject {
    /// The migrations.
    pub migrations: Vec<Migration>,
    /// How each stands.
    pub standings: Vec<Standing>,
    /// Whether others are missing, because they are no SQL.
    pub gaps: bool,
}

impl Subject {
    /// Every migration is judged.
    pub fn all(migrations: Vec<Migration>) -> Self {
        Self::these(migrations, |_| true)
    }

    /// The last ones are judged; those that run again whenever they change count among them.
    pub fn last(migrations: Vec<Migration>, count: usize) -> Self {
        let first = migrations.len().saturating_sub(count);
        let standings = (0..migrations.len()).map(|at| if at < first { Standing::Deployed } else { Standing::Judged });
        Subject { standings: standings.collect(), migrations, gaps: false }
    }

    /// Those are judged that a condition picks; the others are history where they stand before the last of them, and are
    /// left out after it.
    pub fn these(mut migrations: Vec<Migration>, picked: impl Fn(&Migration) -> bool) -> Self {
        let standing = |migration| if picked(migration) { Standing::Judged } else { Standing::Deployed };
        let mut standings: Vec<Standing> = migrations.iter().map(standing).collect();
        let end =
            standings.iter().rposition(|standing| matches!(standing, Standing::Judged)).map_or(0, |last| last + 1);
        standings.truncate(end);
        migrations.truncate(end);
        Subject { migrations, standings, gaps: false }
    }

    /// Those are judged that a base does not have; they run after all that it has. What the base has with another text was
    /// edited, unless it runs again whenever its text changes: then it is judged after what it was. Of what the base has
    /// with another way back, that is judged.
    pub fn since(migrations: Vec<Migration>, base: Vec<Migration>) -> Self {
        let mut before: HashMap<Id, Vec<Migration>> = HashMap::new();
        base.into_iter().for_each(|one| before.entry(one.id.clone()).or_default().push(one));
        let here: HashSet<(Id, PathBuf)> = migrations.iter().map(|one| (one.id.clone(), one.up.path.clone())).collect();
        // Several may have one version by mistake: then each is what the base has in its file, or had before it was renamed.
        let mut take = |migration: &Migration| {
            let bases = before.get_mut(&migration.id)?;
            let same = bases.iter().position(|base| base.up.path == migration.up.path);
            let renamed = || bases.iter().position(|base| !here.contains(&(base.id.clone(), base.up.path.clone())));
            same.or_else(renamed).map(|at| bases.remove(at))
        };
        let mut subject = Subject::default();
        let mut judged = Vec::new();
        for migration in migrations {
            match take(&migration) {
                None => judged.push(migration),
                Some(base) if base.up.checksum == migration.up.checksum => {
                    let is_same =
                        |down: &Arc<Script>| base.down.as_ref().is_some_and(|was| was.checksum == down.checksum);
                    let as_it_was = migration.down.as_ref().is_none_or(is_same);
                    subject.push(migration, if as_it_was { Standing::Deployed } else { Standing::WayBack });
                }
                Some(base) if migration.repeats().is_some() => {
                    subject.push(base, Standing::Deployed);
                    judged.push(migration);
                }
                Some(base) => subject.push(migration, Standing::Edited(base.up)),
            }
        }
        judged.into_iter().for_each(|migration| subject.push(migration, Standing::Judged));
        subject
    }

    /// Nothing is said about migrations up to this version.
    pub fn forgive(&mut self, until: &Version) {
        for (migration, standing) in self.migrations.iter().zip(&mut self.standings) {
            if migration.id.version().is_some_and(|version| version <= until) {
                *standing = Standing::Deployed;
            }
        }
    }

    /// One more migration, after all others.
    pub fn push(&mut self, migration: Migration, standing: Standing) {
        self.migrations.push(migration);
        self.standings.push(standing);
    }

    /// How many migrations are judged.
    pub fn judged(&self) -> usize {
        self.standings.iter().filter(|standing| !matches!(standing, Standing::Deployed)).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migration::Script;

    fn migrations(texts: &[(&str, &str)]) -> Vec<Migration> {
        let migration = |(id, text): &(&str, &str)| {
            let up = Script::new(format!("{id}.sql"), text);
            Migration::new(id.parse().map_or_else(|_| Id::Repeatable((*id).to_owned()), Id::Version), "", up, None)
        };
        texts.iter().map(migration).collect()
    }

    fn shown(subject: &Subject) -> Vec<String> {
        let shown = subject.migrations.iter().zip(&subject.standings).map(|(migration, standing)| match standing {
            Standing::Deployed => format!("{}={}", migration.id, migration.up.text.trim_end()),
            Standing::Judged => format!("{} judged", migration.id),
            Standing::WayBack => format!("{} back", migration.id),
            Standing::Edited(was) => format!("{} was {}", migration.id, was.text.trim_end()),
        });
        shown.collect()
    }

    #[test]
    fn what_the_base_lacks_runs_after_what_it_has() {
        let base = migrations(&[("1", "a"), ("3", "c"), ("views", "v")]);
        let now = migrations(&[("1", "a"), ("2", "b"), ("3", "C"), ("4", "d"), ("views", "V")]);
        let subject = Subject::since(now, base);
        assert_eq!(shown(&subject), ["1=a", "3 was c", "R__views=v", "2 judged", "4 judged", "R__views judged"]);
        assert_eq!(subject.judged(), 4);
    }

    #[test]
    fn a_way_back_that_is_new_is_judged() {
        let with_down = |downs: [Option<&str>; 3]| {
            let mut all = migrations(&[("1", "a"), ("2", "b"), ("3", "c")]);
            let down = |text| Script::new("down.sql", text);
            all.iter_mut().zip(downs).for_each(|(one, text)| one.down = text.map(|text| down(text).into()));
            all
        };
        let subject =
            Subject::since(with_down([Some("x"), Some("y"), Some("new")]), with_down([Some("x"), Some("was"), None]));
        assert_eq!(shown(&subject), ["1=a", "2 back", "3 back"]);
        let subject = Subject::since(with_down([None, None, None]), with_down([Some("x"), None, None]));
        assert_eq!(subject.judged(), 0);
    }

    #[test]
    fn what_follows_the_last_picked_one_is_left_out() {
        let all = migrations(&[("1", "a"), ("2", "b"), ("3", "c"), ("4", "d")]);
        let picked = |migration: &Migration| ["1", "3"].contains(&migration.id.to_string().as_str());
        assert_eq!(shown(&Subject::these(all.clone(), picked)), ["1 judged", "2=b", "3 judged"]);
        assert_eq!(shown(&Subject::last(all.clone(), 1)), ["1=a", "2=b", "3=c", "4 judged"]);
        assert_eq!(Subject::last(all.clone(), 9).judged(), 4);
        let mut forgiven = Subject::all(all);
        forgiven.forgive(&"3".parse().unwrap());
        assert_eq!(shown(&forgiven), ["1=a", "2=b", "3=c", "4 judged"]);
    }
}
