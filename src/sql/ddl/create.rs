//! Reads `CREATE`.

use super::column::column;
use super::constraint::{constraint, index_kind, key_parts, starts_constraint, starts_index, table_index};
use super::definition::{IndexDefinition, IndexKind, TableDefinition};
use super::name::Names as _;
use super::object::object_kind;
use super::reading::{Detail, ObjectKind, Verb};
use super::{Grammar, Reader};
use crate::sql::cursor::Cursor;
use crate::sql::lex::TokenKind;
use crate::sql::place::Span;

impl Reader<'_, '_> {
    pub(super) fn create(&mut self) {
        let kind = self.create_words();
        let Some(object) = object_kind(&mut self.cursor, self.grammar) else { return };
        self.set(Verb::Create, Some(object));
        self.reading.flags.unique = kind == IndexKind::Unique;
        self.reading.flags.concurrently = self.cursor.eat("CONCURRENTLY");
        self.reading.flags.if_not_exists = self.cursor.eat("IF NOT EXISTS");
        match object {
            ObjectKind::Table | ObjectKind::ForeignTable => self.create_table(),
            ObjectKind::Index => self.create_index(kind),
            ObjectKind::View | ObjectKind::MaterializedView => self.create_view(),
            ObjectKind::Trigger | ObjectKind::Policy => {
                self.name();
                self.on_table();
            }
            ObjectKind::Rule => {
                self.name();
                if let Some(mut to) = self.cursor.find("TO") {
                    to.step();
                    if let Some(table) = to.qualified(self.grammar) {
                        self.reading.detail = Detail::On(table);
                    }
                }
            }
            ObjectKind::Function | ObjectKind::Procedure => {
                self.name();
                self.routine();
            }
            ObjectKind::Event | ObjectKind::Package => {
                self.name();
                self.body();
            }
            ObjectKind::Type => {
                self.name();
                if self.cursor.eat("AS ENUM") {
                    let values = self.cursor.group().map(|group| group.parts()).unwrap_or_default();
                    self.reading.detail = Detail::Values(values.iter().map(Cursor::rest).collect());
                }
            }
            ObjectKind::Cast | ObjectKind::UserMapping | ObjectKind::Transform => {}
            ObjectKind::Schema if self.cursor.eat("AUTHORIZATION") => self.name(),
            _ => self.name(),
        }
    }

    /// The words between `CREATE` and the kind of object.
    fn create_words(&mut self) -> IndexKind {
        let mut kind = IndexKind::Plain;
        loop {
            let flags = &mut self.reading.flags;
            let cursor = &mut self.cursor;
            let word = cursor.keyword(0);
            match &*word {
                "OR" => {
                    cursor.step();
                    flags.or_replace |= cursor.sees("REPLACE");
                }
                "TEMP" | "TEMPORARY" => flags.temporary = true,
                "UNLOGGED" => flags.unlogged = true,
                "VIRTUAL" => flags.virtual_table = true,
                "CONSTRAINT" => flags.constraint = true,
                "UNIQUE" | "FULLTEXT" | "SPATIAL" | "VECTOR" if !cursor.sees("SPATIAL REFERENCE") => {
                    kind = index_kind(cursor);
                    continue;
                }
                "LOCAL" | "GLOBAL" | "RECURSIVE" | "TRUSTED" | "DEFAULT" if self.grammar == Grammar::Postgres => {}
                "ONLINE" | "OFFLINE" | "AGGREGATE" if self.grammar.is_mysql() => {}
                "ALGORITHM" | "DEFINER" if self.grammar.is_mysql() => {
                    cursor.step();
                    definer(cursor);
                    continue;
                }
                "SQL" if cursor.sees("SQL SECURITY") => cursor.at += 2,
                _ => return kind,
            }
            cursor.step();
        }
    }

    fn create_table(&mut self) {
        let mut table = TableDefinition::default();
        self.name();
        if self.reading.flags.virtual_table {
            return;
        }
        if self.cursor.eat("PARTITION OF") {
            table.partition_of = self.cursor.qualified(self.grammar);
        } else if self.cursor.eat("OF") {
            table.of_type = self.cursor.qualified(self.grammar);
        }
        if self.grammar.is_mysql() && self.cursor.eat("LIKE") {
            table.like.extend(self.cursor.qualified(self.grammar));
        }
        // After AS the columns of `CREATE TABLE t (a, b) AS SELECT` have no types, which is fine.
        if !self.cursor.sees("( SELECT")
            && let Some(elements) = self.cursor.group()
        {
            for part in elements.parts() {
                self.element(part, &mut table);
            }
        }
        self.table_options(&mut table);
        self.reading.detail = Detail::Table(Box::new(table));
    }

