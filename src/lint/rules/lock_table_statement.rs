use super::prelude::*;
use crate::sql::ddl::Verb;

rule! {
    /// An explicit lock on a table stops the application for as long as the migration runs.
    ///
    /// Statements take the locks that they need by themselves. MySQL's `LOCK TABLES` commits what is open, too.
    ///
    /// ```sql fires postgres
    /// lock table orders in access exclusive mode;
    /// ```
    ///
    /// ```sql fires mysql mariadb
    /// lock tables orders write;
    /// ```
    ///
    /// ```sql quiet postgres
    /// lock table orders in access share mode;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create table drafts (id int);
    /// lock table drafts;
    /// alter table drafts rename to notes;
    /// ```
    ///
    /// ```sql quiet mysql mariadb
    /// unlock tables;
    /// ```
    "lock-table-statement", Warning [BlocksReadsOrWrites] => Check::Migration(check)
}

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    for (number, statement, heading) in context.statements() {
        if heading.verb != Verb::Lock {
            continue;
        }
        let words = statement.of(context.text()).to_ascii_lowercase();
        let weak = ["access share mode", "row share mode"].iter().any(|mode| words.contains(mode));
        let ends = words.starts_with("unlock") || (context.grammar().is_mysql() && !words.contains("write"));
        let new = context.read(number).names.iter().any(|name| context.made_here(name));
        if !weak && !ends && !new {
            findings
                .report_at(Some(number), statement.span, "the application waits until the lock is given back")
                .help("leave it out: each statement takes the lock that it needs");
        }
    }
}
