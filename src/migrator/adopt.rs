//! `adopt`: taking over the history that another tool wrote, and keeping that current from then on.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::adopt::{self, Agreement, Lock, Mirrored, Place, Record, Standing, Tool};
use crate::databases::{About, Dialect, Holder, Session, SqlError};
use crate::history::{Fact, History, Kind, MIRROR, State};
use crate::migration::{Id, Migration, title};
use crate::run::event::Listener;
use crate::run::{Beside, LockError, Locked, RunError};

use super::{Error, Migrator};

/// What is asked of `adopt`.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// The tool; none is the one whose tables are found.
    pub from: Option<String>,
    /// Write nothing.
    pub dry_run: bool,
    /// Keep the tool's records current from then on, or no longer.
    pub mirror: Option<bool>,
    /// Take edited files for those that were applied.
    pub accept_edited: bool,
}

/// What was taken over, or would be.
#[derive(Clone, Debug)]
pub struct Adoption {
    /// The tool, and where its history is.
    pub tool: &'static str,
    /// What became of each record, in the tool's order.
    pub records: Vec<(String, Verdict)>,
    /// What no record speaks of.
    pub pending: Vec<String>,
    /// How many entries were written, or would be.
    pub adopted: usize,
    /// How many records were in our history already.
    pub known: usize,
    /// Whether nothing was written because it was not asked for.
    pub dry_run: bool,
    /// Whether nothing was written because files were edited.
    pub refused: bool,
    /// Whether the tool's records are kept current from now on.
    pub mirrored: bool,
    /// Whether they were until now.
    pub unmirrored: bool,
}

/// What became of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is that of a file, whose text is the one that was applied.
    Matched,
    /// It is that of a file; whether the text is the same nobody can tell, and why.
    Unverified(&'static str),
    /// Its file was edited since.
    Edited {
        /// The checksum that was recorded.
        recorded: String,
        /// The file's.
        found: String,
    },
    /// Its file changed, and runs again, as it is meant to.
    RunsAgain,
    /// It has no file, and is newer than every file: it is taken over without.
    Ahead,
    /// It has no file, and is left where it is.
    OnlyThere,
    /// It began, and did not end well.
    HalfDone(String),
}

impl Verdict {
    /// The word for people and programs.
    pub fn word(&self) -> &'static str {
        match self {
            Verdict::Matched => "matched",
            Verdict::Unverified(_) => "unverified",
            Verdict::Edited { .. } => "edited",
            Verdict::RunsAgain => "runs again",
            Verdict::Ahead => "ahead",
            Verdict::OnlyThere => "only there",
            Verdict::HalfDone(_) => "half-done",
        }
    }

    /// What there is to say of it.
    pub fn note(&self) -> Option<String> {
        Some(match self {
            Verdict::Matched => return None,
            Verdict::Unverified(why) => (*why).to_owned(),
            Verdict::Edited { recorded, found } => format!("recorded {recorded}, the file has {found}"),
            Verdict::RunsAgain => "its text changed since".to_owned(),
            Verdict::Ahead => "it has no file here and is newer than every file; it counts as applied".to_owned(),
            Verdict::OnlyThere => "it has no file here and is not taken over".to_owned(),
            Verdict::HalfDone(why) => why.clone(),
        })
    }
}

