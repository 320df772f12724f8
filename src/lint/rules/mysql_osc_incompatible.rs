use super::prelude::*;
use crate::lint::OnlineTool;
use crate::schema::Table;
use crate::sql::ddl::{ActionKind, ConstraintKind};

rule! {
    /// The online schema change tool that the project uses cannot carry this out.
    ///
    /// Only where `[lint] osc` names one: `gh-ost`, `pt-osc` or `vitess`. They fill a copy of the table row by row, and so
    /// need a unique key without nulls that both tables have; and the copy takes the table's place, which foreign keys and
    /// triggers do not follow.
    ///
    /// ```sql fires mysql osc=gh-ost
    /// create table users (id bigint primary key);
    /// create table orders (id bigint primary key, user_id bigint, constraint orders_user foreign key (user_id) references users (id));
    /// -- next migration
    /// alter table orders add column note varchar(50);
    /// ```
    ///
    /// ```sql fires mysql osc=pt-osc
    /// create table visits (page varchar(50));
    /// -- next migration
    /// alter table visits add column note varchar(50);
    /// ```
    ///
    /// ```sql fires mysql osc=vitess
    /// create table visits (id bigint primary key);
    /// -- next migration
    /// alter table visits rename to seen;
    /// ```
    ///
    /// ```sql quiet mysql osc=gh-ost
    /// create table visits (id bigint primary key);
    /// -- next migration
    /// alter table visits add column note varchar(50);
    /// ```
    ///
    /// ```sql quiet mysql
    /// create table visits (page varchar(50));
    /// -- next migration
    /// alter table visits add column note varchar(50);
    /// ```
    "mysql-osc-incompatible", Info [DataDependentFailure] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let Some(tool) = context.settings.osc.filter(|_| context.grammar().is_mysql()) else { return };
    let Some(table) = used(change) else { return };
    let actions = context.reading(change).actions();
    let first = context.beside(change).next().is_some_and(|first| std::ptr::eq(first, change));
    let Some(before) = table.before.as_ref().filter(|before| before.complete && first && !actions.is_empty()) else {
        return;
    };
    let renames = actions.iter().any(|action| matches!(action.kind, ActionKind::RenameTo(_)));
    let reason = if renames {
        Some("the tool takes the table's name for itself".to_owned())
    } else {
        obstacle(before, tool, change, context)
    };
    if let Some(reason) = reason {
        findings
            .report(change, format!("{tool} cannot change `{}`: {reason}", table.name))
            .help("change this table by a plain ALTER TABLE, or remove the obstacle first");
    }
}

/// What about the table the tool cannot deal with.
fn obstacle(before: &Table, tool: OnlineTool, change: &Change, context: &Context<'_>) -> Option<String> {
    let is_key = |kind| kind == ConstraintKind::ForeignKey;
    if let Some(trigger) = before.more.triggers.first() {
        return Some(format!("its trigger `{}` would not see the copy", trigger.name));
    }
    // pt-osc makes the keys of the table itself anew; those that lead to it are the trouble.
    if tool != OnlineTool::PtOsc && before.constraints.iter().any(|one| is_key(one.kind)) {
        return Some("it has foreign keys".to_owned());
    }
    if let Some(child) = context.catalog.referencing(&before.name).next() {
        return Some(format!("foreign keys of `{}` lead to it", child.name));
    }
    let after = context.catalog.table(&change.table.as_ref()?.name)?;
    let shared = before.indexes.iter().filter(|index| index.is_unique() && is_usable(before, &index.columns, context));
    let kept = |columns: &[Option<EcoString>]| after.indexes.iter().any(|index| index.columns == columns);
    let mut keys = shared.filter(|index| kept(&index.columns));
    keys.next().is_none().then(|| "no unique key without nulls is there before and after it".to_owned())
}

/// Whether the tool can go through the rows by these columns.
fn is_usable(table: &Table, columns: &[Option<EcoString>], context: &Context<'_>) -> bool {
    columns.iter().all(|column| {
        let column = column.as_ref().and_then(|name| table.column(name, context.grammar()));
        column.is_some_and(|column| {
            let inexact = column
                .data_type
                .as_ref()
                .is_some_and(|of| matches!(of.name.as_str(), "float" | "double" | "real" | "enum" | "set" | "json"));
            column.not_null && column.more.generated.is_none() && !inexact
        })
    })
}
