use super::prelude::*;
use crate::lint::types::{decoded_as, is_integer, narrows};
use crate::schema::Shared;
use crate::schema::{Constraint, DataType, Table};
use crate::sql::ddl::ConstraintKind;

rule! {
    /// A foreign key between columns of different types casts at every join, and the smaller one runs out first.
    ///
    /// On MySQL the server refuses it. Give both columns one type.
    ///
    /// ```sql fires postgres
    /// create table users (id bigint primary key);
    /// create table orders (id int, user_id int);
    /// -- next migration
    /// alter table orders add constraint orders_user foreign key (user_id) references users (id) not valid;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create table users (id bigint primary key);
    /// create table orders (id int, user_id bigint);
    /// -- next migration
    /// alter table orders add constraint orders_user foreign key (user_id) references users (id) not valid;
    /// ```
    "foreign-key-type-mismatch", Warning [Style] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let constraints: Vec<&Shared<Constraint>> = match &change.kind {
        ChangeKind::AddConstraint { constraint, .. } => vec![constraint],
        ChangeKind::AddColumn { constraints, .. } => constraints.iter().collect(),
        ChangeKind::CreateTable { table, exists: false, .. } => table.constraints.iter().collect(),
        _ => return,
    };
    // SQLite's types belong to values, not to columns.
    if context.grammar() == Grammar::Sqlite {
        return;
    }
    let Some(child) = change.table.as_ref().and_then(|table| context.catalog.table(&table.name)) else { return };
    for constraint in constraints {
        if let Some((own, its)) = mismatch(constraint, child, context) {
            // PostgreSQL compares integers of two sizes as they are.
            let casts = if is_integer(own) && is_integer(its) { "" } else { "joins cast, and " };
            findings
                .report(change, format!("the foreign key leads from {own} to {its}: {casts}{own} may run out first"))
                .help("give both columns one type");
        }
    }
}

/// The types of the first pair of columns that differ.
fn mismatch<'c>(
    constraint: &Constraint,
    child: &'c Table,
    context: &'c Context<'_>,
) -> Option<(&'c DataType, &'c DataType)> {
    let to = constraint.references.as_ref()?;
    let parent = context.catalog.table(&to.table)?;
    let grammar = context.grammar();
    let key = || {
        let keys = parent.constraints.iter().find(|one| one.kind == ConstraintKind::PrimaryKey);
        keys.map(|key| key.columns.clone()).unwrap_or_default()
    };
    let columns = if to.columns.is_empty() { key() } else { to.columns.clone() };
    let types = constraint.columns.iter().zip(&columns).filter_map(|(own, its)| {
        let own = child.column(own, grammar)?.data_type.as_ref()?;
        let its = parent.column(its, grammar)?.data_type.as_ref()?;
        Some((own, its))
    });
    // A wider number than the key's holds every key.
    let differ = |(own, its): &(&DataType, &DataType)| {
        let both_numbers = is_integer(own) && is_integer(its);
        decoded_as(own) != decoded_as(its) && (!both_numbers || narrows(its, own))
    };
    types.into_iter().find(differ)
}
