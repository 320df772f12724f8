//! Reads the definition of a column.

use super::constraint::references;
use super::definition::{ColumnConstraint, ColumnDefinition, ColumnRule, DataType};
use super::name::{Name, Names, QualifiedName};
use crate::sql::cursor::Cursor;
use crate::sql::lex::{Grammar, TokenKind};
use crate::sql::place::Span;

/// A column's definition, with `FIRST` or `AFTER column` behind it if that is there.
pub(super) fn column(cursor: &mut Cursor<'_>, grammar: Grammar) -> Option<(ColumnDefinition, Option<Span>)> {
    let span = cursor.rest();
    let name = cursor.name(grammar)?;
    let data_type = data_type(cursor, grammar);
    let mut column = ColumnDefinition { name, data_type, collation: None, constraints: Vec::new(), span };
    let mut position = None;
    while !cursor.is_end() {
        let start = cursor.here();
        if grammar.is_mysql() && cursor.sees_any(&["FIRST", "AFTER"]) {
            position = Some(cursor.rest());
            break;
        }
        if cursor.eat("COLLATE") {
            cursor.eat("=");
            column.collation = cursor.qualified(grammar);
            continue;
        }
        let mut name = None;
        if cursor.eat("CONSTRAINT") && !starts_rule(cursor, grammar) {
            name = cursor.name(grammar);
        }
        match rule(cursor, grammar) {
            Some(rule) => {
                let read = cursor.at.min(cursor.tokens.len());
                let end = read.checked_sub(1).map_or(start.end, |last| cursor.tokens[last].end());
                let span = Span::new(start.start, end);
                column.constraints.push(ColumnConstraint { name, rule, deferrable: false, deferred: false, span });
            }
            // `NO INHERIT`, `STORAGE main` and the like change no schema.
            None => {
                if let Some(last) = column.constraints.last_mut() {
                    last.deferred |= cursor.sees("INITIALLY DEFERRED");
                    last.deferrable |= last.deferred || (cursor.sees("DEFERRABLE") && !follows_not(cursor));
                }
                if cursor.group().is_none() {
                    cursor.step();
                }
            }
        }
    }
    Some((column, position))
}

fn follows_not(cursor: &Cursor<'_>) -> bool {
    let before = cursor.at.checked_sub(1).map(|at| Cursor { at, ..*cursor });
    before.is_some_and(|before| before.sees("NOT"))
}

/// The words of a type, up to what else a column may have.
pub(super) fn data_type(cursor: &mut Cursor<'_>, grammar: Grammar) -> Option<DataType> {
    let start = cursor.here().start;
    let (mut name, mut arguments, mut array, mut end) = (String::new(), None, false, start);
    while !cursor.is_end() && !ends_type(cursor, grammar) {
        end = cursor.token(0)?.end();
        let bracket = cursor.sees("[");
        if let Some(group) = cursor.group() {
            array |= bracket;
            if !bracket && arguments.is_none() {
                arguments = Some(group.rest());
            }
            end = cursor.tokens[cursor.at - 1].end();
            continue;
        }
        if cursor.sees("ARRAY") {
            array = true;
        } else if cursor.sees(".") {
            name.push('.');
        } else {
            if !name.is_empty() && !name.ends_with('.') {
                name.push(' ');
            }
            let word = cursor.token(0).and_then(|token| Name::of(token, cursor.text, grammar));
            let written = word.map_or_else(|| cursor.here().of(cursor.text).into(), |name| name.value);
            name.push_str(&if cursor.kind() == Some(TokenKind::Word) { written.to_ascii_lowercase() } else { written });
        }
        cursor.step();
    }
    (!name.is_empty()).then(|| DataType { name, arguments, array, span: Span::new(start, end) })
}

fn ends_type(cursor: &Cursor<'_>, grammar: Grammar) -> bool {
    starts_rule(cursor, grammar)
        || match &*cursor.keyword(0) {
            "CONSTRAINT" | "COLLATE" | "," | ")" => true,
            "STORAGE" | "COMPRESSION" | "OPTIONS" | "USING" | "DEFERRABLE" | "INITIALLY" => {
                grammar == Grammar::Postgres
            }
            "WITH" => grammar == Grammar::Postgres && !cursor.sees("WITH TIME"),
            "FIRST" | "AFTER" | "CHARACTER" | "CHARSET" | "ASCII" | "UNICODE" => {
                // `CHARACTER` is also a type, but then it comes first.
                grammar.is_mysql() && (!cursor.sees("CHARACTER") || cursor.sees("CHARACTER SET"))
            }
            _ => false,
        }
}

