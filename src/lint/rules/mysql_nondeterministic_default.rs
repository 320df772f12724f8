use super::prelude::*;
use crate::lint::algorithm::is_nondeterministic;

rule! {
    /// MySQL refuses to add a column whose default has another value for each row.
    ///
    /// Add the column without it, fill the rows in batches, then set the default.
    ///
    /// ```sql fires mysql
    /// alter table users add column token char(36) not null default (uuid());
    /// ```
    ///
    /// ```sql quiet mysql
    /// alter table users add column created_at datetime not null default current_timestamp;
    /// ```
    "mysql-nondeterministic-default", Error [DataDependentFailure, TableRewrite] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::AddColumn { column, .. } = &change.kind else { return };
    let Some(table) = used(change) else { return };
    let refused = column.default.as_deref().is_some_and(is_nondeterministic);
    if refused && context.grammar() == Grammar::MySql {
        findings
            .report(change, format!("the server refuses to fill the rows of `{}` with it", table.name))
            .help("add the column without the default, fill the rows in batches, then SET DEFAULT");
    }
}
