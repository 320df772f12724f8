//! The sequences that PostgreSQL makes with the columns that it numbers.

use super::rule::Context;
use crate::schema::{Table, chosen_name};

/// Whether a sequence of this name numbers the rows of a table that is new, and so is as new as that.
pub fn numbers_new_table(sequence: &str, context: &Context<'_>) -> bool {
    new_tables(context).any(|table| sequences(table).any(|own| own == sequence))
}

/// The sequences of tables that are new, as far as a statement may name them.
pub fn of_new_tables<'c>(context: &'c Context<'_>) -> impl Iterator<Item = String> + use<'c> {
    new_tables(context).flat_map(sequences)
}

/// The tables that are new, as they are and as the script found them.
fn new_tables<'c>(context: &'c Context<'_>) -> impl Iterator<Item = &'c Table> + use<'c> {
    let found = context.script.changes.iter().filter_map(|change| change.table.as_ref()?.before.as_deref());
    context.catalog.tables().map(|table| &**table).chain(found).filter(|table| !table.in_use())
}

fn sequences(table: &Table) -> impl Iterator<Item = String> {
    table.columns.iter().map(|column| chosen_name(&table.name.name, &column.name, "seq").to_string())
}
