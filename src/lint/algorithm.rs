//! How InnoDB carries out an `ALTER TABLE`: the best algorithm of each part, as measured on MySQL 9.7 and MariaDB 10.11 and
//! 11.8, with what the manuals say of older versions. The worst part decides for the whole statement.

use ecow::EcoString;

use super::rule::{Context, used};
use crate::schema::{Change, ChangeKind, Column, Index, Numbering, Table, mentions};
use crate::sql::Grammar;
use crate::sql::ddl::{Action, ActionKind, ConstraintKind, IndexKind, Verb};

/// How a part is carried out, the best way first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Algorithm {
    /// Only the description of the table changes.
    Instant,
    /// In place, without writing the table anew.
    InPlace,
    /// In place, by writing the table anew; writes go on.
    Rebuild,
    /// In place, while writes are blocked.
    Blocking,
    /// By a copy, while writes are blocked (not on MariaDB 11.2 and newer).
    Copy,
}

/// A part of an `ALTER TABLE` of a table in use.
pub struct Part<'a> {
    /// What is changed; none for an option of the table.
    pub change: Option<&'a Change>,
    /// How.
    pub algorithm: Algorithm,
    /// Whether another rule speaks of exactly this.
    pub spoken_for: bool,
}

/// The parts of a statement that changes a table in use; none for other statements and databases.
pub fn parts<'a>(context: &Context<'a>, statement: usize) -> Vec<Part<'a>> {
    if !context.grammar().is_mysql() {
        return Vec::new();
    }
    let changes = context.of_statement(statement);
    let mut parts: Vec<Part<'a>> = changes.iter().filter_map(|change| part(change, context)).collect();
    if !changes.is_empty() && changes.iter().all(|change| used(change).is_none()) {
        return parts;
    }
    if parts.is_empty() && changes.is_empty() {
        let named = context.reading_of(statement).names.first().and_then(|name| context.catalog.find(name));
        if named.is_some_and(|table| !table.in_use()) {
            return parts;
        }
    }
    for action in actions(context, statement) {
        let algorithm = match &action.kind {
            ActionKind::Force => Algorithm::Rebuild,
            ActionKind::SystemVersioning { .. } => Algorithm::Copy,
            ActionKind::TableOption { name } => match name.to_ascii_uppercase().as_str() {
                "ENGINE" | "ROW_FORMAT" | "KEY_BLOCK_SIZE" => Algorithm::Rebuild,
                _ if context.grammar() == Grammar::MariaDb => Algorithm::Instant,
                _ => Algorithm::InPlace,
            },
            _ => continue,
        };
        parts.push(Part { change: None, algorithm, spoken_for: false });
    }
    parts
}

fn actions<'a>(context: &Context<'a>, statement: usize) -> &'a [Action] {
    let heading = &context.script.headings[statement];
    if heading.verb == Verb::Alter { context.reading_of(statement).actions() } else { &[] }
}

/// What the statement asks for with `ALGORITHM=` and `LOCK=`, in capitals.
pub fn asked(context: &Context<'_>, statement: usize) -> (Option<EcoString>, Option<EcoString>) {
    let (mut algorithm, mut lock) = (None, None);
    for action in actions(context, statement) {
        match &action.kind {
            ActionKind::Algorithm(name) => algorithm = Some(name.value.to_ascii_uppercase()),
            ActionKind::Lock(name) => lock = Some(name.value.to_ascii_uppercase()),
            _ => {}
        }
    }
    (algorithm, lock)
}

/// Whether the server refuses the algorithm or the lock that the statement asks for.
pub fn is_refused(context: &Context<'_>, statement: usize) -> bool {
    let (algorithm, lock) = asked(context, statement);
    let worst = parts(context, statement).iter().map(|part| part.algorithm).max();
    let Some(worst) = worst else { return false };
    let worst = if algorithm.as_deref() == Some("COPY") { Algorithm::Copy } else { worst };
    let mysql = context.grammar() == Grammar::MySql;
    let too_much = match algorithm.as_deref() {
        Some("INSTANT") => worst > Algorithm::Instant || (mysql && lock.as_ref().is_some_and(|lock| lock != "DEFAULT")),
        Some("NOCOPY") => worst > Algorithm::InPlace,
        Some("INPLACE") => worst == Algorithm::Copy,
        _ => false,
    };
    let copies_online = !mysql && context.server.since(11, 2, 0);
    let blocks = worst == Algorithm::Blocking || (worst == Algorithm::Copy && !copies_online);
    too_much || (lock.as_deref() == Some("NONE") && blocks)
}

