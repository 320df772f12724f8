use super::prelude::*;
use crate::lint::written::constraints;
use crate::schema::{Constraint, Index, Table};
use crate::sql::ddl::{self, ConstraintKind, Detail, IndexKind, ObjectKind, Verb};
use crate::sql::split;

rule! {
    /// Without an index on the columns of a foreign key, every delete of a parent reads all children.
    ///
    /// It does so while it holds its locks, and so does every change of the parent's key. MySQL and MariaDB make the index
    /// by themselves; elsewhere create one that starts with these columns.
    ///
    /// ```sql fires postgres sqlite
    /// create table orders (id bigint primary key, user_id bigint references users (id));
    /// ```
    ///
    /// ```sql quiet postgres sqlite
    /// create table orders (id bigint primary key, user_id bigint references users (id));
    /// create index orders_user on orders (user_id, id);
    /// ```
    ///
    /// ```sql quiet mysql mariadb
    /// create table orders (id bigint primary key, user_id bigint, foreign key (user_id) references users (id));
    /// ```
    "missing-foreign-key-index", optional Warning [Style] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let grammar = context.grammar();
    if grammar.is_mysql() {
        return;
    }
    let Some(table) = change.table.as_ref().and_then(|table| context.catalog.table(&table.name)) else { return };
    for new in constraints(change, context) {
        let key = new.constraint;
        let indexed =
            || table.indexes.iter().any(|index| leads(index, key, grammar)) || comes_later(table, key, context);
        if key.kind == ConstraintKind::ForeignKey && !indexed() {
            let columns = key.columns.join(", ");
            findings
                .report_at(
                    Some(change.statement),
                    new.span,
                    format!(
                        "no index of `{}` starts with {columns}: deleting a parent reads the whole table",
                        table.name
                    ),
                )
                .help(format!("create an index on ({columns})"));
        }
    }
}

/// Whether the index finds the rows of a key: its first columns are the key's, in any order, and no row is left out.
fn leads(index: &Index, key: &Constraint, grammar: Grammar) -> bool {
    let ours = |column: &Option<EcoString>| {
        column.as_ref().is_some_and(|column| key.columns.iter().any(|own| grammar.same_name(own, column)))
    };
    let first = index.columns.iter().take(key.columns.len());
    let whole = index.predicate.as_ref().is_none_or(|predicate| leaves_out_nulls_only(predicate, key));
    let ordered = matches!(index.kind, IndexKind::Plain | IndexKind::Unique);
    ordered && whole && index.columns.len() >= key.columns.len() && first.into_iter().all(ours)
}

/// Whether a partial index has every row that refers to anything.
fn leaves_out_nulls_only(predicate: &str, key: &Constraint) -> bool {
    let words: Vec<&str> = predicate.trim_matches(['(', ')']).split_whitespace().collect();
    let [column, rest @ ..] = words.as_slice() else { return false };
    rest.join(" ").eq_ignore_ascii_case("is not null") && key.columns.iter().any(|own| own.eq_ignore_ascii_case(column))
}

/// Whether a later migration under judgement, or a later one there is, creates the index.
fn comes_later(table: &Table, key: &Constraint, context: &Context<'_>) -> bool {
    let creates = |text: &str| {
        let statements = split(text, context.lexis).unwrap_or_default();
        statements.iter().map(|statement| ddl::read(statement, text, context.lexis)).any(|reading| {
            let Detail::Index(index) = &reading.detail else { return false };
            let on_it = index.table.as_ref().is_some_and(|on| on.name.value.eq_ignore_ascii_case(&table.name.name));
            let first = index.parts.iter().take(key.columns.len()).filter_map(|part| part.column.as_ref());
            let ours = |name: &ddl::Name| key.columns.iter().any(|own| context.grammar().same_name(own, &name.value));
            (reading.verb, reading.object) == (Verb::Create, Some(ObjectKind::Index))
                && on_it
                && first.filter(|name| ours(name)).count() == key.columns.len()
        })
    };
    context.migrations.iter().skip(context.number + 1).any(|later| creates(&later.up.text))
}
