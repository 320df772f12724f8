use super::prelude::*;
use crate::lint::locks::parents_locked;
use crate::schema::ObjectName;

rule! {
    /// Foreign keys to several tables in one transaction lock them one after another.
    ///
    /// Each of them is locked against writes until the end, and code that writes to them in another order meets the migration in
    /// a deadlock. One foreign key per file holds each lock for a moment.
    ///
    /// ```sql fires postgres
    /// create table users (id int primary key);
    /// create table shops (id int primary key);
    /// -- next migration
    /// create table orders (id int, user_id int references users (id), shop_id int references shops (id));
    /// ```
    ///
    /// ```sql quiet postgres
    /// create table users (id int primary key);
    /// -- next migration
    /// create table orders (id int, user_id int references users (id), by_id int references users (id));
    /// ```
    "multiple-foreign-keys", Warning [BlocksReadsOrWrites] => Check::Migration(check)
}

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.grammar() != Grammar::Postgres {
        return;
    }
    let mut first: Option<(usize, &ObjectName)> = None;
    for (change, parent) in context.script.changes.iter().flat_map(|change| parents_locked(change, context)) {
        match first {
            Some((statement, locked)) if *parent != *locked => {
                if context.one_transaction() || statement == change.statement {
                    findings
                        .report(
                            change,
                            format!("`{locked}` stays locked against writes while `{parent}` is waited for"),
                        )
                        .help("add one foreign key per migration, each NOT VALID at first");
                    return;
                }
            }
            Some(_) => {}
            None => first = Some((change.statement, parent)),
        }
    }
}
