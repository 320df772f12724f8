//! What the linter found, for people, for programs and for the places where code is reviewed: one file per format.
//!
//! To add a format, write its file with a [`Findings`] and name it here twice.

mod excerpt;
mod fingerprint;
mod located;
mod plain_json;
mod summary;
mod xml;

mod checkstyle;
mod github;
mod gitlab;
mod human;
mod json;
mod junit;
mod markdown;
mod sarif;

use std::io::{self, Write};

use crate::lint::Linted;

/// Every format, the default first.
pub static ALL: &[&dyn Findings] = &[
    &human::Human,
    &json::Json,
    &github::Github,
    &gitlab::Gitlab,
    &sarif::Sarif,
    &junit::Junit,
    &markdown::Markdown,
    &checkstyle::Checkstyle,
];

/// A way of writing what the linter found.
pub trait Findings: Sync {
    /// The value of `--format`.
    fn name(&self) -> &'static str;
    /// Writes everything that was found.
    ///
    /// # Errors
    ///
    /// When the output cannot be written.
    fn write(&self, linted: &Linted, out: &mut dyn Write) -> io::Result<()>;
}

/// The format of this name.
pub fn find(name: &str) -> Option<&'static dyn Findings> {
    ALL.iter().find(|format| format.name() == name).copied()
}
