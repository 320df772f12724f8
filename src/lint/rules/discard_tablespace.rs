use super::prelude::*;
use crate::sql::ddl::{ActionKind, Verb};

rule! {
    /// Discarding a tablespace deletes the table's data.
    ///
    /// Moving files of tablespaces belongs into a runbook, never into a migration.
    ///
    /// ```sql fires mysql mariadb
    /// alter table users discard tablespace;
    /// ```
    ///
    /// ```sql quiet mysql mariadb
    /// alter table users add column region varchar(10);
    /// ```
    "discard-tablespace", Error [DataLoss] => Check::Migration(check)
}

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    if !context.grammar().is_mysql() {
        return;
    }
    for (number, statement, heading) in context.statements() {
        let moves = || context.read(number).actions().iter().any(|action| action.kind == ActionKind::Tablespace);
        if heading.verb == Verb::Alter && moves() {
            findings
                .report_at(Some(number), statement.span, "the table's data file is removed or replaced")
                .help("leave it out; do it by hand, after a backup");
        }
    }
}
