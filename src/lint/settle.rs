//! Where the statements of fixes go: what must run outside a transaction, or later, moves into a migration of its own.

use std::collections::{HashMap, HashSet};

use super::finding::{Finding, Fix, Following, Place, Side};
use super::mending::plain;
use super::rule::Context;
use crate::schema::{ChangeKind, ObjectName};
use crate::sql::ddl::{Heading, ObjectKind, Reading, Verb, read};
use crate::sql::{Effect, Span, Statement};

/// Turns what the fixes of one script need into edits and migrations that follow. Fixes that cannot be had are dropped.
pub fn settle(found: &mut [Finding], context: &Context<'_>) {
    let moves = |finding: &&Finding| finding.fix.as_ref().is_some_and(|fix| fix.place != Place::Stays);
    let adds = |finding: &Finding| finding.fix.as_ref().is_some_and(|fix| !fix.following.is_empty());
    let is_outside = |finding: &&Finding| finding.fix.as_ref().is_some_and(|fix| fix.place == Place::Outside);
    let outside: HashSet<usize> = found.iter().filter(is_outside).filter_map(|finding| finding.statement).collect();
    if found.iter().filter(moves).count() == 0 && !found.iter().any(adds) {
        return;
    }
    let script = Surroundings::of(&outside, context);
    for finding in found.iter_mut() {
        let (statement, side) = (finding.statement, finding.side);
        let Some(fix) = &mut finding.fix else { continue };
        if !script.settle(fix, statement, side, context) {
            finding.fix = None;
        }
    }
}

/// What matters of a script for where its statements may go.
struct Surroundings {
    /// Whether it is one statement, or runs statement by statement.
    loose: bool,
    /// Whether all its statements may run outside a transaction.
    all_outside: bool,
    /// Whether it sets what names mean, which a statement elsewhere would miss.
    sets_names: bool,
    /// The statements of the other script.
    undoing: Vec<(Statement, Reading)>,
    /// The last statement that has a word.
    last: HashMap<String, usize>,
    /// The last statement after which a table, or part of it, is not what it was called.
    renamed: HashMap<ObjectName, usize>,
}

impl Surroundings {
    fn of(outside: &HashSet<usize>, context: &Context<'_>) -> Self {
        let statements = &context.script.statements;
        let is_outside = |(number, effect): (usize, &Effect)| {
            matches!(effect, Effect::OutsideOnly { .. }) || outside.contains(&number)
        };
        let names = ["search_path", "role", "authorization"];
        let sets = |(_, statement, heading): (usize, &Statement, &Heading)| {
            let text = statement.of(context.text());
            heading.verb == Verb::Set && names.iter().any(|name| crate::schema::mentions(text, name))
        };
        let other = context.other_script();
        let undoing = other.map(|other| {
            let cut = other.statements(context.lexis).unwrap_or_default();
            cut.into_iter().map(|one| (one, read(&one, &other.text, context.lexis))).collect()
        });
        let named = |number: usize| !context.read(number).names.is_empty();
        let mut last = HashMap::new();
        for (number, statement) in statements.iter().enumerate() {
            for token in statement.tokens(context.text(), context.lexis).code() {
                last.insert(plain(token.of(context.text())), number);
            }
        }
        let gone = context.script.changes.iter().filter(|change| takes_away(&change.kind));
        let renamed = gone.filter_map(|change| Some((change.table.as_ref()?.name.clone(), change.statement)));
        Surroundings {
            loose: statements.len() == 1 || context.directives.no_transaction(),
            all_outside: context.effects().iter().enumerate().all(is_outside) && (0..statements.len()).all(named),
            sets_names: context.statements().any(sets),
            undoing: undoing.unwrap_or_default(),
            last,
            renamed: renamed.collect(),
        }
    }

    /// Whether the fix can be had.
    fn settle(&self, fix: &mut Fix, statement: Option<usize>, side: Side, context: &Context<'_>) -> bool {
        let place = std::mem::take(&mut fix.place);
        if place == Place::Outside && self.loose {
            return true;
        }
        if place == Place::Outside && self.all_outside {
            fix.edits.insert(0, (Span::new(0, 0), "-- migrate:no-transaction\n".to_owned()));
            return true;
        }
        let moves = place != Place::Stays || !fix.following.is_empty();
        if !moves {
            return true;
        }
        if side == Side::Down || self.sets_names {
            return false;
        }
        match statement {
            Some(statement) if place != Place::Stays => self.part(fix, statement, context),
            _ => place == Place::Stays,
        }
    }

    /// Moves a statement into a migration that follows.
    fn part(&self, fix: &mut Fix, number: usize, context: &Context<'_>) -> bool {
        let text = context.text();
        let statement = &context.script.statements[number];
        let reading = &context.read(number);
        if self.is_needed_later(number, reading, context) {
            return false;
        }
        let earlier = number.checked_sub(1).map_or(0, |before| context.script.statements[before].span.end);
        let start = with_comments(text, earlier, statement.span.start);
        let end = with_terminator(text, statement.span.end);
        let mut up = String::new();
        let mut copied = start;
        for (span, replacement) in &fix.edits {
            if span.start < copied || span.end > statement.span.end {
                return false;
            }
            up.push_str(&text[copied..span.start]);
            up.push_str(replacement);
            copied = span.end;
        }
        up.push_str(&text[copied..statement.span.end]);
        up.push(';');
        up.push_str(text[statement.span.end..end].trim().trim_start_matches(';'));
        up.push('\n');
        // Of the blank lines around it, one is enough.
        let above = start == 0 || text[..start].ends_with("\n\n");
        let end = end + usize::from(above && text[end..].starts_with('\n'));
        let (other_edits, down) = self.undo(reading, context);
        fix.edits = vec![(Span::new(start, end), String::new())];
        fix.other_edits = other_edits;
        let objects = reading.names.iter().chain(reading.table());
        fix.needs = objects.map(|name| plain(&name.name.value)).collect();
        fix.following.insert(0, Following { name: name(reading), up, down });
        true
    }

