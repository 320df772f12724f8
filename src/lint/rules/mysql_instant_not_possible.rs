use super::prelude::*;
use crate::lint::algorithm::{asked, is_refused};

rule! {
    /// An ALTER TABLE that asks for a better algorithm than there is fails.
    ///
    /// That is what `ALGORITHM=` and `LOCK=` are for, but here it is known beforehand. MySQL also refuses every `LOCK=` beside
    /// `ALGORITHM=INSTANT`.
    ///
    /// ```sql fires mysql mariadb
    /// create table users (id int primary key, name varchar(50) not null default '' comment 'shown', hits int, kind enum('a','b'));
    /// -- next migration
    /// alter table users modify hits bigint, algorithm=instant;
    /// ```
    ///
    /// ```sql fires mysql
    /// create table users (id int primary key, name varchar(50) not null default '' comment 'shown', hits int, kind enum('a','b'));
    /// -- next migration
    /// alter table users add column age int, algorithm=instant, lock=none;
    /// ```
    ///
    /// ```sql quiet mysql mariadb
    /// create table users (id int primary key, name varchar(50) not null default '' comment 'shown', hits int, kind enum('a','b'));
    /// -- next migration
    /// alter table users add column age int, algorithm=instant;
    /// ```
    "mysql-instant-not-possible", Error [DataDependentFailure] => Check::Statement(check)
}

fn check(number: usize, context: &Context<'_>, findings: &mut Findings<'_>) {
    let statement = &context.script.statements[number];
    if !is_refused(context, number) {
        return;
    }
    let asked = match asked(context, number) {
        (Some(algorithm), Some(lock)) => format!("ALGORITHM={algorithm} with LOCK={lock}"),
        (Some(algorithm), None) => format!("ALGORITHM={algorithm}"),
        (None, lock) => format!("LOCK={}", lock.unwrap_or_default()),
    };
    findings
        .report_at(Some(number), statement.span, format!("the server refuses {asked} for this"))
        .help("leave it out and plan for what the change needs, or make the change in another way");
}
