use super::prelude::*;
use crate::migration::OuterTransaction;
use crate::sql::{Control, Effect, Statement, transaction_pairs};

rule! {
    /// A migration that commits or rolls back ends the transaction in which it is recorded.
    ///
    /// What follows runs outside of it, and when that fails nobody knows how far it came. Each file is one transaction
    /// already; a file that must direct its own says `-- migrate:no-transaction`.
    ///
    /// ```sql fires
    /// begin;
    /// alter table users add column region varchar(10);
    /// commit;
    /// ```
    ///
    /// ```sql quiet
    /// alter table users add column region varchar(10);
    /// ```
    ///
    /// ```sql quiet postgres sqlite
    /// -- migrate:no-transaction
    /// begin;
    /// alter table users add column region varchar(10);
    /// commit;
    /// ```
    "transaction-control-in-migration", Error [TransactionMode] => Check::Migration(check)
}

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.directives.no_transaction() {
        return;
    }
    let controls = |effect: &Effect| matches!(effect, Effect::Control(control) if *control != Control::LockTables);
    let mut statements = context.statements().zip(context.effects());
    let control = statements.find(|(_, effect)| controls(effect)).filter(|_| !is_left_out(context));
    if let Some(((number, statement, _), _)) = control {
        findings
            .report_at(
                Some(number),
                statement.span,
                "the file runs in a transaction already, which this would end or replace",
            )
            .help(format!("leave it out, or {}", context.judged_script().way_outside));
    }
}

/// Whether the runner leaves out all of it, since the file's own transaction holds as much.
fn is_left_out(context: &Context<'_>) -> bool {
    let pairs = || {
        let statements: Vec<Statement> = context.statements().map(|(_, statement, _)| *statement).collect();
        transaction_pairs(&statements, context.text(), context.lexis)
    };
    let last = context.script.statements.len().saturating_sub(1);
    match context.judged_script().outer_transaction {
        OuterTransaction::Refused => false,
        OuterTransaction::Taken => pairs().is_some_and(|pairs| pairs == [(0, last)]),
        OuterTransaction::Merged => pairs().is_some(),
    }
}