impl Migrator {
    /// Takes over what another tool applied. The tool's tables are only read.
    ///
    /// # Errors
    ///
    /// When no such tool, or more than one, has been at work here; when it is at work now; or the server refuses.
    pub async fn adopt(&self, wish: &Wish, listener: &mut Listener<'_>) -> Result<Adoption, Error> {
        self.with_lock(listener, async |locked: &mut Locked, listener: &mut Listener<'_>| {
            let place = place(locked.session().about(), locked.dialect());
            let mirror = locked.history().mirror().and_then(adopt::find);
            let tool = match (find(locked, &place, wish.from.as_deref()).await, mirror) {
                (Ok(tool), _) => tool,
                (Err(_), Some(mirror))
                    if wish.mirror == Some(false) && wish.from.as_deref().is_none_or(|name| name == mirror.name()) =>
                {
                    return self.end_mirror(locked, mirror, wish, listener).await;
                }
                (Err(error), _) => return Err(error),
            };
            if !wish.dry_run {
                locked.prepare_history(listener).await?;
            }
            let lock = tool.lock(&place);
            self.take(locked, tool, &lock).await?;
            let outcome = self.take_over(locked, tool, &place, &lock, wish).await;
            locked.abandon().await;
            if let Lock::Advisory { release, .. } = &lock {
                // The session's end frees it in any case.
                let _ = locked.ask_rows("give the other tool's lock back", release).await;
            }
            outcome
        })
        .await
    }

    /// Takes the tool's own lock where it has one by name, as long as we would wait for ours.
    async fn take(&self, locked: &mut Locked, tool: &dyn Tool, lock: &Lock) -> Result<(), Error> {
        let Lock::Advisory { take, .. } = lock else { return Ok(()) };
        let start = Instant::now();
        loop {
            let rows = locked.ask_rows("take the other tool's lock", take).await?;
            if rows.first().is_some_and(|row| matches!(row.first(), Some(Some(word)) if word == "t" || word == "1")) {
                return Ok(());
            }
            if start.elapsed() >= self.settings.lock_wait {
                return Err(held(tool, start.elapsed()));
            }
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    }

    async fn take_over(
        &self,
        locked: &mut Locked,
        tool: &'static dyn Tool,
        place: &Place,
        lock: &Lock,
        wish: &Wish,
    ) -> Result<Adoption, Error> {
        let first = match lock {
            Lock::Table(table) if place.is("postgres") => {
                vec![format!("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE", place.table(table))]
            }
            Lock::Table(table) if place.is_mysql() => {
                vec![format!("SELECT COUNT(*) FROM {} FOR UPDATE", place.table(table))]
            }
            _ => Vec::new(),
        };
        locked.open(&[], &first).await?;
        if let Lock::Row(query) = lock {
            let rows = locked.ask_rows("look whether the other tool is at work", query).await?;
            if rows.first().is_some_and(|row| matches!(row.first(), Some(Some(word)) if word == "t" || word == "1")) {
                return Err(held(tool, Duration::ZERO));
            }
        }
        let records = tool.read(place, locked.session_mut(), &self.migrations).await;
        let records = records.map_err(|error| Error::Sql { doing: "read the other tool's history", error })?;
        let history = locked.history().clone();
        let judged = self.judge(tool, &records, &history, wish);
        let mut facts: Vec<(Fact<'_>, State, usize)> = judged.iter().filter_map(|one| one.fact(self, tool)).collect();
        // At most one can be half-done, and whatever follows must not stand before it.
        facts.sort_by_key(|(_, state, _)| *state == State::Running);
        let adopted = facts.len();
        let edited = judged.iter().any(|one| matches!(one.verdict, Some(Verdict::Edited { .. })));
        let refused = edited && !wish.accept_edited;
        let wanted = wish.mirror.map(|on| on.then_some(tool.name())).filter(|wanted| *wanted != history.mirror());
        let note = wanted.map(mirror_note);
        if let Some(note) = &note {
            facts.push((mirror_fact(note, tool), State::Done, 0));
        }
        let recorded = if refused { history.mirror() } else { wanted.unwrap_or(history.mirror()) };
        if !refused && !wish.dry_run && !facts.is_empty() {
            locked.close_with(&facts).await?;
        }
        let taken: Vec<&Id> = judged.iter().filter_map(|one| one.file.map(|file| &file.id)).collect();
        let spoken_of: std::collections::HashSet<&Id> = taken.into_iter().collect();
        let is_pending =
            |migration: &&Migration| !spoken_of.contains(&migration.id) && history.find(&migration.id).is_none();
        Ok(Adoption {
            tool: tool.about(),
            pending: self.migrations.iter().filter(is_pending).map(Migration::title).collect(),
            known: judged.iter().filter(|one| one.verdict.is_none()).count(),
            records: judged.into_iter().filter_map(|one| Some((one.title(), one.verdict?))).collect(),
            adopted,
            dry_run: wish.dry_run,
            refused,
            mirrored: self.settings.mirror.as_deref().or(recorded) == Some(tool.name()),
            unmirrored: wanted == Some(None) && !refused,
        })
    }

    /// Ends the keeping of records that are not there any more.
    async fn end_mirror(
        &self,
        locked: &mut Locked,
        tool: &'static dyn Tool,
        wish: &Wish,
        listener: &mut Listener<'_>,
    ) -> Result<Adoption, Error> {
        if !wish.dry_run {
            locked.record(&[mirror_fact(&mirror_note(None), tool)], listener).await?;
        }
        let history = locked.history();
        let is_pending = |migration: &&Migration| history.find(&migration.id).is_none();
        Ok(Adoption {
            tool: tool.about(),
            records: Vec::new(),
            pending: self.migrations.iter().filter(is_pending).map(Migration::title).collect(),
            adopted: 0,
            known: 0,
            dry_run: wish.dry_run,
            refused: false,
            mirrored: false,
            unmirrored: true,
        })
    }

    fn judge<'a>(&'a self, tool: &dyn Tool, records: &'a [Record], history: &History, wish: &Wish) -> Vec<Judged<'a>> {
        let files = crate::plan::by_id(&self.migrations);
        let newest = self.migrations.iter().filter_map(|migration| migration.id.version()).max();
        let one = |record: &'a Record| {
            let exact = files.get(&record.id).copied().filter(|file| tool.is_of(record, file));
            let file = exact.or_else(|| self.migrations.iter().find(|file| tool.is_of(record, file)));
            let id = file.map_or(&record.id, |file| &file.id);
            let half_done = history.unfinished().is_some_and(|entry| entry.id.as_ref() == Some(id));
            let verdict = match (file, &record.standing) {
                _ if half_done || history.find(id).is_some() => None,
                (Some(_), Standing::HalfDone { why, .. }) => Some(Verdict::HalfDone(why.clone())),
                (Some(file), Standing::Applied) => Some(match tool.compare(record, file) {
                    Agreement::Same => Verdict::Matched,
                    Agreement::Unknown(why) => Verdict::Unverified(why),
                    Agreement::Other { .. } if file.repeats().is_some() => Verdict::RunsAgain,
                    Agreement::Other { recorded, found } => Verdict::Edited { recorded, found },
                }),
                (None, _) => Some(match record.id.version() {
                    Some(version) if newest.is_none_or(|newest| version > newest) => Verdict::Ahead,
                    _ => Verdict::OnlyThere,
                }),
            };
            Judged { record, file, verdict, accept: wish.accept_edited }
        };
        records.iter().map(one).collect()
    }

    /// The tool whose records are kept beside ours, if one is.
    pub(super) fn mirror<'h>(&'h self, history: &'h History) -> Option<&'h str> {
        self.settings.mirror.as_deref().or_else(|| history.mirror()).filter(|tool| *tool != "off")
    }

    /// What another tool is to be told of these migrations, where its records are kept beside ours.
    pub(super) async fn keep_beside(&self, locked: &mut Locked, ids: &[(Id, String)]) -> Result<(), Error> {
        let Some(tool) = self.mirror(locked.history()).and_then(adopt::find) else { return Ok(()) };
        let place = place(locked.session().about(), locked.dialect());
        let reach = Arc::new(tool.reach(&place));
        locked.keep_beside(Beside { reach: Arc::clone(&reach), ..Beside::default() }).await?;
        let context = tool.before_mirroring(&place, locked.session_mut()).await;
        let context = context.map_err(|error| Error::Sql { doing: "read the other tool's history", error })?;
        let files = crate::plan::by_id(&self.migrations);
        let mut statements = HashMap::new();
        for (id, name) in ids {
            let smaller = |other: &&Id| id.version().is_some() && other.version().is_some() && *other < id;
            let before = self.migrations.iter().map(|migration| &migration.id).filter(smaller).max();
            let migration = Mirrored { id, name, file: files.get(id).copied(), before, context: &context };
            statements.insert((id.clone(), true), tool.applied(&place, &migration));
            statements.insert((id.clone(), false), tool.undone(&place, &migration));
        }
        Ok(locked.keep_beside(Beside { reach, statements: Arc::new(statements) }).await?)
    }
}

