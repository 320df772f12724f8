//! What a view shows and what it needs, from the tokens of its query.

use std::collections::BTreeSet;

use ecow::EcoString;

use super::catalog::Catalog;
use super::name::ObjectName;
use crate::sql::cursor::{Cursor, code};
use crate::sql::ddl::{Name, ObjectKind, QualifiedName, qualified};
use crate::sql::{Grammar, Lexis, Span, TokenKind};

/// Of one query no more tables, and no more `WITH`, are looked at.
const MOST: usize = 200;

/// A view: what it shows and what it needs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct View {
    /// The names of its columns in order, none for one whose name cannot be told; nothing when even their number cannot.
    pub columns: Option<Vec<Option<EcoString>>>,
    /// The tables and columns that it needs.
    pub uses: Vec<Use>,
    /// Whether it refuses rows that it would not show.
    pub check_option: bool,
}

/// What a view needs of one table.
#[derive(Clone, Debug, PartialEq)]
pub struct Use {
    /// The table.
    pub table: ObjectName,
    /// Its columns that are named.
    pub columns: BTreeSet<EcoString>,
}

impl View {
    /// Whether it needs this column.
    pub fn uses(&self, table: &ObjectName, column: &str, grammar: Grammar) -> bool {
        let named = |used: &Use| used.columns.iter().any(|own| grammar.same_name(own, column));
        self.uses.iter().any(|used| used.table == *table && named(used))
    }

    /// Reads a view's query.
    pub(super) fn read(text: &str, query: Span, written: &[Name], catalog: &Catalog, lexis: &Lexis) -> Self {
        let tokens = code(text, query, lexis);
        let cursor = Cursor::new(text, &tokens);
        let query = Query { cursor, catalog, sources: sources(cursor, catalog), scopes: scopes(cursor) };
        let columns = match written {
            [] => query.shown(),
            written => Some(written.iter().map(|name| Some(name.value.clone())).collect()),
        };
        let check_option = cursor.has("CHECK OPTION");
        View { columns, uses: query.uses(), check_option }
    }
}

/// A table that a query names, and by which names it calls it.
pub(super) struct Source {
    pub table: ObjectName,
    called: EcoString,
    /// The token behind which it stands.
    at: usize,
}

struct Query<'q> {
    cursor: Cursor<'q>,
    catalog: &'q Catalog,
    sources: Vec<Source>,
    /// Which `SELECT` each token belongs to.
    scopes: Vec<usize>,
}

/// Which `SELECT` each token belongs to: one begins with each parenthesis, and behind each `UNION` and its like.
fn scopes(cursor: Cursor<'_>) -> Vec<usize> {
    let mut open = vec![0];
    let mut next = 1;
    let mut scopes = Vec::with_capacity(cursor.tokens.len());
    for at in 0..cursor.tokens.len() {
        let here = Cursor { at, ..cursor };
        let joins = here.sees_any(&["UNION", "EXCEPT", "INTERSECT"]);
        if joins || here.sees(")") {
            open.pop();
        }
        if joins || here.sees("(") || open.is_empty() {
            open.push(next);
            next += 1;
        }
        scopes.push(open[open.len() - 1]);
    }
    scopes
}

/// The tables that the outermost `SELECT` reads.
pub(super) fn outer_sources(cursor: Cursor<'_>, catalog: &Catalog) -> Vec<ObjectName> {
    let scopes = scopes(cursor);
    let Some(select) = cursor.find("SELECT").and_then(|select| scopes.get(select.at)) else { return Vec::new() };
    let outer = |source: &Source| scopes.get(source.at) == Some(select);
    sources(cursor, catalog).into_iter().filter(outer).map(|source| source.table).collect()
}

/// The tables behind `FROM` and `JOIN`, at whatever depth, without those that `WITH` defines.
pub(super) fn sources(cursor: Cursor<'_>, catalog: &Catalog) -> Vec<Source> {
    let grammar = catalog.grammar;
    let mut found = Vec::new();
    let local = local_names(cursor, grammar);
    let starts = |at: &usize| {
        let after_distinct = *at > 0 && Cursor { at: *at - 1, ..cursor }.sees("DISTINCT");
        !after_distinct && Cursor { at: *at, ..cursor }.sees_any(&["FROM", "JOIN"])
    };
    for at in (0..cursor.tokens.len()).filter(starts).take(MOST) {
        let mut here = Cursor { at, ..cursor };
        let lists = here.sees("FROM");
        here.step();
        loop {
            here.eat("LATERAL");
            here.eat("ONLY");
            let Some(name) = qualified(&mut here, grammar) else { break };
            if here.sees("(") {
                // A function.
                here.group();
            } else if !(name.qualifiers.is_empty() && local.contains(&name.name.value)) {
                let table = resolve(&name, catalog);
                let at = here.at - 1;
                let called = alias(&mut here, grammar).unwrap_or_else(|| name.name.value.clone());
                found.push(Source { table, called, at });
            }
            if !lists || !here.eat(",") {
                break;
            }
        }
    }
    found
}

