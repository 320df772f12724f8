use super::prelude::*;
use crate::schema::Constraint;
use crate::sql::ddl::{ConstraintKind, Verb};

rule! {
    /// SQLite adds no column that is unique, a key, or has a default that is no constant.
    ///
    /// `UNIQUE` and `PRIMARY KEY` are always refused; `CURRENT_TIMESTAMP` and expressions are refused as soon as the table has
    /// rows, so that it works on an empty database and fails in production.
    ///
    /// ```sql fires sqlite
    /// alter table users add column email text unique;
    /// ```
    ///
    /// ```sql fires sqlite
    /// alter table users add column created_at text default current_timestamp;
    /// ```
    ///
    /// ```sql quiet sqlite
    /// alter table users add column created_at text default '';
    /// ```
    "sqlite-add-column-restriction", Error [DataDependentFailure] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.grammar() != Grammar::Sqlite {
        return;
    }
    let ChangeKind::AddColumn { column, constraints, .. } = &change.kind else { return };
    // What a rebuild adds is a part of the new table's definition.
    if context.heading(change).verb != Verb::Alter {
        return;
    }
    let is_key = |one: &Constraint| matches!(one.kind, ConstraintKind::PrimaryKey | ConstraintKind::Unique);
    let changing = column
        .default
        .as_ref()
        .is_some_and(|default| default.starts_with('(') || default.to_ascii_lowercase().starts_with("current_"));
    let stored = column.more.generated.as_ref().is_some_and(|generated| generated.stored);
    if constraints.iter().any(|one| is_key(one)) || changing || stored {
        findings
            .report(change, format!("SQLite refuses to add `{}` to a table with rows", column.name))
            .help("add it without, and create a unique index or fill it with UPDATE; or rebuild the table");
    }
}
