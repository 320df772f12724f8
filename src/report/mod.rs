//! Results as text for people and as JSON for programs: one file per format.
//!
//! To add a format, write its file with a [`Format`] and name it here twice.

mod diff;
pub mod findings;
mod json;
pub mod rules;
mod sanitize;
mod text;

use std::io::{self, Write};

use crate::databases::Holder;
use crate::history::Entry;
use crate::layouts::Converted;
use crate::migration::Id;
use crate::migrator::{Adoption, Proposal, Status, Verification};
use crate::run::Outcome;
use crate::run::event::Event;

pub use diff::{unified, write_difference};
pub use json::{Json, difference_value};
pub use sanitize::{redact_sql, sanitize};
pub use text::{blocker_lines, finding_line, one_line};

/// Every format, the default first.
pub static ALL: &[&dyn Format] = &[&text::Text, &json::Json];

/// What a command found or did.
#[derive(Debug)]
pub enum Report<'a> {
    /// `status`.
    Status(&'a Status),
    /// `plan` and `--dry-run`.
    Proposal(&'a Proposal),
    /// `up`, `down`, `redo`, `goto`.
    Outcome(&'a Outcome),
    /// `verify`.
    Verification(&'a Verification),
    /// `log`.
    Log(&'a [Entry]),
    /// `baseline`, `repair`, `resolve`: what was done to which migrations.
    Marked {
        /// The word for what was done: `baselined`, `repaired`, `resolved`.
        done: &'static str,
        /// To which.
        ids: &'a [Id],
    },
    /// `tag`.
    Tagged {
        /// The tag.
        tag: &'a str,
        /// The history's last hash.
        head: &'a str,
    },
    /// `adopt`.
    Adoption(&'a Adoption),
    /// `lock`.
    Lock(Option<&'a Holder>),
    /// `new`: the files that were written.
    Created(&'a [std::path::PathBuf]),
    /// `convert`.
    Converted(&'a Converted, &'a [std::path::PathBuf]),
    /// `version`: the newest version that is applied.
    Version(Option<&'a Id>),
    /// `wait`.
    Ready,
}

/// A way of writing results.
pub trait Format: Sync {
    /// The value of `--format`.
    fn name(&self) -> &'static str;
    /// Writes a result.
    ///
    /// # Errors
    ///
    /// When the output cannot be written.
    fn report(&self, report: &Report<'_>, out: &mut dyn Write) -> io::Result<()>;
    /// Writes something that happens during a run.
    ///
    /// # Errors
    ///
    /// When the output cannot be written.
    fn event(&self, event: &Event<'_>, out: &mut dyn Write) -> io::Result<()>;
    /// Whether a progress bar fits beside it.
    fn is_for_people(&self) -> bool;
}

/// The format of this name.
pub fn find(name: &str) -> Option<&'static dyn Format> {
    ALL.iter().find(|format| format.name() == name).copied()
}
