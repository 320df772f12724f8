//! `baseline`, `tag`, `repair` and `resolve`: mending and marking the history.

use crate::databases::Holder;
use crate::history::{Fact, History, Kind, State};
use crate::migration::{Id, Migration, Version, title};
use crate::plan::{self, Drift, Mark, Point, Target, Unresolved};
use crate::run::Locked;
use crate::run::event::{Event, Listener};

use super::{Error, Migrator};

/// What a human decided about a half-done migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// All of it took effect.
    Applied,
    /// None of it remains.
    Reverted,
    /// The statement of this number, from 1, took effect.
    Done(usize),
    /// The statement of this number, from 1, did not take effect and is to run again.
    Again(usize),
}

impl Migrator {
    /// Declares every migration up to a version, or a named one, applied, without running any.
    ///
    /// # Errors
    ///
    /// When the history has entries already, a migration is half-done, the name means nothing, or the server refuses.
    pub async fn baseline(&self, name: &str, listener: &mut Listener<'_>) -> Result<Vec<Id>, Error> {
        let until = match name.parse::<Version>() {
            Ok(version) => Id::Version(version),
            Err(_) => plan::in_files(name, &self.migrations)?.id.clone(),
        };
        let versions = self.migrations.iter().map(|migration| &migration.id).filter(|id| id.version().is_some());
        if let Some(newest) = versions.max().filter(|newest| until.version().is_some() && **newest < until) {
            return Err(Error::usage(
                format!("there is no file of version `{until}`, and `{newest}` is the newest"),
                "give the version that the database is at; files that are newer are applied by the next `migrate up`",
            ));
        }
        self.with_lock(listener, async |locked, listener| {
            nothing_half_done(locked, "a baseline")?;
            self.refuse_taken_release(locked.history())?;
            if let Some(newest) = locked.history().newest() {
                return Err(Error::usage(
                    format!("the history already has `{}`", newest.id),
                    "a baseline is for a database that was never migrated with this tool; `migrate status` shows what is applied",
                ));
            }
            let place = self.migrations.iter().position(|migration| migration.id == until);
            let reached = |(at, migration): &(usize, &Migration)| {
                place.map_or(migration.id < until, |place| *at <= place) && !migration.id.is_repeatable()
            };
            let known: Vec<&Migration> =
                self.migrations.iter().enumerate().filter(reached).map(|(_, migration)| migration).collect();
            let mut facts: Vec<Fact<'_>> = known
                .iter()
                .map(|migration| Fact {
                    up: Some(&migration.up),
                    down: migration.down.as_deref(),
                    release: self.settings.release.as_deref(),
                    ..Fact::new(Kind::Baseline, Some(&migration.id), &migration.name)
                })
                .collect();
            if !known.iter().any(|migration| migration.id == until) {
                facts.push(Fact::new(Kind::Baseline, Some(&until), "baseline"));
            }
            let ids = facts.iter().filter_map(|fact| fact.id.cloned()).collect();
            locked.record(&facts, listener).await?;
            Ok(ids)
        })
        .await
    }

    /// Gives the present state a name to go back to.
    ///
    /// # Errors
    ///
    /// When the name is taken, a migration is half-done, or the server refuses.
    pub async fn tag(&self, name: &str, listener: &mut Listener<'_>) -> Result<String, Error> {
        check_name(name, "a tag")?;
        if name.chars().all(|c| c.is_ascii_digit()) {
            let message = format!("`{name}` cannot be a tag: digits alone are a version");
            return Err(Error::usage(message, "choose a name such as `v2.3` or `before-import`"));
        }
        self.with_lock(listener, async |locked, listener| {
            nothing_half_done(locked, "a tag")?;
            if let Some(owner) = self.owner(name, locked.history()) {
                return Err(taken(&owner, name));
            }
            locked.record(&[Fact { tag: Some(name), ..Fact::new(Kind::Tag, None, "") }], listener).await?;
            Ok(locked.history().head().hash)
        })
        .await
    }

    /// Refuses a release of no name, and a new one of a name that something else has.
    pub(super) fn refuse_taken_release(&self, history: &History) -> Result<(), Error> {
        let Some(release) = self.settings.release.as_deref() else { return Ok(()) };
        check_name(release, "a release")?;
        // One that is known already may start again, whatever has its name since.
        if history.entries().iter().any(|entry| entry.release.as_deref() == Some(release)) {
            return Ok(());
        }
        // Release 1.0.0 is not refused because of migration 0001: whoever goes back to a number is asked which of them.
        let is_number = release.parse::<Version>().is_ok();
        let owner =
            if is_number { self.owner(&format!("tag:{release}"), history) } else { self.owner(release, history) };
        owner.map_or(Ok(()), |owner| Err(taken(&owner, release)))
    }

