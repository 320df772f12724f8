//! For people: the source line underlined, what happens here, why, what to write instead, and the change that does it.
//!
//! It is styled; whoever writes to a pipe strips that.

use std::io::{self, Write};

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Patch, Renderer, Snippet};

use super::Findings;
use super::excerpt::Excerpt;
use super::located::{self, Located};
use super::summary::summary;
use crate::lint::{Fix, Following, Linted, Severity};
use crate::report::sanitize::{sanitize, sanitize_line, sanitize_log};
use crate::sql::Span;

/// See the module.
pub struct Human;

impl Findings for Human {
    fn name(&self) -> &'static str {
        "human"
    }

    fn write(&self, linted: &Linted, out: &mut dyn Write) -> io::Result<()> {
        let renderer = Renderer::styled();
        located::each(linted, |located| writeln!(out, "{}\n", sanitize_log(&told(located, &renderer))))?;
        writeln!(out, "{}", summary(linted))
    }
}

/// A finding with all that belongs to it.
fn told(located: &Located<'_>, renderer: &Renderer) -> String {
    let finding = located.finding;
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Info => Level::INFO,
    };
    let title = level.primary_title(sanitize_line(&finding.message).into_owned()).id(finding.rule);
    let start = located.start;
    let excerpt = Excerpt::of(&located.script.text, &[finding.span]);
    let before = excerpt.marks.first().map_or(0, |mark| excerpt.text[..mark.start].chars().count());
    let marks = excerpt.marks.into_iter().map(|mark| AnnotationKind::Primary.span(mark));
    let source = Snippet::source(excerpt.text).line_start(start.line).annotations(marks);
    let file = sanitize_line(&located.file()).into_owned();
    let mut group = title.element(source.path(&file));
    let why = located.why();
    if !why.is_empty() {
        group = group.element(Level::NOTE.message(why));
    }
    if let Some(help) = &finding.help {
        group = group.element(Level::HELP.message(sanitize_line(help).into_owned()));
    }
    let mut groups = vec![group];
    if let Some(fix) = &finding.fix {
        groups.extend(patch(fix, located));
        groups.extend(fix.following.iter().map(following));
    }
    let told = renderer.render(&groups);
    if before + 1 == start.column {
        return told;
    }
    // The line is not shown as it is in the file, so that its columns are others.
    let place = |column| format!("{file}:{}:{column}", start.line);
    told.replacen(&place(before + 1), &place(start.column), 1)
}

/// The change to the script.
fn patch<'g>(fix: &Fix, located: &Located<'_>) -> Option<Group<'g>> {
    let title = Level::HELP.secondary_title(sanitize_line(&fix.title).into_owned());
    let spans: Vec<Span> = fix.edits.iter().map(|(span, _)| *span).collect();
    let first = spans.first()?;
    let excerpt = Excerpt::of(&located.script.text, &spans);
    if !excerpt.whole {
        return Some(Group::with_title(title));
    }
    let edits = excerpt.marks.into_iter().zip(&fix.edits);
    let patches = edits.map(|(mark, (_, text))| Patch::new(mark, sanitize(text).into_owned()));
    let line = located.places(*first).0.line;
    Some(title.element(Snippet::source(excerpt.text).line_start(line).patches(patches)))
}

/// A migration that the change adds.
fn following<'g>(migration: &Following) -> Group<'g> {
    let title = format!("in a migration of its own after it, `{}`", migration.name);
    let text = sanitize(migration.up.trim_end()).into_owned();
    Level::HELP
        .secondary_title(sanitize_line(&title).into_owned())
        .element(Snippet::<Annotation<'_>>::source(text).fold(false))
}
