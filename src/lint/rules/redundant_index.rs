use super::prelude::*;
use crate::lint::written::indexes;
use crate::schema::{Index, Table};
use crate::sql::ddl::IndexKind;

rule! {
    /// An index whose columns are the first ones of another is written at every change and never needed.
    ///
    /// Drop the shorter one, or do not create it.
    ///
    /// ```sql fires
    /// create table orders (id bigint primary key, user_id bigint, state int);
    /// create index orders_user_state on orders (user_id, state);
    /// -- next migration
    /// create index orders_user on orders (user_id);
    /// ```
    ///
    /// ```sql fires
    /// create table orders (id bigint primary key, user_id bigint, state int);
    /// create index orders_user on orders (user_id);
    /// -- next migration
    /// create index orders_user_state on orders (user_id, state);
    /// ```
    ///
    /// A unique one does more, and so does another order:
    ///
    /// ```sql quiet
    /// create table orders (id bigint primary key, user_id bigint, state int);
    /// create index orders_user_state on orders (user_id, state);
    /// -- next migration
    /// create unique index orders_user on orders (user_id);
    /// create index orders_state on orders (state, user_id);
    /// ```
    ///
    /// ```sql quiet postgres sqlite
    /// create table orders (id bigint primary key, user_id bigint, state int);
    /// create index orders_open on orders (user_id) where state = 0;
    /// -- next migration
    /// create index orders_user_state on orders (user_id, state);
    /// ```
    ///
    /// ```sql quiet postgres
    /// create table users (id bigint primary key, email text);
    /// create index users_email on users (email);
    /// -- next migration
    /// create index users_email_like on users (email text_pattern_ops);
    /// ```
    "redundant-index", optional Info [Style] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let grammar = context.grammar();
    let Some(table) = change.table.as_ref().and_then(|table| context.catalog.table(&table.name)) else { return };
    for new in indexes(change, context) {
        let is_new = |other: &Index| other.name == new.index.name && other.columns == new.index.columns;
        if !table.indexes.iter().any(|other| is_new(other)) {
            continue;
        }
        let mut others = table.indexes.iter().filter(|other| !is_new(other));
        let message = others.find_map(|other| verdict(new.index, other, table, grammar));
        if let Some(message) = message {
            findings.report_at(Some(change.statement), new.span, message).help("keep the longer one");
        }
    }
}

fn verdict(new: &Index, other: &Index, table: &Table, grammar: Grammar) -> Option<String> {
    let name = other.name.as_deref().unwrap_or("another");
    if is_within(new, other, table, grammar) {
        return Some(format!("index `{name}` starts with the same columns and serves the same queries"));
    }
    is_within(other, new, table, grammar)
        .then(|| format!("index `{name}` is not needed any more: this one starts with its columns"))
}

/// Whether the first index can do nothing that the second cannot.
fn is_within(index: &Index, other: &Index, table: &Table, grammar: Grammar) -> bool {
    let plain_enough = match index.kind {
        IndexKind::Plain => matches!(other.kind, IndexKind::Plain | IndexKind::Unique),
        // Two that refuse the same rows.
        IndexKind::Unique => other.kind == IndexKind::Unique && index.columns.len() == other.columns.len(),
        _ => false,
    };
    let same_column = |(one, other): (&Option<EcoString>, &Option<EcoString>)| match (one, other) {
        (Some(one), Some(other)) => grammar.same_name(one, other),
        _ => false,
    };
    let starts = index.columns.len() <= other.columns.len()
        && index.columns.iter().zip(&other.columns).all(same_column)
        && (0..index.columns.len()).all(|at| index.options(at) == other.options(at));
    let carries =
        |name: &EcoString| other.columns.iter().flatten().chain(&other.include).any(|its| grammar.same_name(its, name));
    // An unknown table may have anything; an index of a constraint goes with that.
    table.kind == crate::sql::ddl::ObjectKind::Table
        && !index.of_constraint
        && plain_enough
        && starts
        && index.predicate == other.predicate
        && index.method == other.method
        && index.include.iter().all(carries)
}
