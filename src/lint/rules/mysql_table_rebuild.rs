use super::prelude::*;
use crate::lint::algorithm::{Algorithm, is_refused, parts};
use crate::schema::mentions;
use crate::sql::ddl::Verb;

rule! {
    /// Some changes write the whole table anew, though others can go on writing to it.
    ///
    /// It takes as long as the table is big, needs its space twice, and replicas fall behind by the same time, since there it
    /// runs alone.
    ///
    /// ```sql fires mysql mariadb
    /// create table users (id int primary key, name varchar(50) not null default '' comment 'shown', hits int, kind enum('a','b'));
    /// -- next migration
    /// alter table users modify hits int not null;
    /// ```
    ///
    /// ```sql fires mysql mariadb
    /// optimize table users;
    /// ```
    ///
    /// ```sql quiet mysql mariadb
    /// create table users (id int primary key, name varchar(50) not null default '' comment 'shown', hits int, kind enum('a','b'));
    /// -- next migration
    /// alter table users add column age int;
    /// ```
    ///
    /// ```sql quiet mysql mariadb
    /// create table users (id int primary key);
    /// alter table users engine = InnoDB, convert to character set utf8mb4;
    /// optimize table users;
    /// ```
    "mysql-table-rebuild", Warning [TableRewrite] => Check::Statement(check)
}

fn check(number: usize, context: &Context<'_>, findings: &mut Findings<'_>) {
    let (statement, heading) = (&context.script.statements[number], &context.script.headings[number]);
    let words = statement.of(context.text()).split_whitespace().next().unwrap_or_default();
    let maintains = context.grammar().is_mysql() && heading.verb == Verb::Maintain && mentions(words, "optimize");
    let optimizes = maintains && !context.read(number).names.first().is_some_and(|name| context.made_here(name));
    let parts = parts(context, number);
    let worst = parts.iter().max_by_key(|part| part.algorithm);
    let rebuilds = worst.is_some_and(|part| part.algorithm == Algorithm::Rebuild && !part.spoken_for);
    if optimizes || (rebuilds && !is_refused(context, number)) {
        findings
            .report_at(
                Some(number),
                statement.span,
                "the whole table is written anew, and replicas fall behind by that time",
            )
            .help("run it when there is little traffic, or with an online schema change tool");
    }
}
