use super::prelude::*;
use crate::schema::mentions;
use crate::sql::Statement;
use crate::sql::ddl::{ObjectKind, Verb};

rule! {
    /// Taking a privilege or a role away breaks code that still needs it.
    ///
    /// It fails with "permission denied" from one moment to the next. Do it when no old code runs.
    ///
    /// ```sql fires postgres mysql mariadb
    /// revoke select on orders from reader;
    /// ```
    ///
    /// ```sql fires postgres mysql mariadb
    /// drop role reader;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create table secrets (id int);
    /// revoke all on secrets from public;
    /// ```
    "revoke-privilege", Warning [BreaksOldCode] => Check::Migration(check)
}

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    for (number, statement, heading) in context.statements() {
        let takes = match heading.verb {
            Verb::Revoke => true,
            Verb::Drop => heading.object == Some(ObjectKind::Role),
            _ => false,
        };
        if takes && !of_new_table(statement, context) {
            findings
                .report_at(Some(number), statement.span, "code that still needs it is refused from now on")
                .help("do it in a later migration, when no old code runs");
        }
    }
}

/// Whether the statement names a table that a migration under judgement created.
fn of_new_table(statement: &Statement, context: &Context<'_>) -> bool {
    let text = statement.of(context.text());
    context.script.changes.iter().any(|change| match &change.kind {
        ChangeKind::CreateTable { table, exists: false, .. } => mentions(text, &table.name.name),
        _ => false,
    })
}
