//! Workflow commands of GitHub Actions: each finding is an annotation of its line in the pull request.
//!
//! GitHub shows ten annotations of a kind for a step, and all of them in the step's log.

use std::io::{self, Write};

use super::Findings;
use super::located::{self, Located};
use super::summary::summary;
use crate::lint::{Linted, Severity};
use crate::report::sanitize::{sanitize, sanitize_log};

/// See the module.
pub struct Github;

impl Findings for Github {
    fn name(&self) -> &'static str {
        "github"
    }

    fn write(&self, linted: &Linted, out: &mut dyn Write) -> io::Result<()> {
        located::each(linted, |located| writeln!(out, "{}", command(located)))?;
        writeln!(out, "{}", summary(linted))
    }
}

fn command(located: &Located<'_>) -> String {
    let finding = located.finding;
    let kind = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "notice",
    };
    let (start, end) = (located.start, located.end);
    let mut properties = format!("file={},line={},endLine={}", property(&located.file()), start.line, end.line);
    // Columns are for annotations of one line only.
    if start.line == end.line {
        properties += &format!(",col={},endColumn={}", start.column, end.column);
    }
    let mut text = format!("{}\n{}", finding.message, located.why());
    if let Some(help) = &finding.help {
        text += &format!("\nInstead: {help}");
    }
    format!("::{kind} {properties},title={}::{}", property(finding.rule), data(&text))
}

/// Text after the second `::`.
fn data(text: &str) -> String {
    sanitize_log(&sanitize(text)).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
