//! Statements about rows, and those that say where names are looked for.

use ecow::EcoString;

use super::change::{ChangeKind, TableRef};
use super::reader::Reader;
use super::table::Origin;
use crate::sql::cursor::{Cursor, code};
use crate::sql::ddl::{ObjectKind, QualifiedName, Verb, qualified};
use crate::sql::{Grammar, Span, TokenKind};

/// From more places nothing is copied, or nothing is remembered.
const MOST_COPIES: usize = 64;

impl Reader<'_> {
    pub fn rows(&mut self) {
        let tokens = code(self.text, self.reading.span, self.lexis);
        let mut cursor = Cursor::new(self.text, &tokens);
        if self.reading.verb == Verb::Explain {
            return self.explained(cursor);
        }
        let Some(written) = self.reading.names.first() else { return };
        if cursor.sees("WITH") {
            let verbs = ["INSERT", "REPLACE", "UPDATE", "DELETE"];
            cursor = verbs.iter().filter_map(|verb| cursor.find(verb)).min_by_key(|found| found.at).unwrap_or(cursor);
        }
        let table = self.used_table(written, ObjectKind::Table);
        let kind = match self.reading.verb {
            Verb::Insert => {
                let selects = cursor.has("SELECT");
                let is_new = table.before.as_ref().is_some_and(|table| table.origin != Origin::Deployed);
                if selects && is_new {
                    let sources = super::views::sources(cursor, self.catalog).into_iter().map(|source| source.table);
                    let sources: Vec<_> = sources.collect();
                    let known =
                        table.before.as_ref().map(|table| table.more.copied_from.as_slice()).unwrap_or_default();
                    if sources.iter().any(|source| !known.contains(source)) && known.len() < MOST_COPIES {
                        self.catalog.edit(&table.name, |table| table.more.copied_from.extend(sources));
                    }
                }
                let columns = inserted_columns(cursor, written, self.grammar());
                let names_columns = names_columns(cursor, written);
                let keys = if selects { keys(cursor, self.depth > 0) } else { Vec::new() };
                let selects = selects && self.finds_many(cursor, &keys);
                ChangeKind::Insert { columns, names_columns, selects, keys }
            }
            Verb::Update => {
                let columns = cursor.find("SET").map(set_columns).unwrap_or_default();
                if self.origin != Origin::Deployed {
                    self.note_copies(&table, cursor);
                }
                ChangeKind::Update { filtered: filters(cursor), keys: keys(cursor, self.depth > 0), columns }
            }
            _ => ChangeKind::Delete { filtered: filters(cursor), keys: keys(cursor, self.depth > 0) },
        };
        self.push_whole(Some(table), kind);
    }

    /// Whether the query of an `INSERT` may find many rows: it reads a table, and not only one row by its key.
    fn finds_many(&self, cursor: Cursor<'_>, keys: &[EcoString]) -> bool {
        match &super::views::outer_sources(cursor, self.catalog)[..] {
            // A function, a query in parentheses, or what `WITH` defines.
            [] => cursor.has("FROM"),
            [only] => {
                let known = self.catalog.table(only);
                !known.is_some_and(|table| table.has_key_within(keys, self.grammar()))
            }
            _ => true,
        }
    }

    /// Remembers from which columns of its table each new column is filled.
    fn note_copies(&mut self, table: &TableRef, cursor: Cursor<'_>) {
        let grammar = self.grammar();
        let (Some(known), Some(set)) = (&table.before, cursor.find("SET")) else { return };
        if known.columns.iter().all(|column| column.origin == Origin::Deployed) {
            return;
        }
        let end = set.find("WHERE").map_or(set.tokens.len(), |filter| filter.at);
        let sets = Cursor { at: set.at + 1, tokens: &set.tokens[..end], ..set };
        for part in sets.parts() {
            for target in assigned(part) {
                let Some(old) = known.column(&target, grammar).filter(|old| old.origin != Origin::Deployed) else {
                    continue;
                };
                let words = part.tokens.iter().map(|token| token.of(part.text).trim_matches(['"', '`', '[', ']']));
                let new = words.filter_map(|word| known.column(word, grammar)).map(|column| &column.name);
                let new: Vec<EcoString> =
                    new.filter(|name| **name != old.name && !old.more.copied_from.contains(name)).cloned().collect();
                if new.is_empty() || old.more.copied_from.len() > MOST_COPIES {
                    continue;
                }
                self.catalog.edit(&table.name, |table| {
                    if let Some(column) = table.column_mut(&target, grammar) {
                        column.more.copied_from.extend(new);
                    }
                });
            }
        }
    }

    /// `EXPLAIN ANALYZE` runs what it explains.
    fn explained(&mut self, cursor: Cursor<'_>) {
        let mut inner = cursor;
        inner.step();
        let mut runs = false;
        while !inner.is_end() && !inner.sees_any(&["INSERT", "UPDATE", "DELETE", "REPLACE", "WITH", "MERGE"]) {
            runs |= inner.sees_any(&["ANALYZE", "ANALYSE"]);
            match inner.group() {
                Some(options) => runs |= options.has("ANALYZE"),
                None => inner.step(),
            }
        }
        if !runs || inner.is_end() {
            return;
        }
        self.inner(inner.rest());
    }

    pub fn search_path(&mut self) {
        let tokens = code(self.text, self.reading.span, self.lexis);
        let mut cursor = Cursor::new(self.text, &tokens);
        if cursor.eat("USE") {
            let name = cursor.here().of(self.text).trim_matches('`').into();
            return self.catalog.path.set([name]);
        }
        let is_set = cursor.eat("SET LOCAL") || cursor.eat("SET SESSION") || cursor.eat("SET");
        if !is_set || !cursor.eat("SEARCH_PATH") || !(cursor.eat("TO") || cursor.eat("=")) {
            return;
        }
        let schema = |span: Span| -> EcoString {
            let written = span.of(self.text);
            let inner = written.trim_matches(['"', '\'']);
            if inner.len() == written.len() { EcoString::from(written).to_ascii_lowercase() } else { inner.into() }
        };
        let schemas: Vec<EcoString> = cursor.parts().iter().map(|part| schema(part.rest())).collect();
        if schemas != ["default"] {
            self.catalog.path.set(schemas);
        }
    }
}