    /// Whether a later statement of the script builds on this one, or takes away what it is about.
    fn is_needed_later(&self, number: usize, reading: &Reading, context: &Context<'_>) -> bool {
        let is_later = |last: Option<&usize>| last.is_some_and(|last| *last > number);
        let mentioned = |name: &str| is_later(self.last.get(&plain(name)));
        let of_statement = context.script.changes.partition_point(|change| change.statement < number);
        let change = context.script.changes.get(of_statement).filter(|change| change.statement == number);
        if is_later(change.and_then(|change| self.renamed.get(&change.table.as_ref()?.name))) {
            return true;
        }
        if reading.object != Some(ObjectKind::Index) {
            return false;
        }
        // Equal rows are refused, and keys may lead here, only once there is a unique index.
        let unique = reading.flags.unique && reading.table().is_some_and(|table| mentioned(&table.name.value));
        unique || reading.names.iter().any(|name| mentioned(&name.name.value))
    }

    /// What undoes a statement that was moved, and the edits that take that out of the other script.
    fn undo(&self, moved: &Reading, context: &Context<'_>) -> (Vec<(Span, String)>, String) {
        let nothing = (Vec::new(), "-- Nothing to undo.\n".to_owned());
        let (Some(index), Some(ObjectKind::Index)) = (moved.names.first(), moved.object) else { return nothing };
        let wanted = match moved.verb {
            Verb::Create => Verb::Drop,
            Verb::Drop => Verb::Create,
            _ => return nothing,
        };
        let other = context.other_script().map(|script| &*script.text);
        let undoes = |(_, reading): &&(Statement, Reading)| {
            let named = reading.names.iter().map(|name| &name.name.value).eq([&index.name.value]);
            named && reading.verb == wanted && reading.object == Some(ObjectKind::Index)
        };
        let undoing = self.undoing.iter().find(undoes).zip(other);
        let mut edits = Vec::new();
        let mut down = nothing.1;
        if let Some(((statement, reading), text)) = undoing {
            edits.push((Span::new(statement.span.start, with_terminator(text, statement.span.end)), String::new()));
            down = format!("{};\n", concurrently(statement.of(text), reading.flags.concurrently));
        } else if moved.verb == Verb::Create {
            let name = index.span().of(context.text());
            let is_lower = moved.span.of(context.text()).starts_with(|c: char| c.is_lowercase());
            let words = "DROP INDEX CONCURRENTLY IF EXISTS";
            let words = if is_lower { words.to_lowercase() } else { words.to_owned() };
            down = format!("{words} {name};\n");
        }
        (edits, down)
    }
}

/// Whether a table, or something in it, is afterwards not there or called otherwise.
fn takes_away(kind: &ChangeKind) -> bool {
    matches!(
        kind,
        ChangeKind::DropTable { .. }
            | ChangeKind::RenameTable { .. }
            | ChangeKind::SetSchema { .. }
            | ChangeKind::DropColumn { .. }
            | ChangeKind::RenameColumn { .. }
            | ChangeKind::DropConstraint { .. }
            | ChangeKind::RenameConstraint { .. }
    )
}

/// A statement about an index with `CONCURRENTLY` in it.
fn concurrently(sql: &str, already: bool) -> String {
    let at = sql.to_ascii_lowercase().find("index").filter(|_| !already);
    let Some(at) = at.map(|at| at + "index".len()) else { return sql.to_owned() };
    let word = if sql.starts_with(|c: char| c.is_lowercase()) { "concurrently" } else { "CONCURRENTLY" };
    format!("{} {word}{}", &sql[..at], &sql[at..])
}

/// What to call the migration of a statement.
fn name(moved: &Reading) -> String {
    let object = moved.names.first().map(|name| plain(&name.name.value)).unwrap_or_default();
    let what = match moved.verb {
        Verb::Create => "create",
        Verb::Drop => "drop",
        Verb::Reindex => "reindex",
        Verb::Vacuum => "vacuum",
        Verb::Refresh => "refresh",
        _ => "alter",
    };
    let kind = if moved.object == Some(ObjectKind::Index) && moved.verb != Verb::Reindex { "_index" } else { "" };
    format!("{what}{kind}_{object}").trim_end_matches('_').to_owned()
}

/// Where the comments begin that stand directly above a statement and are about it.
fn with_comments(text: &str, earlier: usize, statement: usize) -> usize {
    let mut start = text[..statement].rfind('\n').map_or(0, |line| line + 1);
    if start < earlier || !text[start..statement].trim().is_empty() {
        return statement;
    }
    while start > earlier {
        let above = text[..start - 1].rfind('\n').map_or(0, |line| line + 1);
        let line = text[above..start].trim();
        let directive = line.strip_prefix("-- migrate:").is_some_and(|rest| !rest.starts_with("allow "));
        let tool = line.starts_with("-- +") || line.starts_with("-- no-transaction") || line.starts_with("--liquibase");
        if above < earlier || !line.starts_with("--") || directive || tool {
            break;
        }
        start = above;
    }
    start
}

/// Where a statement ends together with its terminator and, when nothing else stands there, its line.
fn with_terminator(text: &str, end: usize) -> usize {
    let rest = text[end..].trim_start();
    let end = if rest.starts_with(';') { text.len() - rest.len() + 1 } else { end };
    let line = text[end..].find('\n').map_or(text.len(), |at| end + at + 1);
    let rest = text[end..line].trim();
    // A comment behind a statement goes with it.
    if rest.is_empty() || rest.starts_with("--") { line } else { end }
}
