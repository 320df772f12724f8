use super::prelude::*;
use crate::lint::algorithm::{is_enum, labels};

rule! {
    /// Old code still writes a label that is gone.
    ///
    /// In strict mode that fails, and so does the change itself if a row has the label; otherwise the value is lost. Stop
    /// writing it, change the rows, then remove it.
    ///
    /// ```sql fires mysql mariadb
    /// create table users (id int primary key, name varchar(50) not null default '' comment 'shown', hits int, kind enum('a','b'));
    /// -- next migration
    /// alter table users modify kind enum('a');
    /// ```
    ///
    /// ```sql quiet mysql mariadb
    /// create table users (id int primary key, name varchar(50) not null default '' comment 'shown', hits int, kind enum('a','b'));
    /// -- next migration
    /// alter table users modify kind enum('a','b','c');
    /// ```
    "remove-enum-value", Error [BreaksOldCode, DataDependentFailure, DataLoss] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    if !context.grammar().is_mysql() {
        return;
    }
    let ChangeKind::ModifyColumn { old: Some(old), new, .. } = &change.kind else { return };
    let Some(table) = used(change) else { return };
    let gone = labels(old).iter().find(|label| !labels(new).contains(label));
    if let Some(gone) = gone.filter(|_| is_enum(old) && is_enum(new)) {
        findings
            .report(change, format!("old code still writes {gone} into `{}.{}`", table.name, new.name))
            .help("stop writing it, change the rows that have it, then remove it in a later migration");
    }
}
