use super::prelude::*;
use crate::lint::types::narrows;

rule! {
    /// A type that holds less than the old one fails on values that do not fit, or cuts them.
    ///
    /// Old code goes on writing such values, and they cannot be brought back. Add a column of the new type beside the old one,
    /// or prove the range by a check that is `NOT VALID` at first.
    ///
    /// ```sql fires postgres
    /// create table users (nick varchar(50));
    /// -- next migration
    /// alter table users alter column nick type varchar(20);
    /// ```
    ///
    /// ```sql fires mysql mariadb
    /// create table users (hits bigint);
    /// -- next migration
    /// alter table users modify hits int;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create table users (nick varchar(20));
    /// -- next migration
    /// alter table users alter column nick type varchar(50);
    /// ```
    "narrow-column-type", Error [BreaksOldCode, DataLoss, DataDependentFailure] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::ChangeType { column, from: Some(from), to, .. } = &change.kind else { return };
    let Some(table) = used(change) else { return };
    if narrows(from, to) {
        let name = &table.name;
        // What is there may have been cut to fit.
        let sets = |one: &Change| match &one.kind {
            ChangeKind::Update { columns, .. } => columns.contains(column),
            _ => false,
        };
        let message = if context.before(change).any(sets) {
            format!("old code may write values of `{name}.{column}` that do not fit into {to}")
        } else {
            format!("values of `{name}.{column}` may not fit into {to}, and old code writes more of them")
        };
        findings
            .report(change, message)
            .help("add a column of the new type beside it, or prove the range by a check first");
    }
}