/// A record, the file that it is about, and what becomes of it; no verdict where our history has it already.
struct Judged<'a> {
    record: &'a Record,
    file: Option<&'a Migration>,
    verdict: Option<Verdict>,
    accept: bool,
}

impl<'a> Judged<'a> {
    fn title(&self) -> String {
        match self.file {
            Some(file) => file.title(),
            None => title(&self.record.id, &self.record.name),
        }
    }

    fn fact(&self, migrator: &Migrator, tool: &'static dyn Tool) -> Option<(Fact<'a>, State, usize)> {
        let source = Some((tool.name(), self.record.checksum.as_deref()));
        let of_file = |file: &'a Migration| Fact {
            up: Some(&file.up),
            down: file.down.as_deref(),
            source,
            ..Fact::new(Kind::Adopt, Some(&file.id), &file.name)
        };
        match (self.verdict.as_ref()?, self.file) {
            (Verdict::Matched | Verdict::Unverified(_), Some(file)) => Some((of_file(file), State::Done, 0)),
            (Verdict::Edited { .. }, Some(file)) if self.accept => Some((of_file(file), State::Done, 0)),
            (Verdict::HalfDone(_), Some(file)) => {
                let Standing::HalfDone { done, .. } = self.record.standing else { return None };
                let statements = file.up.statements(migrator.lexis()).map_or(0, |statements| statements.len());
                // Its note is what a later run says of it.
                let fact = Fact { statements, tag: Some(tool.name()), ..of_file(file) };
                Some((fact, State::Running, done.min(statements)))
            }
            (Verdict::Ahead, None) => Some((
                Fact { source, ..Fact::new(Kind::Adopt, Some(&self.record.id), &self.record.name) },
                State::Done,
                0,
            )),
            _ => None,
        }
    }
}