/// Whether a condition says which rows: one that is always true says nothing.
fn filters(cursor: Cursor<'_>) -> bool {
    if cursor.has("LIMIT") {
        return true;
    }
    let Some(mut filter) = cursor.find("WHERE") else { return false };
    filter.step();
    let rest: String = filter.rest().of(filter.text).split_whitespace().collect::<String>().to_ascii_lowercase();
    !matches!(rest.trim_matches(['(', ')']), "true" | "1" | "1=1")
}

/// The columns that must equal constants for a row to be touched; in a block its variables are as good.
fn keys(cursor: Cursor<'_>, in_block: bool) -> Vec<EcoString> {
    let Some(mut filter) = cursor.find("WHERE") else { return Vec::new() };
    filter.step();
    if filter.has("OR") {
        return Vec::new();
    }
    let mut keys = Vec::new();
    while !filter.is_end() {
        let column = filter.here();
        let mut rest = filter;
        rest.step();
        let constant = |cursor: &Cursor<'_>| {
            let is_constant =
                matches!(cursor.kind(), Some(TokenKind::Number | TokenKind::String | TokenKind::Parameter))
                    || (in_block && cursor.kind() == Some(TokenKind::Word));
            is_constant && !cursor.sees("(")
        };
        let equals = rest.eat("=") && constant(&rest);
        let one_of = rest.eat("IN") && rest.group().is_some_and(|list| list.parts().iter().all(constant));
        if equals || one_of {
            keys.push(column.of(filter.text).trim_matches(['"', '`', '[', ']']).into());
        }
        match filter.find("AND") {
            Some(next) => filter = next,
            None => break,
        }
        filter.step();
    }
    keys
}

/// The columns in the parentheses behind the table of an `INSERT`.
fn inserted_columns(cursor: Cursor<'_>, table: &QualifiedName, grammar: Grammar) -> Vec<EcoString> {
    let mut after = cursor;
    while !after.is_end() && after.here().start < table.span().end {
        after.step();
    }
    if after.eat("AS") {
        after.step();
    }
    let Some(inside) = after.group().filter(|inside| !inside.sees_any(&["SELECT", "WITH", "VALUES"])) else {
        return Vec::new();
    };
    inside.parts().into_iter().filter_map(|mut part| Some(qualified(&mut part, grammar)?.name.value)).collect()
}

fn names_columns(cursor: Cursor<'_>, table: &QualifiedName) -> bool {
    let Some(mut after) = cursor.find("INTO") else { return true };
    while !after.is_end() && after.here().start < table.span().end {
        after.step();
    }
    if after.eat("AS") {
        after.step();
    }
    after.sees("(") && { after }.group().is_some_and(|inner| !inner.sees_any(&["SELECT", "WITH", "VALUES"]))
        || after.sees("DEFAULT VALUES")
        || after.sees("SET")
}

fn set_columns(mut cursor: Cursor<'_>) -> Vec<EcoString> {
    cursor.step();
    cursor.parts().into_iter().flat_map(assigned).collect()
}

/// The columns that one part of `SET` fills: `a = …`, `t.a = …`, `(a, b) = …`.
fn assigned(mut part: Cursor<'_>) -> Vec<EcoString> {
    let columns = match part.group() {
        Some(group) => group.parts().iter().map(|column| column.here()).collect(),
        None => {
            while part.token(1).is_some_and(|next| next.is_symbol(part.text, ".")) {
                part.at += 2;
            }
            vec![part.here()]
        }
    };
    columns.into_iter().map(|span: Span| span.of(part.text).trim_matches(['"', '`', '[', ']']).into()).collect()
}
