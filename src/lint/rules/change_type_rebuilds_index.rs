use super::prelude::*;
use crate::lint::types::keeps_storage;

rule! {
    /// Another collation, or `citext`, builds every index on the column again while nobody can use the table.
    ///
    /// The rows stay as they are, but their order does not. Create the new index concurrently on the new expression first.
    ///
    /// ```sql fires postgres
    /// create table users (email text);
    /// create index users_email on users (email);
    /// -- next migration
    /// alter table users alter column email type citext;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create table users (email text, note text);
    /// create index users_email on users (email);
    /// -- next migration
    /// alter table users alter column note type citext;
    /// ```
    "change-type-rebuilds-index", Warning [BlocksReadsOrWrites] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.grammar() != Grammar::Postgres {
        return;
    }
    let column = match &change.kind {
        ChangeKind::ChangeType { column, from: Some(from), to, .. } => {
            let other_order = (from.name == "citext") != (to.name == "citext");
            if !other_order || !keeps_storage(from, to, false) {
                return;
            }
            column
        }
        ChangeKind::ChangeCollation { column, .. } => column,
        _ => return,
    };
    let Some(table) = used(change) else { return };
    let known = table.before.as_ref();
    let indexes = known.iter().flat_map(|known| &known.indexes);
    let indexes: Vec<_> = indexes.filter(|index| index.uses(column, Grammar::Postgres)).collect();
    if !indexes.is_empty() {
        // The index of a constraint cannot be dropped alone.
        let help = if indexes.iter().any(|index| index.of_constraint) {
            "add a column of the new type with its index, and move the code to it"
        } else {
            "drop the index concurrently, change the column, and create the index concurrently again"
        };
        findings
            .report(change, format!("nobody can use `{}` while its indexes on `{column}` are built again", table.name))
            .help(help);
    }
}