fn place(about: &About, dialect: &'static dyn Dialect) -> Place {
    Place {
        dialect,
        database: about.database.clone(),
        schema: dialect.home(about),
        file: (dialect.name() == "sqlite").then(|| PathBuf::from(&about.database)),
    }
}

/// The note of the entry that says whose records are kept beside ours, if anybody's.
fn mirror_note(tool: Option<&str>) -> String {
    format!("{MIRROR}{}", tool.unwrap_or("off"))
}

fn mirror_fact<'f>(note: &'f str, tool: &dyn Tool) -> Fact<'f> {
    Fact { tag: Some(note), source: Some((tool.name(), None)), ..Fact::new(Kind::Adopt, None, "") }
}

/// What another tool has done here.
pub(super) fn applied_by(tool: &dyn Tool) -> String {
    format!("{} has applied migrations to this database", tool.name())
}

impl Migrator {
    /// The tool that has applied migrations to this database, if it is one whose history can be taken over: to begin with
    /// the first one would run all of them again.
    pub(super) async fn other_tool(&self, session: &mut dyn Session) -> Result<Option<&'static dyn Tool>, SqlError> {
        let place = place(session.about(), self.connector.database.dialect());
        let signs: Vec<&str> = adopt::ALL.iter().map(|tool| tool.sign()).collect();
        if !place.any_table(session, &signs).await? {
            return Ok(None);
        }
        // What must be reached for first is no table of this database.
        for tool in adopt::ALL.iter().filter(|tool| tool.reach(&place).is_empty()) {
            if tool.is_here(&place, session).await? && !tool.read(&place, session, &self.migrations).await?.is_empty() {
                return Ok(Some(*tool));
            }
        }
        Ok(None)
    }
}

/// The tool that was named, or the one whose tables are there.
async fn find(locked: &mut Locked, place: &Place, from: Option<&str>) -> Result<&'static dyn Tool, Error> {
    let known = || adopt::ALL.iter().map(|tool| tool.name()).collect::<Vec<_>>().join(", ");
    let candidates: Vec<&'static dyn Tool> = match from {
        None => adopt::ALL.to_vec(),
        Some(name) => vec![adopt::find(name).ok_or_else(|| {
            Error::usage(format!("`{name}` is no tool that can be taken over from"), format!("known are {}", known()))
        })?],
    };
    let mut found = Vec::new();
    for tool in candidates {
        let reach = tool.reach(place);
        if !reach.is_empty() {
            locked.keep_beside(Beside { reach: Arc::new(reach), ..Beside::default() }).await?;
        }
        let is_here = tool.is_here(place, locked.session_mut()).await;
        if is_here.map_err(|error| Error::Sql { doing: "look for other tools' tables", error })? {
            found.push(tool);
        }
    }
    match found[..] {
        [tool] => Ok(tool),
        [] => Err(Error::usage(
            "no table of another tool is in this database",
            format!("looked for {}; `migrate baseline` declares migrations applied without one", known()),
        )),
        _ => {
            let names: Vec<&str> = found.iter().map(|tool| tool.name()).collect();
            Err(Error::usage(
                format!("several tools have tables in this database: {}", names.join(", ")),
                "name the one with `--from`",
            ))
        }
    }
}

fn held(tool: &dyn Tool, waited: Duration) -> Error {
    let holder = Holder { who: Some(tool.about().to_owned()), connection: "unknown".to_owned(), ..Holder::default() };
    Error::Run(RunError::Lock(LockError::Held { holder: Some(holder), waited }))
}
