//! GitLab's Code Quality report: a list of findings that a merge request shows when they are new.

use std::io::{self, Write};

use serde::Serialize;

use super::fingerprint::Fingerprints;
use super::located::{self, Located};
use super::{Findings, plain_json};
use crate::lint::{Linted, Severity};

/// See the module.
pub struct Gitlab;

#[derive(Serialize)]
struct Issue {
    description: String,
    check_name: &'static str,
    fingerprint: String,
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: usize,
    end: usize,
}

impl Findings for Gitlab {
    fn name(&self) -> &'static str {
        "gitlab"
    }

    fn write(&self, linted: &Linted, out: &mut dyn Write) -> io::Result<()> {
        let mut issues = Vec::with_capacity(linted.judgement.findings.len());
        let mut fingerprints = Fingerprints::default();
        located::each(linted, |located| {
            issues.push(issue(located, fingerprints.next(located)));
            Ok::<(), io::Error>(())
        })?;
        plain_json::write(&issues, out)
    }
}

fn issue(located: &Located<'_>, fingerprint: String) -> Issue {
    let finding = located.finding;
    let help = finding.help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
    let file = located.file();
    Issue {
        description: format!("{}{help}", finding.message),
        check_name: finding.rule,
        fingerprint,
        severity: match finding.severity {
            Severity::Error => "critical",
            Severity::Warning => "major",
            Severity::Info => "info",
        },
        location: Location {
            // Paths are compared with those of the repository.
            path: file.strip_prefix("./").unwrap_or(&file).to_owned(),
            lines: Lines { begin: located.start.line, end: located.end.line },
        },
    }
}
