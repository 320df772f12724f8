//! What migrations do to old code, new code, traffic and data: every rule over every change, minus what is allowed.
//!
//! Pure: the same scripts, dialect and server version always give the same findings. A rule sees one [`Change`] with
//! the facts that [`crate::schema`] resolved for it, and may ask its [`Context`] for the rest of the migration. The
//! migrations before those under judgement are replayed as history; what they built is *in use*, what the judged ones
//! create is not.
//!
//! One hazard is one finding: where two rules see the same, the less specific one looks for the other's case and is
//! silent. Lock and compatibility are two hazards.
//!
//! [`Change`]: crate::schema::Change

mod again;
mod algorithm;
mod allow;
mod baseline;
mod category;
mod court;
mod fate;
mod finding;
mod fix;
mod limits;
mod linted;
mod locks;
mod mending;
mod naming;
mod near;
mod online_tool;
mod page;
mod policies;
mod replaced;
mod reserved;
mod rule;
pub mod rules;
mod selector;
mod sequences;
mod server;
mod settings;
mod settle;
mod sqlite;
mod subject;
mod tables;
mod types;
mod written;

pub use baseline::{Baseline, Known};
pub use category::Category;
pub use finding::{Finding, Fix, Following, Place, Severity, Side};
pub use fix::{Edit, Mended, NewMigration, ScriptId, mend};
pub use linted::Linted;
pub use naming::{Naming, NamingError};
pub use online_tool::OnlineTool;
pub use page::{Example, Part};
pub use rule::{Check, Context, Findings, Rule, Undo};
pub use selector::{Selector, UnknownRule};
pub use server::{ServerVersion, VersionError};
pub use settings::{Level, Settings};
pub use subject::{Standing, Subject};
pub use tables::Tables;

use crate::databases::Dialect;
use crate::migration::Migration;
use court::Court;

/// What was judged and what was found.
#[derive(Clone, Debug, Default)]
pub struct Judgement {
    /// What was found, in the order of the migrations and of their text.
    pub findings: Vec<Finding>,
    /// How many scripts were judged.
    pub scripts: usize,
    /// How many statements were judged.
    pub statements: usize,
    /// How many of them could not be read.
    pub unreadable: usize,
    /// How many findings were allowed.
    pub allowed: usize,
}

/// Judges the migrations from number `judged` on; those before it are the history that they build on.
pub fn lint(migrations: &[Migration], judged: usize, dialect: &dyn Dialect, settings: &Settings) -> Judgement {
    let standing = |number| if number < judged { Standing::Deployed } else { Standing::Judged };
    let standings: Vec<Standing> = (0..migrations.len()).map(standing).collect();
    judge(migrations, &standings, dialect, settings)
}

/// Judges migrations as they stand to what is deployed, in the order in which they meet the database.
pub fn judge(
    migrations: &[Migration],
    standings: &[Standing],
    dialect: &dyn Dialect,
    settings: &Settings,
) -> Judgement {
    Court::new(migrations, dialect, settings).judge(standings)
}

/// For each migration under judgement whether code that ran before it can run after it; none where that is not known, and
/// for all others. Each is judged by itself, whatever is allowed and whichever rules are off.
pub fn compatible(
    migrations: &[Migration],
    standings: &[Standing],
    dialect: &dyn Dialect,
    settings: &Settings,
) -> Vec<Option<bool>> {
    Court::new(migrations, dialect, settings).compatible(standings)
}

#[cfg(test)]
mod tests;