fn part<'a>(change: &'a Change, context: &Context<'a>) -> Option<Part<'a>> {
    let table = used(change)?.before.as_ref()?;
    let mysql = context.grammar() == Grammar::MySql;
    let (algorithm, spoken_for) = match &change.kind {
        ChangeKind::AddColumn { column, constraints, position } => {
            let has = |kind| constraints.iter().any(|one| one.kind == kind);
            add_column(column, has, position.is_some(), table, context)
        }
        ChangeKind::DropColumn { name, .. } => {
            let indexed = table.indexes.iter().any(|index| index.uses(name, context.grammar()));
            let algorithm = match (mysql, indexed) {
                (true, _) if !context.server.since(8, 0, 29) => Algorithm::Rebuild,
                (true, true) => Algorithm::Rebuild,
                (false, true) => Algorithm::InPlace,
                _ => Algorithm::Instant,
            };
            (algorithm, false)
        }
        ChangeKind::ModifyColumn { old: Some(old), new, position } => {
            modify_column(old, new, position.is_some(), table, context)
        }
        ChangeKind::AddConstraint { constraint, .. } => match constraint.kind {
            ConstraintKind::ForeignKey if checks_are_off(change, context) => {
                // MariaDB has nothing to do when the index that it needs is there.
                let first = |index: &Index| {
                    index.columns.iter().flatten().take(constraint.columns.len()).eq(&constraint.columns)
                };
                let indexed = table.indexes.iter().any(|index| first(index));
                (if !mysql && indexed { Algorithm::Instant } else { Algorithm::InPlace }, false)
            }
            ConstraintKind::ForeignKey => (Algorithm::Copy, true),
            ConstraintKind::Check => (Algorithm::Copy, false),
            ConstraintKind::PrimaryKey => (Algorithm::Rebuild, false),
            _ => (Algorithm::InPlace, false),
        },
        ChangeKind::DropConstraint { constraint, .. } => match constraint.as_ref().map(|one| one.kind) {
            Some(ConstraintKind::PrimaryKey) => {
                let again = context.beside(change).any(|other| match &other.kind {
                    ChangeKind::AddConstraint { constraint, .. } => constraint.kind == ConstraintKind::PrimaryKey,
                    _ => false,
                });
                (if again { Algorithm::Rebuild } else { Algorithm::Copy }, false)
            }
            Some(ConstraintKind::ForeignKey) if mysql => (Algorithm::InPlace, false),
            Some(ConstraintKind::ForeignKey | ConstraintKind::Check) => (Algorithm::Instant, false),
            _ => (Algorithm::InPlace, false),
        },
        ChangeKind::CreateIndex { .. } if blocks_writes(change, context) => (Algorithm::Blocking, true),
        ChangeKind::CreateIndex { .. } | ChangeKind::DropIndex { .. } => (Algorithm::InPlace, false),
        ChangeKind::RenameIndex { .. } if mysql => (Algorithm::InPlace, false),
        ChangeKind::RenameIndex { .. } | ChangeKind::RenameColumn { .. } => (Algorithm::Instant, false),
        ChangeKind::ConvertCharset { .. } => (Algorithm::Copy, true),
        _ => return None,
    };
    Some(Part { change: Some(change), algorithm, spoken_for })
}

fn add_column(
    column: &Column,
    has: impl Fn(ConstraintKind) -> bool,
    moves: bool,
    table: &Table,
    context: &Context<'_>,
) -> (Algorithm, bool) {
    let mysql = context.grammar() == Grammar::MySql;
    let fulltext = table.indexes.iter().any(|index| index.kind == IndexKind::Fulltext);
    let default = column.default.as_deref().unwrap_or_default();
    let refers = has(ConstraintKind::ForeignKey);
    let instant_since = if mysql { context.server.since(8, 0, 12) } else { context.server.since(10, 3, 2) };
    if column.more.generated.as_ref().is_some_and(|generated| generated.stored) {
        (Algorithm::Copy, true)
    } else if column.numbering == Some(Numbering::AutoIncrement) {
        (Algorithm::Blocking, true)
    } else if refers && (!mysql || context.server.since(9, 0, 0)) {
        (Algorithm::Copy, true)
    } else if is_nondeterministic(default) {
        (Algorithm::Copy, mysql)
    } else if mysql && (default.starts_with('(') || has(ConstraintKind::Check) || fulltext) {
        (Algorithm::Copy, false)
    } else if fulltext {
        (Algorithm::Blocking, true)
    } else if has(ConstraintKind::Unique) || !instant_since || (mysql && moves && !context.server.since(8, 0, 29)) {
        (Algorithm::Rebuild, false)
    } else {
        (Algorithm::Instant, false)
    }
}

