//! JSON for programs: one stable object.
//!
//! Lines and columns count from 1, columns in characters; an end is the place after the last character. `statement` is the
//! number of the statement in its script, from 1, and null for what is found elsewhere. Fields may be added; none is taken
//! away or changes its meaning while `version` stays.

use std::io::{self, Write};

use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};

use super::located::{self, Counts, Located};
use super::{Findings, plain_json};
use crate::lint::Linted;
use crate::migration::Script;
use crate::sql::{LineIndex, Span};

/// See the module.
pub struct Json;

#[derive(Serialize)]
struct Document<'l> {
    version: u32,
    findings: Each<'l>,
    summary: Summary,
}

/// The findings, written one after the other.
struct Each<'l>(&'l Linted);

impl Serialize for Each<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut all = serializer.serialize_seq(None)?;
        located::each(self.0, |located| all.serialize_element(&finding(located)))?;
        all.end()
    }
}

#[derive(Serialize)]
struct Finding {
    rule: &'static str,
    severity: String,
    file: String,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    statement: Option<usize>,
    message: String,
    why: String,
    help: Option<String>,
    url: String,
    fix: Option<Fix>,
}

#[derive(Serialize)]
struct Fix {
    title: String,
    edits: Vec<Edit>,
    /// Edits of the migration's other script, the one that undoes it.
    other_edits: Vec<Edit>,
    following: Vec<Following>,
}

/// Text in place of a part of the file.
#[derive(Serialize)]
struct Edit {
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    text: String,
}

/// A migration that follows this one.
#[derive(Serialize)]
struct Following {
    name: String,
    up: String,
    down: String,
}

#[derive(Serialize)]
struct Summary {
    files: usize,
    statements: usize,
    unreadable: usize,
    errors: usize,
    warnings: usize,
    infos: usize,
    allowed: usize,
}

impl Findings for Json {
    fn name(&self) -> &'static str {
        "json"
    }

    fn write(&self, linted: &Linted, out: &mut dyn Write) -> io::Result<()> {
        let counts = Counts::of(linted);
        let judgement = &linted.judgement;
        let summary = Summary {
            files: judgement.scripts,
            statements: judgement.statements,
            unreadable: judgement.unreadable,
            errors: counts.errors,
            warnings: counts.warnings,
            infos: counts.infos,
            allowed: judgement.allowed,
        };
        plain_json::write(&Document { version: 1, findings: Each(linted), summary }, out)
    }
}

fn finding(located: &Located<'_>) -> Finding {
    let found = located.finding;
    Finding {
        rule: found.rule,
        severity: found.severity.to_string(),
        file: located.file(),
        line: located.start.line,
        column: located.start.column,
        end_line: located.end.line,
        end_column: located.end.column,
        statement: found.statement.map(|number| number + 1),
        message: found.message.clone(),
        why: located.why(),
        help: found.help.clone(),
        url: located::url(found.rule),
        fix: found.fix.as_ref().map(|fix| self::fix(fix, located)),
    }
}

fn fix(fix: &crate::lint::Fix, located: &Located<'_>) -> Fix {
    let other = located.other();
    let following =
        |one: &crate::lint::Following| Following { name: one.name.clone(), up: one.up.clone(), down: one.down.clone() };
    Fix {
        title: fix.title.clone(),
        edits: fix.edits.iter().map(|(span, text)| edit(*span, text, located.lines)).collect(),
        other_edits: match other.filter(|_| !fix.other_edits.is_empty()).map(Script::lines) {
            Some(lines) => fix.other_edits.iter().map(|(span, text)| edit(*span, text, &lines)).collect(),
            None => Vec::new(),
        },
        following: fix.following.iter().map(following).collect(),
    }
}

fn edit(span: Span, text: &str, lines: &LineIndex<'_>) -> Edit {
    let (start, end) = (lines.place(span.start), lines.place(span.end));
    Edit { line: start.line, column: start.column, end_line: end.line, end_column: end.column, text: text.to_owned() }
}
