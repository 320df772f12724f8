use super::prelude::*;
use crate::lint::Severity;
use crate::lint::algorithm::{Algorithm, is_refused, parts};

rule! {
    /// Some changes copy the whole table while nobody can write to it.
    ///
    /// MySQL and MariaDB carry out most changes online, but not those of a type, checks, defaults that are expressions, or a
    /// primary key that is only dropped. MariaDB 11.2 and newer let writes go on, and replicas still fall behind. Use an online
    /// schema change tool, or add a new column beside the old one.
    ///
    /// ```sql fires mysql mariadb
    /// create table users (id int primary key, name varchar(50) not null default '' comment 'shown', hits int, kind enum('a','b'));
    /// -- next migration
    /// alter table users modify hits bigint;
    /// ```
    ///
    /// ```sql fires mysql
    /// create table users (id int primary key, name varchar(50) not null default '' comment 'shown', hits int, kind enum('a','b'));
    /// -- next migration
    /// alter table users add column age int default (1 + 1);
    /// ```
    ///
    /// ```sql quiet mysql mariadb
    /// create table users (id int primary key, name varchar(50) not null default '' comment 'shown', hits int, kind enum('a','b'));
    /// -- next migration
    /// alter table users add column age int;
    /// ```
    "mysql-copy-algorithm", Error [BlocksReadsOrWrites, TableRewrite] => Check::Statement(check)
}

fn check(number: usize, context: &Context<'_>, findings: &mut Findings<'_>) {
    let statement = &context.script.statements[number];
    let copies = parts(context, number).into_iter().find(|part| part.algorithm == Algorithm::Copy && !part.spoken_for);
    let Some(part) = copies.filter(|_| !is_refused(context, number)) else { return };
    let span = part.change.map_or(statement.span, |change| change.span);
    let finding = findings.report_at(Some(number), span, "the whole table is copied while nobody can write to it");
    finding.help("use an online schema change tool, or add a new column beside the old one");
    if context.grammar() == Grammar::MariaDb && context.server.since(11, 2, 0) {
        finding.severity(Severity::Warning);
    }
}
