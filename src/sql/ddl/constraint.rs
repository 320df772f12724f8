//! Reads constraints of tables, keys and indexes.

use super::definition::{
    ConstraintKind, IndexDefinition, IndexKind, KeyPart, References, ReferentialAction, TableConstraint,
};
use super::name::{Name, Names};
use crate::sql::cursor::Cursor;
use crate::sql::lex::{Grammar, TokenKind};

/// Whether a constraint of a table starts here, and not a column.
pub(super) fn starts_constraint(cursor: &Cursor<'_>, grammar: Grammar) -> bool {
    if cursor.kind() != Some(TokenKind::Word) {
        return false;
    }
    match &*cursor.keyword(0) {
        "CONSTRAINT" | "CHECK" | "UNIQUE" | "PRIMARY" | "FOREIGN" => true,
        "EXCLUDE" => grammar == Grammar::Postgres,
        "NOT" => cursor.sees("NOT NULL"),
        _ => false,
    }
}

/// A constraint of a table, from `CONSTRAINT` or its kind to the end.
pub(super) fn constraint(cursor: &mut Cursor<'_>, grammar: Grammar) -> Option<TableConstraint> {
    let span = cursor.rest();
    let mut name = None;
    if cursor.eat("CONSTRAINT") {
        cursor.eat("IF NOT EXISTS");
        if !cursor.sees_any(&["CHECK", "UNIQUE", "PRIMARY", "FOREIGN"]) {
            name = cursor.name(grammar);
        }
    }
    let kind = match &*cursor.keyword(0) {
        "PRIMARY" => ConstraintKind::PrimaryKey,
        "UNIQUE" => ConstraintKind::Unique,
        "FOREIGN" => ConstraintKind::ForeignKey,
        "CHECK" => ConstraintKind::Check,
        "EXCLUDE" => ConstraintKind::Exclusion,
        "NOT" if cursor.sees("NOT NULL") => ConstraintKind::NotNull,
        _ => return None,
    };
    cursor.step();
    let mut constraint = TableConstraint {
        name,
        kind,
        columns: Vec::new(),
        expression: None,
        references: None,
        using_index: None,
        not_valid: false,
        not_enforced: false,
        deferrable: false,
        deferred: false,
        no_inherit: false,
        span,
    };
    match kind {
        ConstraintKind::Check => constraint.expression = cursor.group().map(|inner| inner.rest()),
        ConstraintKind::NotNull => {
            cursor.step();
            let column = cursor.name(grammar)?;
            constraint.columns.push(KeyPart { span: column.span, column: Some(column) });
        }
        _ => {
            // An index name may stand before the columns on MySQL; `NULLS NOT DISTINCT`, `USING gist` elsewhere.
            while !cursor.is_end() && !cursor.sees("(") && !cursor.sees("USING INDEX") {
                if grammar.is_mysql()
                    && constraint.name.is_none()
                    && !cursor.sees_any(&["KEY", "INDEX", "USING", "BTREE"])
                    && let Some(name) = cursor.name(grammar)
                {
                    constraint.name = Some(name);
                    continue;
                }
                cursor.step();
            }
            constraint.columns = key_parts(cursor, grammar);
        }
    }
    while !cursor.is_end() {
        if cursor.sees("REFERENCES") {
            constraint.references = references(cursor, grammar);
        } else if cursor.eat("NOT VALID") {
            constraint.not_valid = true;
        } else if cursor.eat("NOT ENFORCED") {
            constraint.not_enforced = true;
        } else if cursor.eat("NOT DEFERRABLE") {
            constraint.deferrable = false;
        } else if cursor.eat("DEFERRABLE") {
            constraint.deferrable = true;
        } else if cursor.eat("INITIALLY DEFERRED") {
            constraint.deferrable = true;
            constraint.deferred = true;
        } else if cursor.eat("NO INHERIT") {
            constraint.no_inherit = true;
        } else if cursor.eat("USING INDEX TABLESPACE") {
            cursor.step();
        } else if cursor.eat("USING INDEX") {
            constraint.using_index = cursor.name(grammar);
        } else if cursor.group().is_none() {
            cursor.step();
        }
    }
    Some(constraint)
}

