use super::prelude::*;
use crate::sql::ddl::Verb;

rule! {
    /// A migration that changes the schema and rows does two things, each with a failure and a duration of its own.
    ///
    /// Change rows in a migration of their own, or outside migrations.
    ///
    /// ```sql fires
    /// create table users (id int primary key, nick varchar(20));
    /// -- next migration
    /// alter table users add column region varchar(2);
    /// update users set region = 'eu' where id = 1;
    /// ```
    ///
    /// ```sql quiet
    /// create table users (id int primary key, nick varchar(20));
    /// -- next migration
    /// update users set nick = 'eve' where id = 1;
    /// ```
    ///
    /// ```sql quiet
    /// create table regions (id int primary key, name varchar(20));
    /// insert into regions (id, name) values (1, 'eu');
    /// ```
    "data-change-in-schema-migration", optional Info [TransactionMode] => Check::Migration(check)
}

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    let changes_schema = context.statements().any(|(_, _, heading)| {
        matches!(heading.verb, Verb::Create | Verb::Alter | Verb::Drop | Verb::Rename | Verb::Truncate)
    });
    if !changes_schema {
        return;
    }
    for (number, statement, heading) in context.statements() {
        let is_new = |change: &Change| used(change).is_none();
        let changes_rows = match heading.verb {
            Verb::Insert | Verb::Update | Verb::Delete => !context.of_statement(number).iter().any(is_new),
            // Not among the changes: what counts is the table as it is now.
            Verb::Copy | Verb::Merge => {
                let table = context.read(number).names.first().and_then(|name| context.catalog.find(name));
                table.is_none_or(|table| table.in_use())
            }
            _ => false,
        };
        if changes_rows && statement.kind != StatementKind::ClientCommand {
            findings
                .report_at(Some(number), statement.span, "rows are changed in the same migration as the schema")
                .help("change rows in a migration of their own");
        }
    }
}
