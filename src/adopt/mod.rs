//! Taking over a database whose history another tool wrote: one file per tool.
//!
//! A tool's tables are read, under its own lock, and never written; what was applied is then in our history, too. Whoever
//! wants to be able to go back has the tool's rows kept current from then on: the statements for that are made here,
//! and run in the same transaction as our own record.
//!
//! To add a tool, write its file with a [`Tool`] and name it here twice.

mod place;
mod rows;

mod atlas;
mod dbmate;
mod diesel;
mod flyway;
mod golang_migrate;
mod goose;
mod graphile_migrate;
mod liquibase;
mod prisma;
mod refinery;
mod sqitch;
mod sqlx;

use async_trait::async_trait;

use crate::databases::{Session, SqlError};
use crate::migration::{Id, Migration};

pub use place::{Lock, Place};

/// Every tool, in the order in which help and documentation list them.
pub static ALL: &[&dyn Tool] = &[
    &golang_migrate::GOLANG_MIGRATE,
    &sqlx::SQLX,
    &flyway::FLYWAY,
    &liquibase::LIQUIBASE,
    &goose::GOOSE,
    &dbmate::DBMATE,
    &diesel::DIESEL,
    &refinery::REFINERY,
    &prisma::PRISMA,
    &atlas::ATLAS,
    &sqitch::SQITCH,
    &graphile_migrate::GRAPHILE_MIGRATE,
];

/// A tool whose history can be taken over.
#[async_trait]
pub trait Tool: Sync {
    /// The word for `--from` and for the history.
    fn name(&self) -> &'static str;
    /// The tool and where it keeps its history, for people.
    fn about(&self) -> &'static str;

    /// Statements that make its tables reachable, outside any transaction; most need none.
    fn reach(&self, place: &Place) -> Vec<String> {
        let _ = place;
        Vec::new()
    }
    /// The table by whose name it is noticed, in small letters; others may have one of that name.
    fn sign(&self) -> &'static str;
    /// Whether its tables are there.
    ///
    /// # Errors
    ///
    /// When the server refuses.
    async fn is_here(&self, place: &Place, session: &mut dyn Session) -> Result<bool, SqlError>;
    /// How it keeps others away while it works, and how this login can.
    fn lock(&self, place: &Place) -> Lock;
    /// What it recorded, in its order.
    ///
    /// # Errors
    ///
    /// When the server refuses, or a row means nothing.
    async fn read(
        &self,
        place: &Place,
        session: &mut dyn Session,
        files: &[Migration],
    ) -> Result<Vec<Record>, SqlError>;
    /// Whether a record is about this migration.
    fn is_of(&self, record: &Record, migration: &Migration) -> bool {
        record.id == migration.id
    }
    /// Whether the file is the one that was applied, by the tool's own checksum.
    fn compare(&self, record: &Record, migration: &Migration) -> Agreement;

    /// What must be known of its rows to write more of them.
    ///
    /// # Errors
    ///
    /// When the server refuses.
    async fn before_mirroring(&self, place: &Place, session: &mut dyn Session) -> Result<String, SqlError> {
        let _ = (place, session);
        Ok(String::new())
    }
    /// The statements that record a migration as the tool itself would. Each may be run twice.
    fn applied(&self, place: &Place, migration: &Mirrored<'_>) -> Vec<String>;
    /// The statements that take the record back. Each may be run twice.
    fn undone(&self, place: &Place, migration: &Mirrored<'_>) -> Vec<String>;
}

/// What a tool recorded of one migration.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// What it is known by, as the tool's layout has it.
    pub id: Id,
    /// Its name, as far as the tool records one.
    pub name: String,
    /// The tool's checksum.
    pub checksum: Option<String>,
    /// Whether it is applied.
    pub standing: Standing,
}

/// How far a record's migration is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// All of it.
    Applied,
    /// It began, and did not end well; why the tool says so, and how many statements are known to be done.
    HalfDone {
        /// In words for people.
        why: String,
        /// How many statements.
        done: usize,
    },
}

/// Whether a file is the one that was applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// It is.
    Same,
    /// It is another.
    Other {
        /// The checksum that was recorded.
        recorded: String,
        /// The file's, by the same algorithm.
        found: String,
    },
    /// Nobody can tell, and why.
    Unknown(&'static str),
}

/// A migration whose record is to be kept by another tool, too.
#[derive(Clone, Copy, Debug)]
pub struct Mirrored<'a> {
    /// What it is known by.
    pub id: &'a Id,
    /// Its name.
    pub name: &'a str,
    /// Its file; none where there is none.
    pub file: Option<&'a Migration>,
    /// The one whose version is the next smaller, if there is one.
    pub before: Option<&'a Id>,
    /// What was found [before mirroring](Tool::before_mirroring).
    pub context: &'a str,
}

/// The tool of this name.
pub fn find(name: &str) -> Option<&'static dyn Tool> {
    ALL.iter().find(|tool| tool.name() == name).copied()
}

impl Record {
    fn applied(id: Id, name: impl Into<String>, checksum: Option<String>) -> Self {
        Record { id, name: name.into(), checksum, standing: Standing::Applied }
    }
}

/// Compares a recorded checksum with those that the file may have by the tool's algorithm, the usual one first.
fn compare(recorded: Option<&str>, found: &[String]) -> Agreement {
    match (recorded, found) {
        (None, _) => Agreement::Unknown("the tool recorded no checksum"),
        (Some(_), []) => Agreement::Unknown("the file has no checksum of this kind"),
        (Some(recorded), [first, ..]) => match found.iter().any(|found| found.eq_ignore_ascii_case(recorded)) {
            true => Agreement::Same,
            false => Agreement::Other { recorded: recorded.to_owned(), found: first.clone() },
        },
    }
}

const NO_CHECKSUM: Agreement = Agreement::Unknown("the tool keeps no checksums");
