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

fn check(change: &Change, _: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::ChangeType { column, from: Some(from), to, .. } = &change.kind else { return };
    let Some(table) = used(change) else { return };
    if narrows(from, to) {
        findings
            .report(
                change,
                format!("values of `{}.{column}` may not fit into {to}, and old code writes more of them", table.name),
            )
            .help("add a column of the new type beside it, or prove the range by a check first");
    }
}
