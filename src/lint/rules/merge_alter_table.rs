use super::prelude::*;
use crate::lint::types::keeps_storage;
use crate::sql::ddl::ConstraintKind;

rule! {
    /// Statements that each read or write the whole table do so once for each; as one statement, once for all.
    ///
    /// Put the actions into one ALTER TABLE, separated by commas.
    ///
    /// ```sql fires postgres
    /// create table users (id int, age int);
    /// -- next migration
    /// alter table users alter column id type bigint;
    /// alter table users alter column age type bigint;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create table users (id int, age int);
    /// -- next migration
    /// alter table users alter column id type bigint, alter column age type bigint;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create table users (id int, age int);
    /// -- next migration
    /// alter table users alter column id type bigint;
    /// alter table users add column nick text;
    /// ```
    "merge-alter-table", optional Info [Style] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.grammar() != Grammar::Postgres || !passes_over(change) {
        return;
    }
    let Some(table) = used(change) else { return };
    // Once for each statement: at its first such action.
    let first = context.beside(change).find(|other| passes_over(other));
    let same = |other: &Change| other.table.as_ref().is_some_and(|other| other.name == table.name);
    let earlier =
        context.before(change).any(|other| other.statement < change.statement && same(other) && passes_over(other));
    if earlier && first.is_some_and(|first| std::ptr::eq(first, change)) {
        findings
            .report(change, format!("all rows of `{}` are gone through once more", table.name))
            .help("make it one ALTER TABLE with the one above, separated by a comma");
    }
}

/// Whether the server goes through all rows for it, together with others of the same statement.
fn passes_over(change: &Change) -> bool {
    match &change.kind {
        ChangeKind::ChangeType { from, to, .. } => from.as_ref().is_none_or(|from| !keeps_storage(from, to, false)),
        ChangeKind::SetNotNull { old, .. } => old.as_ref().is_none_or(|old| !old.not_null),
        ChangeKind::AddConstraint { constraint, .. } => {
            constraint.kind == ConstraintKind::Check && constraint.valid && constraint.enforced
        }
        ChangeKind::AddColumn { column, .. } => {
            column.numbering.is_some() || column.more.generated.as_ref().is_some_and(|generated| generated.stored)
        }
        _ => false,
    }
}
