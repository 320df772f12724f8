use super::prelude::*;
use crate::lint::locks::locks_everything;
use crate::schema::TableRef;

rule! {
    /// One transaction that locks several tables exclusively can deadlock with the application.
    ///
    /// The locks are held until the end, so while the second table is waited for, nobody can use the first. One table per
    /// file holds each lock for a moment only.
    ///
    /// ```sql fires postgres
    /// alter table users add column a int;
    /// alter table orders add column a int;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create table users (id int);
    /// alter table users add column a int;
    /// alter table orders add column a int;
    /// ```
    "multiple-tables-locked", Warning [BlocksReadsOrWrites] => Check::Migration(check)
}

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.grammar() != Grammar::Postgres {
        return;
    }
    if !context.one_transaction() {
        return;
    }
    let mut first: Option<&TableRef> = None;
    for change in &context.script.changes {
        let Some(table) = locks_everything(change) else { continue };
        let Some(locked) = first else {
            first = Some(table);
            continue;
        };
        if locked.name != table.name {
            let message = format!("`{}` is waited for while nobody can use `{}`", table.name, locked.name);
            findings.report(change, message).help("change one table per migration");
            return;
        }
    }
}
