use super::prelude::*;
use crate::sql::ddl::{ActionKind, ColumnRule};

rule! {
    /// A column that starts to accept nulls breaks readers that never expected one.
    ///
    /// Old code decodes the column into a type without null, and fails at the first one. Ship readers that accept nulls
    /// first.
    ///
    /// ```sql fires postgres
    /// create table users (id int, email text not null);
    /// -- next migration
    /// alter table users alter column email drop not null;
    /// ```
    ///
    /// ```sql fires mysql mariadb
    /// create table users (id int, hits int not null);
    /// -- next migration
    /// alter table users modify hits int null;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create table users (id int, email text);
    /// -- next migration
    /// alter table users alter column email drop not null;
    /// ```
    "drop-not-null", Warning [BreaksOldCode, BreaksNewCodeOnRollback] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::DropNotNull { column, old } = &change.kind else { return };
    let Some(table) = used(change) else { return };
    let deployed = old.as_ref().is_none_or(|old| old.not_null && old.origin == Origin::Deployed);
    // A definition that says nothing about nulls forgot them, which is another rule's to say.
    let forgotten = context.reading(change).actions().iter().any(|action| match &action.kind {
        ActionKind::ModifyColumn { column, .. } | ActionKind::ChangeColumn { column, .. } => {
            action.span == change.span && !column.has(|rule| *rule == ColumnRule::Null)
        }
        _ => false,
    });
    if deployed && !forgotten {
        findings
            .report(change, format!("old code may not expect nulls in `{}.{column}`", table.name))
            .help("ship code that accepts nulls first");
    }
}