fn resolve(name: &QualifiedName, catalog: &Catalog) -> ObjectName {
    catalog.find(name).map_or_else(|| catalog.path.for_new(name), |table| table.name.clone())
}

/// The names that `WITH` defines.
fn local_names(cursor: Cursor<'_>, grammar: Grammar) -> Vec<EcoString> {
    let mut names = Vec::new();
    let starts = (0..cursor.tokens.len()).filter(|at| Cursor { at: *at, ..cursor }.sees("WITH"));
    for at in starts.take(MOST) {
        let mut here = Cursor { at: at + 1, ..cursor };
        here.eat("RECURSIVE");
        while let Some(name) = qualified(&mut here, grammar) {
            here.group();
            if !here.eat("AS") {
                break;
            }
            names.push(name.name.value);
            here.eat("NOT");
            here.eat("MATERIALIZED");
            if here.group().is_none() || !here.eat(",") {
                break;
            }
        }
    }
    names
}

fn alias(here: &mut Cursor<'_>, grammar: Grammar) -> Option<EcoString> {
    const NO_ALIAS: &[&str] = &[
        "WHERE",
        "JOIN",
        "LEFT",
        "RIGHT",
        "INNER",
        "OUTER",
        "FULL",
        "CROSS",
        "NATURAL",
        "ON",
        "USING",
        "GROUP",
        "ORDER",
        "HAVING",
        "LIMIT",
        "UNION",
        "EXCEPT",
        "INTERSECT",
        "WINDOW",
        "FETCH",
        "OFFSET",
        "FOR",
        "WITH",
        "TABLESAMPLE",
        "STRAIGHT_JOIN",
        "FORCE",
        "USE",
        "IGNORE",
        "INDEXED",
        "NOT",
        "PARTITION",
    ];
    let explicit = here.eat("AS");
    if !explicit && here.sees_any(NO_ALIAS) {
        return None;
    }
    qualified(here, grammar).map(|name| name.name.value)
}

