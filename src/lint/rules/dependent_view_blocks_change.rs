use super::prelude::*;
use crate::schema::{Part, Table, mentions};
use crate::sql::ddl::Verb;

rule! {
    /// A column that a view needs can neither be dropped nor get another type.
    ///
    /// PostgreSQL refuses both, also for the sake of a generated column, a policy or a trigger; SQLite drops no column that a view
    /// shows. Drop the view, make the change, and create the view again, all in one transaction.
    ///
    /// ```sql fires postgres
    /// create table users (id int, nick varchar(20));
    /// create view people as select id, nick from users;
    /// -- next migration
    /// alter table users alter column nick type text;
    /// ```
    ///
    /// ```sql fires postgres sqlite
    /// create table users (id int, nick varchar(20));
    /// create view people as select id, nick from users;
    /// -- next migration
    /// alter table users drop column nick;
    /// ```
    ///
    /// ```sql quiet postgres sqlite
    /// create table users (id int, nick varchar(20));
    /// create view people as select id, nick from users;
    /// -- next migration
    /// drop view people;
    /// alter table users drop column nick;
    /// create view people as select id from users;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create table users (id int, nick varchar(20), size int);
    /// create view people as select id, nick from users;
    /// -- next migration
    /// alter table users alter column size type bigint;
    /// ```
    "dependent-view-blocks-change", Error [DataDependentFailure] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let grammar = context.grammar();
    let column = match &change.kind {
        ChangeKind::DropColumn { name, cascade: false, .. } => name,
        ChangeKind::ChangeType { column, .. } if grammar == Grammar::Postgres => column,
        _ => return,
    };
    let refuses = match grammar {
        Grammar::Postgres => true,
        // A rebuild is another rule's.
        Grammar::Sqlite => context.heading(change).verb == Verb::Alter,
        Grammar::MySql | Grammar::MariaDb => false,
    };
    let Some(known) = change.table.as_ref().and_then(|table| table.before.as_ref()).filter(|_| refuses) else { return };
    let needs = match change.views.first() {
        Some(view) => Some(format!("the view `{view}`")),
        None if grammar == Grammar::Postgres => other_dependent(known, column),
        None => None,
    };
    if let Some(needs) = needs {
        findings
            .report(change, format!("the server refuses: {needs} needs `{}.{column}`", known.name))
            .help("drop what needs the column, make the change, and create it again, in one transaction");
    }
}

/// A generated column, a policy or a trigger that needs the column.
fn other_dependent(known: &Table, column: &str) -> Option<String> {
    let generated = known.columns.iter().find(|other| {
        other.name != column && other.more.generated.as_ref().is_some_and(|of| mentions(&of.expression, column))
    });
    if let Some(other) = generated {
        return Some(format!("the generated column `{}`", other.name));
    }
    let condition = |part: &Part| {
        let text = part.text.to_ascii_lowercase();
        let start = text.find("using").or_else(|| text.find("with check"));
        start.is_some_and(|start| mentions(&text[start..], column))
    };
    if let Some(policy) = known.more.policies.iter().find(|policy| condition(policy)) {
        return Some(format!("the policy `{}`", policy.name));
    }
    let names_column = |part: &Part| {
        let text = part.text.to_ascii_lowercase();
        let listed = text.find("update of").map(|start| &text[start..]).and_then(|rest| rest.split(" on ").next());
        let when = text.find("when").map(|start| &text[start..]).and_then(|rest| rest.split("execute").next());
        listed.is_some_and(|of| mentions(of, column)) || when.is_some_and(|when| mentions(when, column))
    };
    let trigger = known.more.triggers.iter().find(|trigger| names_column(trigger));
    trigger.map(|trigger| format!("the trigger `{}`", trigger.name))
}