    /// What has this name already, so that a tag of the same would leave open which of the two is meant.
    fn owner(&self, name: &str, history: &History) -> Option<String> {
        let migration = |title: String| format!("the migration `{title}`");
        match plan::in_history(name, history) {
            Ok(Point { mark: Mark::Migration(id), .. }) => {
                let applied = history.find(&id);
                return Some(migration(applied.map_or(id.to_string(), |applied| title(&id, &applied.name))));
            }
            Ok(Point { mark: Mark::Tag(_), .. }) => return Some("a tag".to_owned()),
            Ok(Point { mark: Mark::Release(_), .. }) => return Some("a release".to_owned()),
            Ok(Point { mark: Mark::Empty, .. }) => return Some("the empty schema".to_owned()),
            Err(Unresolved::Ambiguous { versions, .. }) => {
                return Some(format!("each of the migrations {}", versions.join(", ")));
            }
            Err(Unresolved::Several { meanings, .. }) => {
                let meanings: Vec<String> = meanings.iter().map(Mark::to_string).collect();
                return Some(format!("each of {}", meanings.join(" and ")));
            }
            Err(_) => {}
        }
        // A file that is yet to be applied has the name from then on.
        match plan::in_files(name, &self.migrations) {
            Ok(file) => Some(migration(file.title())),
            Err(Unresolved::Ambiguous { versions, .. }) => {
                Some(format!("each of the migrations {}", versions.join(", ")))
            }
            Err(_) => None,
        }
    }

    /// Accepts edited files as they are now, and forgets migrations whose files are gone for good.
    ///
    /// # Errors
    ///
    /// When one of them is neither, or the server refuses.
    pub async fn repair(
        &self,
        accept: &[String],
        forget: &[String],
        listener: &mut Listener<'_>,
    ) -> Result<Vec<Id>, Error> {
        self.with_lock(listener, async |locked, listener| {
            let history = locked.history().clone();
            let plan = plan::up(&self.migrations, &history, &Target::All, self.lexis())?;
            let files = plan::by_id(&self.migrations);
            let meant = |names: &[String]| names.iter().map(|name| self.meant(name, &history)).collect::<Result<Vec<Id>, Error>>();
            let (accept, forget) = (meant(accept)?, meant(forget)?);
            let accepted = |id: &Id| (accept.is_empty() && forget.is_empty()) || accept.contains(id);
            let mut facts: Vec<Fact<'_>> = Vec::new();
            for drift in &plan.drift {
                match drift {
                    Drift::Changed { id, .. } | Drift::ChangedDown { id, .. } if accepted(id) => {
                        // Both scripts of a migration are accepted at once.
                        let is_new = !facts.iter().any(|fact| fact.id == Some(id));
                        if let Some(file) = files.get(id).filter(|_| is_new) {
                            facts.push(Fact {
                                up: Some(&file.up),
                                down: file.down.as_deref(),
                                ..Fact::new(Kind::Repair, Some(&file.id), &file.name)
                            });
                        }
                    }
                    Drift::Missing { id, name } | Drift::Ahead { id, name, .. } if forget.contains(id) => {
                        facts
                            .push(Fact { tag: Some("forgotten by repair"), ..Fact::new(Kind::Revert, Some(id), name) });
                    }
                    _ => {}
                }
            }
            for id in accept.iter().chain(&forget) {
                if !facts.iter().any(|fact| fact.id == Some(id)) {
                    return Err(Error::usage(
                        format!("there is nothing to repair about `{id}`"),
                        "`migrate verify` shows what disagrees",
                    ));
                }
            }
            let ids: Vec<Id> = facts.iter().filter_map(|fact| fact.id.cloned()).collect();
            if !facts.is_empty() {
                locked.record(&facts, listener).await?;
                if let Some(tool) = self.mirror(&history) {
                    let message = format!(
                        "the records of {tool} are kept current, but for this: there, {} still stands as it was applied; put that right by hand before the tool is used again",
                        plan::listed(&ids)
                    );
                    listener(&Event::Warning { message: &message });
                }
            }
            Ok(ids)
        })
        .await
    }

    /// The migration that a word means, be it in the files, in the history or in both.
    fn meant(&self, word: &str, history: &History) -> Result<Id, Error> {
        let in_files = self.migrations.iter().map(|migration| (&migration.id, migration.name.as_str()));
        let applied = history.applied().map(|applied| (&applied.id, applied.name.as_str()));
        let all: Vec<_> = in_files.chain(applied).collect();
        if let Some((id, _)) = all.iter().find(|(id, _)| same(word, id)) {
            return Ok((*id).clone());
        }
        let mut called: Vec<&Id> =
            all.into_iter().filter(|(id, name)| plan::is_called(word, id, name)).map(|(id, _)| id).collect();
        called.sort();
        called.dedup();
        match called[..] {
            [id] => Ok(id.clone()),
            [] => Err(Error::usage(
                format!("`{word}` is no migration among the files or in the history"),
                "`migrate status` lists them all",
            )),
            _ => {
                let versions = called.iter().map(ToString::to_string).collect();
                Err(Unresolved::Ambiguous { name: word.to_owned(), versions }.into())
            }
        }
    }

