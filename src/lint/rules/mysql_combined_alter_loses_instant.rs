use super::prelude::*;
use crate::lint::algorithm::{Algorithm, Part, is_refused, parts};

rule! {
    /// One ALTER TABLE is as slow as its slowest part, and adding a column beside it is no longer instant.
    ///
    /// Adding a column and an index in one statement writes the whole table anew; in two statements neither does.
    ///
    /// ```sql fires mysql mariadb
    /// create table users (id int primary key, name varchar(50) not null default '' comment 'shown', hits int, kind enum('a','b'));
    /// -- next migration
    /// alter table users add column age int, add index users_hits (hits);
    /// ```
    ///
    /// ```sql quiet mysql mariadb
    /// create table users (id int primary key, name varchar(50) not null default '' comment 'shown', hits int, kind enum('a','b'));
    /// -- next migration
    /// alter table users add column age int, add column size int;
    /// ```
    "mysql-combined-alter-loses-instant", Warning [TableRewrite] => Check::Statement(check)
}

fn check(number: usize, context: &Context<'_>, findings: &mut Findings<'_>) {
    let statement = &context.script.statements[number];
    let parts = parts(context, number);
    let is_column = |part: &&Part<'_>| {
        let kind = part.change.map(|change| &change.kind);
        matches!(kind, Some(ChangeKind::AddColumn { .. } | ChangeKind::DropColumn { .. }))
    };
    let instant = parts.iter().filter(is_column).any(|part| part.algorithm == Algorithm::Instant);
    let slows = |part: &Part<'_>| match part.algorithm {
        Algorithm::Instant | Algorithm::Blocking => false,
        Algorithm::Rebuild | Algorithm::Copy => true,
        // MariaDB only loses it to new indexes.
        Algorithm::InPlace if context.grammar() == Grammar::MariaDb => {
            let kind = part.change.map(|change| &change.kind);
            matches!(kind, Some(ChangeKind::CreateIndex { .. } | ChangeKind::AddConstraint { .. }))
        }
        Algorithm::InPlace => true,
    };
    let blocking = parts.iter().any(|part| part.algorithm == Algorithm::Blocking);
    if instant && !blocking && parts.iter().any(slows) && !is_refused(context, number) {
        findings
            .report_at(
                Some(number),
                statement.span,
                "the column alone would be instant; so the whole table is written anew",
            )
            .help("make each change a statement of its own");
    }
}