    fn element(&mut self, mut part: Cursor<'_>, table: &mut TableDefinition) {
        let grammar = self.grammar;
        if part.sees("LIKE") && part.kind() == Some(TokenKind::Word) {
            part.step();
            table.like.extend(part.qualified(grammar));
        } else if starts_constraint(&part, grammar) {
            let unique = grammar.is_mysql() && part.sees("UNIQUE");
            if unique {
                table.indexes.push(table_index(&mut { part }, grammar));
            }
            match constraint(&mut part, grammar) {
                Some(constraint) => table.constraints.push(constraint),
                None => self.reading.verb = Verb::Unknown,
            }
        } else if grammar.is_mysql() && starts_index(&part) {
            table.indexes.push(table_index(&mut part, grammar));
        } else if grammar == Grammar::MariaDb && part.sees("PERIOD FOR") {
            // Says which columns hold a row's life, and is none itself.
        } else if let Some((column, _)) = column(&mut part, grammar) {
            // SQLite: the last column may be followed by table constraints without a comma; they read as its own.
            table.columns.push(column);
        } else {
            self.reading.verb = Verb::Unknown;
        }
    }

    fn table_options(&mut self, table: &mut TableDefinition) {
        while !self.cursor.is_end() {
            let selects = ["SELECT", "WITH", "VALUES", "( SELECT", "( WITH"];
            let bare = self.grammar.is_mysql() && selects.iter().any(|words| self.cursor.sees(words));
            if self.cursor.eat("AS") || (bare && !self.cursor.sees("WITH SYSTEM")) {
                table.query = Some(self.cursor.rest());
                self.reading.flags.no_data = self.cursor.has("WITH NO DATA");
                return;
            } else if self.cursor.eat("INHERITS") {
                let parents = self.cursor.group().map(|group| group.parts()).unwrap_or_default();
                table.inherits.extend(parents.into_iter().filter_map(|mut part| part.qualified(self.grammar)));
            } else if self.cursor.sees("PARTITION BY") {
                table.partition_by = Some(self.cursor.rest());
                self.cursor.at += 2;
            } else {
                let start = self.cursor.here();
                if self.cursor.group().is_none() {
                    self.cursor.step();
                }
                table.options.push(start);
            }
        }
    }

    fn create_index(&mut self, kind: IndexKind) {
        let grammar = self.grammar;
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
            span: self.reading.span,
        };
        if !self.cursor.sees("ON") {
            self.name();
            index.name = self.reading.names.first().map(|name| name.name.clone());
        }
        if self.cursor.eat("USING") {
            index.method = self.cursor.name(grammar);
        }
        if self.cursor.eat("ON") {
            index.only = grammar == Grammar::Postgres && self.cursor.eat("ONLY");
            index.table = self.cursor.qualified(grammar);
        }
        if self.cursor.eat("USING") {
            index.method = self.cursor.name(grammar);
        }
        index.parts = key_parts(&mut self.cursor, grammar);
        if self.cursor.eat("INCLUDE") {
            index.include = self.cursor.names_in_group(grammar);
        }
        index.nulls_not_distinct = self.cursor.has("NULLS NOT DISTINCT");
        if let Some(mut filter) = self.cursor.find("WHERE") {
            filter.step();
            index.predicate = Some(filter.rest());
        }
        self.reading.detail = Detail::Index(Box::new(index));
    }

    fn create_view(&mut self) {
        self.name();
        let columns = if self.cursor.sees("(") { self.cursor.names_in_group(self.grammar) } else { Vec::new() };
        let query = self.cursor.find("AS").map(|mut query| {
            query.step();
            query.rest()
        });
        self.reading.flags.no_data = self.cursor.has("WITH NO DATA");
        self.reading.detail = Detail::View { columns, query };
    }

    /// The body: the last string on PostgreSQL, `BEGIN ATOMIC`, or what follows the head on MySQL.
    pub(super) fn body(&mut self) {
        if let Some(body) = self.body_span() {
            self.reading.detail = Detail::Body(body);
        }
    }

    pub(super) fn body_span(&self) -> Option<Span> {
        let mut cursor = self.cursor;
        let mut body = None;
        while !cursor.is_end() {
            let quoted = matches!(cursor.kind(), Some(TokenKind::DollarString | TokenKind::String));
            if cursor.sees("BEGIN") {
                body = Some(cursor.rest());
                break;
            }
            if quoted && (body.is_none() || cursor.kind() == Some(TokenKind::DollarString)) {
                body = Some(cursor.here());
            }
            cursor.step();
        }
        body
    }
}

/// Steps over `= user@host`, `= CURRENT_USER()`, `= MERGE`.
pub(super) fn definer(cursor: &mut Cursor<'_>) {
    cursor.eat("=");
    cursor.step();
    cursor.group();
    if cursor.eat("@") || cursor.kind() == Some(TokenKind::Parameter) {
        cursor.step();
    }
    // A host without quotes may have dashes and dots.
    while cursor.eat("-") || cursor.eat(".") {
        cursor.step();
    }
}