    /// Records what a human decided about the half-done migration.
    ///
    /// # Errors
    ///
    /// When there is no such migration, or the server refuses.
    pub async fn resolve(
        &self,
        version: &str,
        resolution: Resolution,
        listener: &mut Listener<'_>,
    ) -> Result<Id, Error> {
        self.with_lock(listener, async |locked, _| {
            let entry = locked.history().unfinished().cloned();
            let Some((entry, id)) = entry.and_then(|entry| entry.id.clone().map(|id| (entry, id))) else {
                return Err(Error::usage(
                    "no migration is half-done",
                    "`migrate status` shows where every migration stands",
                ));
            };
            if !same(version, &id) && !plan::is_called(version, &id, &entry.name) {
                return Err(Error::usage(
                    format!("`{id}` is half-done, not `{version}`"),
                    format!("say `migrate resolve {id} …`"),
                ));
            }
            let (state, done, note) = match resolution {
                // What is half-done may be a way back: "applied" then means that the way back did not happen.
                Resolution::Applied if entry.kind == Kind::Revert => (Some(State::Abandoned), 0, "applied"),
                Resolution::Reverted if entry.kind == Kind::Revert => {
                    (Some(State::Done), entry.statements_total, "reverted")
                }
                Resolution::Applied => (Some(State::Done), entry.statements_total, "applied"),
                Resolution::Reverted => (Some(State::Abandoned), 0, "reverted"),
                Resolution::Done(statement) => (None, statement, "done"),
                Resolution::Again(statement) => (None, statement.saturating_sub(1), "again"),
            };
            if let Resolution::Done(statement) | Resolution::Again(statement) = resolution
                && statement != entry.statements_done + 1
            {
                let next = entry.statements_done + 1;
                return Err(Error::usage(
                    format!("statement {next} is the one in doubt, not {statement}"),
                    format!("say `--statement {next}`"),
                ));
            }
            let note = match resolution {
                Resolution::Done(statement) | Resolution::Again(statement) => format!("statement {statement}: {note}"),
                _ => note.to_owned(),
            };
            self.keep_beside(locked, &[(id.clone(), entry.name.to_string())]).await?;
            let fact = Fact { tag: Some(&note), ..Fact::new(Kind::Resolve, Some(&id), &entry.name) };
            locked.settle(&entry, state, done, &fact).await?;
            Ok(id)
        })
        .await
    }

    /// Waits until the server can be reached, as long as the settings say.
    ///
    /// # Errors
    ///
    /// When it cannot.
    pub async fn wait(&self, listener: &mut Listener<'_>) -> Result<(), Error> {
        let session = self.connector.connect(self.settings.wait, listener).await?;
        session.close().await;
        Ok(())
    }

    /// Who holds the lock at this moment.
    ///
    /// # Errors
    ///
    /// When the server cannot be reached or refuses.
    pub async fn lock_holder(&self, listener: &mut Listener<'_>) -> Result<Option<Holder>, Error> {
        if self.connector.address.clone().for_reading().missing_file().is_some() {
            return Ok(None);
        }
        let mut session = self.connector.connect(self.settings.wait, listener).await?;
        let (_, lock) = self.connector.home(&*session);
        let holder = session.holder(&lock).await;
        session.close().await;
        holder.map_err(|error| Error::Sql { doing: "ask who holds the lock", error })
    }

    pub(super) async fn with_lock<T>(
        &self,
        listener: &mut Listener<'_>,
        work: impl AsyncFnOnce(&mut Locked, &mut Listener<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut locked = Locked::take(self.connector.clone(), self.settings.clone(), listener).await?;
        let result = work(&mut locked, listener).await;
        locked.release().await;
        result
    }
}

/// Refuses what nobody could ask for again: an empty variable of a pipeline, for one.
fn check_name(name: &str, what: &str) -> Result<(), Error> {
    let why = if name.trim().is_empty() {
        "it is empty"
    } else if name.chars().any(char::is_control) {
        "it has control characters"
    } else if ["version:", "tag:", "release:"].iter().any(|kind| name.starts_with(kind)) {
        "what stands before the colon says what kind of name it is, wherever a name is asked for"
    } else {
        return Ok(());
    };
    let message = format!("`{}` cannot be {what}: {why}", name.escape_debug());
    Err(Error::usage(message, "choose a name such as `v2.3`"))
}

fn taken(owner: &str, name: &str) -> Error {
    Error::usage(
        format!("{owner} has the name `{name}` already"),
        "a name that means two states is no way back; `migrate log` shows what there is; choose another",
    )
}

/// Refuses what would be built on a state that is not known yet.
fn nothing_half_done(locked: &Locked, wish: &'static str) -> Result<(), Error> {
    let Some(entry) = locked.history().unfinished() else { return Ok(()) };
    let Some(id) = entry.id.clone() else { return Ok(()) };
    Err(Error::Unfinished { id, name: entry.name.to_string(), wish })
}

/// Whether a name on the command line means this migration.
fn same(name: &str, id: &Id) -> bool {
    match id {
        Id::Version(version) => name.parse::<Version>().is_ok_and(|named| named == *version),
        Id::Named(_) | Id::Repeatable(_) => id.to_string() == name,
    }
}
