use super::prelude::*;
use crate::sql::ddl::ConstraintKind;

rule! {
    /// Without its check a table may hold rows that older code takes for impossible.
    ///
    /// That is fine when it is meant. Should the release be taken back, the rows that were written meanwhile keep the check
    /// from being added again.
    ///
    /// ```sql fires postgres
    /// create table orders (id int, total int constraint orders_total check (total >= 0));
    /// -- next migration
    /// alter table orders drop constraint orders_total;
    /// ```
    ///
    /// ```sql fires mysql
    /// create table orders (id int, total int, constraint orders_total check (total >= 0));
    /// -- next migration
    /// alter table orders alter check orders_total not enforced;
    /// ```
    ///
    /// A check that only helped to set `NOT NULL` has done its work:
    ///
    /// ```sql quiet postgres
    /// create table orders (id int, total int constraint given check (total is not null));
    /// -- next migration
    /// alter table orders alter column total set not null;
    /// alter table orders drop constraint given;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create table orders (id int, total int constraint orders_total check (total >= 0));
    /// -- next migration
    /// alter table orders drop constraint orders_total, add constraint orders_total check (total > 0) not valid;
    /// ```
    "drop-check-or-not-null-invariant", Info [BreaksNewCodeOnRollback] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let dropped = match &change.kind {
        ChangeKind::DropConstraint { constraint: Some(constraint), .. } => constraint,
        ChangeKind::AlterConstraint { constraint: Some(constraint), enforced: Some(false), .. } => constraint,
        _ => return,
    };
    let Some(table) = used(change) else { return };
    let Some(known) = table.before.as_ref().filter(|_| dropped.kind == ConstraintKind::Check) else { return };
    let grammar = context.grammar();
    let required = dropped.required_columns();
    let refuses_nulls = |name: &EcoString| known.column(name, grammar).is_some_and(|column| column.not_null);
    let helped = !required.is_empty() && required.iter().all(refuses_nulls);
    // So has one that only helped to attach a partition.
    let attached = context.before(change).any(|earlier| match &earlier.kind {
        ChangeKind::AttachPartition { partition } => partition.name == table.name,
        _ => false,
    });
    let same_table = |other: &&Change| other.table.as_ref().is_some_and(|other| other.name == table.name);
    let replaced = context.about(&table.name).filter(same_table).any(|other| match &other.kind {
        ChangeKind::AddConstraint { constraint, .. } => {
            let both = |column: &crate::schema::Column| {
                constraint.uses(&column.name, grammar) && dropped.uses(&column.name, grammar)
            };
            constraint.kind == ConstraintKind::Check
                && (constraint.name == dropped.name || known.columns.iter().any(|column| both(column)))
        }
        ChangeKind::DropColumn { name, .. } => dropped.uses(name, grammar),
        _ => false,
    });
    if !helped && !attached && !replaced {
        let demand = dropped.expression.as_deref().unwrap_or_default();
        findings
            .report(change, format!("rows of `{}` need no longer obey `{demand}`", table.name))
            .help("nothing to do when it is meant; adding the check again later needs the rows to be right");
    }
}
