//! The front door: everything a command does, without the command line.

mod adopt;
mod change;
mod error;
mod identity;
mod lint;
mod mend;
mod saved;
mod status;
mod verify;

use std::collections::HashMap;

use crate::databases::Session;
use crate::history::{Detail, History, Scripts, Store};
use crate::lint::Linted;
use crate::migration::{Id, Migration};
use crate::plan::{self, Approved, Direction, Drift, Plan, Policy, Prefer, Refused, Target};
use crate::run::event::{Event, Listener};
use crate::run::{Connector, Settings};
use crate::sql::Lexis;

pub use adopt::{Adoption, Verdict, Wish};
pub use error::Error;
pub use identity::Identity;
pub use lint::Checks;
pub use mend::Resolution;
pub use saved::SavedPlan;
pub use status::{Condition, Line, Status};
pub use verify::{Difference, Verification};

/// A folder of migrations and the database they belong to.
pub struct Migrator {
    connector: Connector,
    migrations: Vec<Migration>,
    policy: Policy,
    settings: Settings,
    checks: Checks,
}

/// What would be run.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// Which way.
    pub direction: Direction,
    /// What the target's name turned out to be, if it had one.
    pub towards: Option<String>,
    /// Which down scripts it prefers.
    pub prefer: Prefer,
    /// The database it is for.
    pub database: Identity,
    /// The steps, split and checked.
    pub approved: Approved,
    /// What the linter says of it.
    pub linted: Linted,
    /// What an earlier run left half-done and is finished before it.
    pub recovers: Option<String>,
}

/// A change that a command asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// Apply.
    Up(Target),
    /// Undo.
    Down(Target, Prefer),
    /// Undo so many and apply them again.
    Redo(usize, Prefer),
    /// Whichever way leads to this name.
    Goto(String, Prefer),
    /// What was planned and written down: exactly that, or nothing.
    Plan(SavedPlan),
}

impl Request {
    /// Which down scripts it prefers.
    pub fn prefer(&self) -> Prefer {
        match self {
            Request::Up(_) => Prefer::Either,
            Request::Down(_, prefer) | Request::Redo(_, prefer) | Request::Goto(_, prefer) => *prefer,
            Request::Plan(plan) => plan.prefer,
        }
    }
}

impl Migrator {
    /// A migrator for these migrations and this database.
    pub fn new(connector: Connector, migrations: Vec<Migration>, policy: Policy, settings: Settings) -> Self {
        Migrator { connector, migrations, policy, settings, checks: Checks::default() }
    }

    /// The same, with what a project says to the linter.
    #[must_use]
    pub fn with_checks(self, mut checks: Checks) -> Self {
        // What the runner does is no danger, though it would be with others.
        checks.settings.suspends_foreign_keys = true;
        Migrator { checks, ..self }
    }

    /// The migrations that the files hold, in order.
    pub fn migrations(&self) -> &[Migration] {
        &self.migrations
    }

    /// Reads the history without the lock, and without writing anything. A SQLite file that does not exist yet has an
    /// empty history, and stays missing.
    async fn read(&self, detail: Detail, listener: &mut Listener<'_>) -> Result<Read, Error> {
        let address = &self.connector.address;
        if let Some(file) = address.clone().for_reading().missing_file()
            && (address.reads() || address.would_create())
        {
            let message = format!("there is no file `{}` yet, and so no history in it", file.display());
            listener(&Event::Warning { message: &message });
            return Ok(Read { session: None, history: History::default() });
        }
        let connector = Connector { address: self.connector.address.clone().for_reading(), ..self.connector.clone() };
        let mut start = connector.start(self.settings.wait, listener).await?;
        let (store, _) = connector.home(&*start.session);
        match start.read(&store, detail).await {
            Ok(history) => {
                if !history.has_begun() {
                    self.warn_of_empty_history(&mut *start.session, listener).await;
                }
                Ok(Read { session: Some((start.session, store)), history })
            }
            Err(error) => {
                start.session.close().await;
                Err(Error::Sql { doing: "read the history", error })
            }
        }
    }

    /// An empty history may be that of a mistyped name, or of a database that another tool manages.
    async fn warn_of_empty_history(&self, session: &mut dyn Session, listener: &mut Listener<'_>) {
        if !self.settings.beside
            && let Ok(Some(tool)) = self.other_tool(session).await
        {
            let message = format!(
                "{}, and nothing is run beside it: `migrate adopt` takes over what was applied, or say `--beside`",
                adopt::applied_by(tool)
            );
            listener(&Event::Warning { message: &message });
        }
        if self.settings.create_schema {
            return;
        }
        let Some(schema) = &self.connector.table.schema else { return };
        let Some(question) = self.connector.database.dialect().schema_exists(schema) else { return };
        if session.query(&question).await.is_ok_and(|rows| rows.is_empty()) {
            let message = format!("there is no schema `{schema}` that this login sees, and so no history in it");
            listener(&Event::Warning { message: &message });
        }
    }

    fn lexis(&self) -> &'static Lexis {
        self.connector.database.dialect().lexis()
    }

    /// `stored` has the scripts of what the plan undoes.
    fn approve(
        &self,
        plan: Plan,
        policy: &Policy,
        linted: &Linted,
        stored: &HashMap<Id, Scripts>,
    ) -> Result<Approved, Error> {
        let approved = plan.approve(policy, &linted.judgement.findings, self.connector.database.dialect());
        approved.map_err(|refused| match refused {
            Refused::Findings(_) => Error::Findings(Box::new(linted.clone())),
            Refused::Drift(drift) if drift.iter().any(|drift| matches!(drift, Drift::ChangedDown { .. })) => {
                let files = plan::by_id(&self.migrations);
                let edited = drift.iter().filter_map(Drift::edited);
                let difference = |(id, direction, _)| Difference::of(files.get(id)?, direction, stored.get(id)?);
                Error::WaysBack { differences: edited.filter_map(difference).collect(), drift }
            }
            refused => refused.into(),
        })
    }
}

/// A history with the session it was read on; none where there is no database yet.
struct Read {
    session: Option<(Box<dyn Session>, Store)>,
    history: History,
}

impl Read {
    async fn close(self) -> History {
        if let Some((session, _)) = self.session {
            session.close().await;
        }
        self.history
    }
}