/// Whether something is said about the column from here.
fn starts_rule(cursor: &Cursor<'_>, grammar: Grammar) -> bool {
    match &*cursor.keyword(0) {
        "NOT" => cursor.sees("NOT NULL"),
        "NULL" | "DEFAULT" | "CHECK" | "UNIQUE" | "PRIMARY" | "REFERENCES" | "GENERATED" => true,
        "AS" => grammar != Grammar::Postgres && cursor.sees("AS ("),
        "AUTO_INCREMENT" | "KEY" | "COMMENT" | "VISIBLE" | "INVISIBLE" => grammar.is_mysql(),
        "AUTOINCREMENT" => grammar == Grammar::Sqlite,
        "ON" => grammar.is_mysql() && cursor.sees("ON UPDATE"),
        _ => false,
    }
}

/// Steps over one thing that is said about the column.
fn rule(cursor: &mut Cursor<'_>, grammar: Grammar) -> Option<ColumnRule> {
    if !starts_rule(cursor, grammar) {
        return None;
    }
    let word = cursor.keyword(0);
    let group = |cursor: &mut Cursor<'_>| cursor.group().map_or_else(|| cursor.here(), |inner| inner.rest());
    Some(match &*word {
        "AS" => {
            cursor.step();
            let expression = group(cursor);
            ColumnRule::Generated { expression, stored: is_stored(cursor) }
        }
        "GENERATED" => {
            let always = cursor.sees("GENERATED ALWAYS");
            while !cursor.is_end() && !cursor.sees_any(&["(", "IDENTITY"]) {
                cursor.step();
            }
            if cursor.eat("IDENTITY") {
                cursor.group();
                ColumnRule::Identity { always }
            } else {
                let expression = group(cursor);
                ColumnRule::Generated { expression, stored: is_stored(cursor) }
            }
        }
        "DEFAULT" => {
            cursor.step();
            ColumnRule::Default(value(cursor, grammar))
        }
        "ON" => {
            cursor.at += 2;
            ColumnRule::OnUpdate(value(cursor, grammar))
        }
        "NOT" => {
            cursor.at += 2;
            ColumnRule::NotNull
        }
        "PRIMARY" => {
            cursor.at += 2;
            ColumnRule::PrimaryKey
        }
        "CHECK" => {
            cursor.step();
            ColumnRule::Check(group(cursor))
        }
        "REFERENCES" => ColumnRule::References(references(cursor, grammar)?),
        other => {
            let rule = match other {
                "NULL" => ColumnRule::Null,
                "UNIQUE" => ColumnRule::Unique,
                "KEY" => ColumnRule::PrimaryKey,
                "VISIBLE" => ColumnRule::Visible(true),
                "INVISIBLE" => ColumnRule::Visible(false),
                "COMMENT" => {
                    cursor.step();
                    cursor.eat("=");
                    ColumnRule::Comment(cursor.here())
                }
                _ => ColumnRule::AutoIncrement,
            };
            cursor.step();
            // MySQL: `UNIQUE KEY` is one thing.
            if rule == ColumnRule::Unique && grammar.is_mysql() {
                cursor.eat("KEY");
            }
            rule
        }
    })
}

fn is_stored(cursor: &mut Cursor<'_>) -> bool {
    let stored = cursor.sees_any(&["STORED", "PERSISTENT"]);
    if stored || cursor.sees("VIRTUAL") {
        cursor.step();
    }
    stored
}

/// Steps over a value: its first token, and what follows until something else is said.
fn value(cursor: &mut Cursor<'_>, grammar: Grammar) -> Span {
    let start = cursor.here();
    let mut end = start.end;
    let mut first = true;
    while !cursor.is_end() {
        let stops = cursor.sees_any(&["CONSTRAINT", "COLLATE", "STORAGE", "COMPRESSION", "DEFERRABLE", "INITIALLY"])
            || (grammar.is_mysql() && cursor.sees_any(&["FIRST", "AFTER", "VIRTUAL", "STORED"]))
            || starts_rule(cursor, grammar);
        if !first && stops {
            break;
        }
        first = false;
        if cursor.sees("CASE") {
            case(cursor);
        } else if cursor.group().is_none() {
            cursor.step();
        }
        end = cursor.tokens[cursor.at.min(cursor.tokens.len()) - 1].end();
    }
    Span::new(start.start, end)
}

/// Steps over `CASE … END`, in which `NULL` says nothing about the column.
fn case(cursor: &mut Cursor<'_>) {
    let mut depth = 0_usize;
    while !cursor.is_end() {
        match &*cursor.keyword(0) {
            "CASE" => depth += 1,
            "END" => depth -= 1,
            _ => {}
        }
        cursor.step();
        if depth == 0 {
            return;
        }
    }
}

/// A collation, if one is written.
pub(super) fn collation(cursor: &mut Cursor<'_>, grammar: Grammar) -> Option<QualifiedName> {
    if cursor.eat("COLLATE") { cursor.qualified(grammar) } else { None }
}