fn modify_column(old: &Column, new: &Column, moves: bool, table: &Table, context: &Context<'_>) -> (Algorithm, bool) {
    let mysql = context.grammar() == Grammar::MySql;
    let mut worst = (Algorithm::Instant, false);
    let mut at_least = |algorithm, spoken_for| {
        if algorithm > worst.0 {
            worst = (algorithm, spoken_for);
        }
    };
    if old.data_type != new.data_type {
        if is_enum(old) && is_enum(new) {
            at_least(if appends_labels(old, new) { Algorithm::Instant } else { Algorithm::Copy }, true);
        } else if let Some((from, to)) = varchar_growth(old, new) {
            if crosses_length_byte(from, to, context) {
                at_least(Algorithm::Copy, true);
            } else {
                at_least(if mysql { Algorithm::InPlace } else { Algorithm::Instant }, false);
            }
        } else {
            at_least(Algorithm::Copy, false);
        }
    }
    if old.more.generated != new.more.generated {
        let stored = |column: &Column| column.more.generated.as_ref().is_some_and(|generated| generated.stored);
        at_least(Algorithm::Copy, stored(old) && stored(new));
    }
    if new.more.charset.is_some() && old.more.charset != new.more.charset {
        at_least(Algorithm::Copy, true);
    }
    if new.more.collation.is_some() && old.more.collation != new.more.collation {
        let indexed = table.indexes.iter().any(|index| index.uses(&old.name, context.grammar()));
        at_least(if mysql && indexed { Algorithm::Copy } else { Algorithm::InPlace }, false);
    }
    if old.not_null != new.not_null || (moves && mysql) {
        at_least(Algorithm::Rebuild, false);
    }
    worst
}

/// Whether the index is one of those that are built while writes are blocked.
pub fn blocks_writes(change: &Change, context: &Context<'_>) -> bool {
    let ChangeKind::CreateIndex { index, .. } = &change.kind else { return false };
    let mysql = context.grammar() == Grammar::MySql;
    let functional = mysql && index.columns.iter().any(Option::is_none);
    let grammar = context.grammar();
    let of_new_virtual = context.beside(change).any(|other| match &other.kind {
        ChangeKind::AddColumn { column, .. } => {
            column.more.generated.is_some()
                && index.columns.iter().flatten().any(|name| grammar.same_name(name, &column.name))
        }
        _ => false,
    });
    matches!(index.kind, IndexKind::Fulltext | IndexKind::Spatial) || functional || of_new_virtual
}

/// Whether `SET foreign_key_checks = 0` stands above.
pub fn checks_are_off(change: &Change, context: &Context<'_>) -> bool {
    let settings = context.settings_above(change.statement).map(|(statement, _)| statement.of(context.text()));
    let last = settings.rev().find(|text| mentions(text, "foreign_key_checks"));
    last.is_some_and(|text| text.trim_end().ends_with('0') || mentions(text, "off"))
}

/// Whether a default has another value each time.
pub fn is_nondeterministic(default: &str) -> bool {
    default.starts_with('(') && ["uuid", "rand", "sysdate"].iter().any(|function| mentions(default, function))
}

/// Whether both are a `VARCHAR` and the new one is longer: the lengths.
pub fn varchar_growth(old: &Column, new: &Column) -> Option<(u64, u64)> {
    let length =
        |column: &Column| column.data_type.as_ref().filter(|of| of.name == "varchar").and_then(|of| of.length());
    let (from, to) = (length(old)?, length(new)?);
    (to >= from).then_some((from, to))
}

/// Whether a longer `VARCHAR` needs a second byte for its length, taking four bytes for a character as utf8mb4 does.
pub fn crosses_length_byte(from: u64, to: u64, context: &Context<'_>) -> bool {
    const BYTES: u64 = 4;
    let crosses = from * BYTES <= 255 && to * BYTES >= 256;
    let short = context.grammar() == Grammar::MariaDb && from * BYTES <= 127;
    crosses && !short
}

/// Whether it is an `ENUM` or a `SET`.
pub fn is_enum(column: &Column) -> bool {
    column.data_type.as_ref().is_some_and(|of| matches!(of.name.as_str(), "enum" | "set"))
}

/// The labels of an `ENUM` or `SET`.
pub fn labels(column: &Column) -> &[EcoString] {
    column.data_type.as_ref().map_or(&[], |of| &of.arguments)
}

/// Whether the labels only became more, at the end, and need no more bytes.
pub fn appends_labels(old: &Column, new: &Column) -> bool {
    let same_kind = old.data_type.as_ref().map(|of| &of.name) == new.data_type.as_ref().map(|of| &of.name);
    let bytes = |column: &Column| match (labels(column).len(), column.data_type.as_ref().map(|of| of.name.as_str())) {
        (count, Some("set")) => [8, 16, 24, 32].iter().position(|limit| count <= *limit).unwrap_or(4),
        (count, _) => usize::from(count > 255),
    };
    same_kind && labels(new).starts_with(labels(old)) && bytes(old) == bytes(new)
}