impl Query<'_> {
    /// The columns of the first `SELECT`.
    fn shown(&self) -> Option<Vec<Option<EcoString>>> {
        let mut cursor = self.cursor;
        let nested = cursor.sees("(");
        while cursor.sees("(") {
            cursor = cursor.group()?;
        }
        let mut select = cursor.find("SELECT")?;
        select.step();
        select.eat("ALL");
        if select.eat("DISTINCT") && select.eat("ON") {
            select.group();
        }
        let ends = ["FROM", "WHERE", "UNION", "EXCEPT", "INTERSECT", "ORDER", "LIMIT", "GROUP"];
        let end = ends.iter().filter_map(|word| select.find(word)).map(|found| found.at).min();
        let list = Cursor { tokens: &select.tokens[..end.unwrap_or(select.tokens.len())], ..select };
        let scope = self.scope(select.at.saturating_sub(1)).filter(|_| !nested);
        let mut columns = Vec::new();
        for item in list.parts() {
            let star = item.tokens.last().is_some_and(|last| last.is_symbol(item.text, "*"));
            let of = match item.tokens {
                [_] if star => Some(None),
                [name, dot, _] if star && dot.is_symbol(item.text, ".") => Some(Some(name.of(item.text))),
                _ => None,
            };
            match of {
                Some(of) => columns.extend(self.expanded(of, scope)?),
                None => columns.push(self.name_of(item)),
            }
        }
        Some(columns)
    }

    /// The columns that `*` or `t.*` stands for.
    fn expanded(&self, of: Option<&str>, scope: Option<usize>) -> Option<Vec<Option<EcoString>>> {
        let meant = |source: &&Source| self.is_meant(source, of, scope);
        let mut columns = Vec::new();
        for source in self.sources.iter().filter(meant) {
            let table =
                self.catalog.table(&source.table).filter(|table| table.complete || table.kind != ObjectKind::Table)?;
            if table.columns.is_empty() {
                return None;
            }
            columns.extend(table.columns.iter().map(|column| Some(column.name.clone())));
        }
        (!columns.is_empty()).then_some(columns)
    }

    /// What the database calls an expression of the list.
    fn name_of(&self, item: Cursor<'_>) -> Option<EcoString> {
        let grammar = self.catalog.grammar;
        if let Some(cast) = item.find(": :") {
            return self.name_of(Cursor { tokens: &item.tokens[..cast.at], ..item });
        }
        let mut call = item;
        if let (Grammar::Postgres, Some(function)) = (grammar, qualified(&mut call, grammar))
            && call.group().is_some()
            && call.is_end()
        {
            return Some(function.name.value);
        }
        let last = item.tokens.last()?;
        let name = |at: usize| qualified(&mut Cursor { at, ..item }, grammar).map(|name| name.name.value);
        let count = item.tokens.len();
        if matches!(last.kind, TokenKind::Word | TokenKind::QuotedName) && !last.is_word(item.text, "END") {
            let before = count.checked_sub(2).map(|at| &item.tokens[at]);
            let follows = |symbol: &str| before.is_some_and(|before| before.is_symbol(item.text, symbol));
            let is_operator = before.is_some_and(|before| before.kind == TokenKind::Symbol) && !follows(")");
            if before.is_none() || follows(".") || !is_operator {
                return name(count - 1);
            }
        }
        None
    }

    /// The tables with the columns that are named.
    fn uses(&self) -> Vec<Use> {
        let grammar = self.catalog.grammar;
        let mut uses: Vec<Use> = Vec::new();
        for source in &self.sources {
            if !uses.iter().any(|used| used.table == source.table) {
                uses.push(Use { table: source.table.clone(), columns: BTreeSet::new() });
            }
        }
        for at in 0..self.cursor.tokens.len() {
            let here = Cursor { at, ..self.cursor };
            let is_star = here.sees("*") && at > 0 && {
                let before = Cursor { at: at - 1, ..here };
                before.sees_any(&["SELECT", "ALL", "DISTINCT", ",", "."])
            };
            let follows_dot = at > 0 && Cursor { at: at - 1, ..here }.sees(".");
            if is_star {
                let of = (follows_dot && at > 1).then(|| self.cursor.tokens[at - 2].of(here.text));
                self.star(of, self.scope(at), &mut uses);
                continue;
            }
            let Some(name) = qualified(&mut { here }, grammar).filter(|_| !follows_dot) else { continue };
            let column = name.name.value.clone();
            let of = name.schema().map(|of| of.value.clone());
            let called = |source: &&Source| of.as_ref().is_none_or(|of| grammar.same_name(of, &source.called));
            let candidates: Vec<&Source> = self.sources.iter().filter(called).collect();
            // A name alone may belong to any of the tables: to those that are known to have it, or to the only one.
            let has = |source: &&&Source| {
                self.catalog.table(&source.table).is_some_and(|table| table.column(&column, grammar).is_some())
            };
            let known: Vec<&&Source> = candidates.iter().filter(has).collect();
            let meant: Vec<&Source> = match (known.as_slice(), candidates.as_slice()) {
                ([], [only]) => vec![only],
                ([only], _) => vec![only],
                _ => Vec::new(),
            };
            for source in meant {
                if let Some(used) = uses.iter_mut().find(|used| used.table == source.table) {
                    used.columns.insert(column.clone());
                }
            }
        }
        uses
    }

    /// The `SELECT` that a token belongs to; nothing where the query is not read from its first token on.
    fn scope(&self, at: usize) -> Option<usize> {
        self.scopes.get(at).copied()
    }

    /// Whether a `*`, or one of what is called so, in a `SELECT` means this table.
    fn is_meant(&self, source: &Source, of: Option<&str>, scope: Option<usize>) -> bool {
        let here = || scope.is_none() || self.scope(source.at) == scope;
        of.map_or_else(here, |of| same_spelling(&source.called, of, self.catalog.grammar))
    }

    fn star(&self, of: Option<&str>, scope: Option<usize>, uses: &mut [Use]) {
        for source in &self.sources {
            let meant = self.is_meant(source, of, scope);
            let Some(table) = self.catalog.table(&source.table).filter(|_| meant) else { continue };
            for used in uses.iter_mut().filter(|used| used.table == source.table) {
                used.columns.extend(table.columns.iter().map(|column| column.name.clone()));
            }
        }
    }
}

/// Whether a name as written is this one as it is kept.
fn same_spelling(kept: &str, written: &str, grammar: Grammar) -> bool {
    let plain = written.trim_matches(['"', '`', '[', ']']);
    if plain.len() == written.len() { kept.eq_ignore_ascii_case(plain) } else { grammar.same_name(kept, plain) }
}
