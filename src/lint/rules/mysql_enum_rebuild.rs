use super::prelude::*;
use crate::lint::algorithm::{appends_labels, is_enum};

rule! {
    /// Labels of an ENUM or SET can only be added at the end without copying the table.
    ///
    /// Each row stores a label's number; another order, a label in the middle or one less writes all rows anew, while nobody
    /// can write to the table.
    ///
    /// ```sql fires mysql mariadb
    /// create table users (id int primary key, name varchar(50) not null default '' comment 'shown', hits int, kind enum('a','b'));
    /// -- next migration
    /// alter table users modify kind enum('a','x','b');
    /// ```
    ///
    /// ```sql quiet mysql mariadb
    /// create table users (id int primary key, name varchar(50) not null default '' comment 'shown', hits int, kind enum('a','b'));
    /// -- next migration
    /// alter table users modify kind enum('a','b','c');
    /// ```
    "mysql-enum-rebuild", Error [BlocksReadsOrWrites] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    if !context.grammar().is_mysql() {
        return;
    }
    let ChangeKind::ModifyColumn { old: Some(old), new, .. } = &change.kind else { return };
    let Some(table) = used(change) else { return };
    let changed = old.data_type != new.data_type && is_enum(old) && is_enum(new);
    if changed && !appends_labels(old, new) {
        findings
            .report(
                change,
                format!("`{}` is copied while nobody can write to it, since labels get other numbers", table.name),
            )
            .help("add labels at the end");
    }
}
