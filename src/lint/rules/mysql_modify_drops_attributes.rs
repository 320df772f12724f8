use super::prelude::*;
use crate::sql::ddl::{ActionKind, ColumnRule};

rule! {
    /// MODIFY and CHANGE replace the whole definition: what they do not repeat is gone.
    ///
    /// Defaults, `NOT NULL`, `AUTO_INCREMENT`, `ON UPDATE` and comments disappear without a word. Repeat all of them; for a
    /// default alone there is `ALTER COLUMN … SET DEFAULT`.
    ///
    /// ```sql fires mysql mariadb
    /// create table users (id int primary key, name varchar(50) not null default '' comment 'shown', hits int, kind enum('a','b'));
    /// -- next migration
    /// alter table users modify name varchar(60) not null;
    /// ```
    ///
    /// ```sql quiet mysql mariadb
    /// create table users (id int primary key, name varchar(50) not null default '' comment 'shown', hits int, kind enum('a','b'));
    /// -- next migration
    /// alter table users modify name varchar(60) not null default '' comment 'shown';
    /// ```
    ///
    /// ```sql quiet mysql mariadb
    /// create table users (id int primary key, name varchar(50) null default null);
    /// -- next migration
    /// alter table users modify name varchar(50) not null;
    /// ```
    "mysql-modify-drops-attributes", Error [BreaksOldCode, DataLoss] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    if !context.grammar().is_mysql() {
        return;
    }
    let ChangeKind::ModifyColumn { old: Some(old), new, .. } = &change.kind else { return };
    let Some(table) = used(change) else { return };
    // `NULL` that is written is meant.
    let says_null = context.reading(change).actions().iter().any(|action| match &action.kind {
        ActionKind::ModifyColumn { column, .. } | ActionKind::ChangeColumn { column, .. } => {
            action.span == change.span && column.has(|rule| *rule == ColumnRule::Null)
        }
        _ => false,
    });
    let lost: Vec<&str> = [
        ("NOT NULL", old.not_null && !new.not_null && !says_null),
        ("DEFAULT", old.default.is_some() && new.default.is_none()),
        ("AUTO_INCREMENT", old.numbering.is_some() && new.numbering.is_none()),
        ("ON UPDATE", old.more.on_update.is_some() && new.more.on_update.is_none()),
        ("COMMENT", old.more.comment.is_some() && new.more.comment.is_none()),
        ("INVISIBLE", old.invisible && !new.invisible),
    ]
    .into_iter()
    .filter_map(|(attribute, is_lost)| is_lost.then_some(attribute))
    .collect();
    if !lost.is_empty() {
        findings
            .report(change, format!("`{}.{}` loses {}", table.name, new.name, lost.join(", ")))
            .help("repeat the whole definition");
    }
}
