use super::prelude::*;
use crate::lint::algorithm::{crosses_length_byte, varchar_growth};

rule! {
    /// A VARCHAR that grows past 255 bytes copies the whole table while nobody can write to it.
    ///
    /// Its length then takes two bytes instead of one in every row. A character of utf8mb4 counts four bytes, so the border lies
    /// between 63 and 64 characters. Choose such a length from the start.
    ///
    /// ```sql fires mysql mariadb
    /// create table users (id int primary key, name varchar(50) not null default '' comment 'shown', hits int, kind enum('a','b'));
    /// -- next migration
    /// alter table users modify name varchar(100) not null default '' comment 'shown';
    /// ```
    ///
    /// ```sql quiet mysql mariadb
    /// create table users (id int primary key, name varchar(50) not null default '' comment 'shown', hits int, kind enum('a','b'));
    /// -- next migration
    /// alter table users modify name varchar(60) not null default '' comment 'shown';
    /// ```
    "mysql-varchar-length-boundary", Error [BlocksReadsOrWrites] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    if !context.grammar().is_mysql() {
        return;
    }
    let ChangeKind::ModifyColumn { old: Some(old), new, .. } = &change.kind else { return };
    let Some(table) = used(change) else { return };
    let Some((from, to)) = varchar_growth(old, new) else { return };
    if crosses_length_byte(from, to, context) {
        findings
            .report(
                change,
                format!("`{}` is copied: `{}` needs two bytes for its length from now on", table.name, new.name),
            )
            .help("stay at 63 characters, or use an online schema change tool");
    }
}