/// Steps over `REFERENCES table (columns) …` with its actions.
pub(super) fn references(cursor: &mut Cursor<'_>, grammar: Grammar) -> Option<References> {
    cursor.step();
    let table = cursor.qualified(grammar)?;
    let columns = cursor.names_in_group(grammar);
    let mut references = References { table, columns, on_delete: None, on_update: None };
    loop {
        if cursor.eat("MATCH") {
            cursor.step();
        } else if cursor.eat("ON DELETE") {
            references.on_delete = action(cursor);
        } else if cursor.eat("ON UPDATE") {
            references.on_update = action(cursor);
        } else {
            return Some(references);
        }
    }
}

fn action(cursor: &mut Cursor<'_>) -> Option<ReferentialAction> {
    let action = [
        ("NO ACTION", ReferentialAction::NoAction),
        ("RESTRICT", ReferentialAction::Restrict),
        ("CASCADE", ReferentialAction::Cascade),
        ("SET NULL", ReferentialAction::SetNull),
        ("SET DEFAULT", ReferentialAction::SetDefault),
    ]
    .into_iter()
    .find(|(words, _)| cursor.eat(words))
    .map(|(_, action)| action);
    // PostgreSQL: SET NULL (columns).
    if matches!(action, Some(ReferentialAction::SetNull | ReferentialAction::SetDefault)) {
        cursor.group();
    }
    action
}

/// Steps over `(a, lower(b) DESC, …)`.
pub(super) fn key_parts(cursor: &mut Cursor<'_>, grammar: Grammar) -> Vec<KeyPart> {
    let parts = cursor.group().map(|group| group.parts()).unwrap_or_default();
    parts.into_iter().map(|part| KeyPart { column: column_of(part, grammar), span: part.rest() }).collect()
}

/// The column that a part of a key is, unless it is an expression.
fn column_of(mut part: Cursor<'_>, grammar: Grammar) -> Option<Name> {
    let name = part.name(grammar)?;
    // MySQL: `a(10)` is a prefix; elsewhere, and with anything but a number, a call.
    let is_prefix = || {
        let inner = { part }.group();
        grammar.is_mysql() && inner.is_some_and(|inner| inner.kind() == Some(TokenKind::Number))
    };
    let is_call = part.sees("(") && !is_prefix();
    let is_expression = part.sees_any(&[".", "-", "+", "|", "*", "/", ":", "="]);
    (!is_call && !is_expression).then_some(name)
}

/// Whether an index of a MySQL table starts here, and not a column.
pub(super) fn starts_index(cursor: &Cursor<'_>) -> bool {
    cursor.kind() == Some(TokenKind::Word) && cursor.sees_any(&["INDEX", "KEY", "FULLTEXT", "SPATIAL", "VECTOR"])
}

/// An index in a MySQL table's definition or after `ADD`.
pub(super) fn table_index(cursor: &mut Cursor<'_>, grammar: Grammar) -> IndexDefinition {
    let span = cursor.rest();
    let kind = index_kind(cursor);
    if !cursor.eat("INDEX") {
        cursor.eat("KEY");
    }
    cursor.eat("IF NOT EXISTS");
    let mut index = IndexDefinition {
        name: None,
        table: None,
        kind,
        method: None,
        parts: Vec::new(),
        include: Vec::new(),
        predicate: None,
        only: false,
        nulls_not_distinct: false,
        span,
    };
    if !cursor.sees_any(&["USING", "("]) {
        index.name = cursor.name(grammar);
    }
    if cursor.eat("USING") {
        index.method = cursor.name(grammar);
    }
    index.parts = key_parts(cursor, grammar);
    index
}

/// Steps over `UNIQUE` and the like before `INDEX`.
pub(super) fn index_kind(cursor: &mut Cursor<'_>) -> IndexKind {
    [
        ("UNIQUE", IndexKind::Unique),
        ("FULLTEXT", IndexKind::Fulltext),
        ("SPATIAL", IndexKind::Spatial),
        ("VECTOR", IndexKind::Vector),
    ]
    .into_iter()
    .find(|(word, _)| cursor.eat(word))
    .map_or(IndexKind::Plain, |(_, kind)| kind)
}
