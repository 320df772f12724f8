use super::prelude::*;
use crate::migration::OuterTransaction;
use crate::sql::{Control, Effect};

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
    let migration = context.migration();
    if context.directives.no_transaction() || migration.up.outer_transaction != OuterTransaction::Refused {
        return;
    }
    let controls = |effect: &Effect| matches!(effect, Effect::Control(control) if *control != Control::LockTables);
    let mut statements = context.statements().zip(context.effects());
    if let Some(((number, statement, _), _)) = statements.find(|(_, effect)| controls(effect)) {
        findings
            .report_at(
                Some(number),
                statement.span,
                "the file runs in a transaction already, which this would end or replace",
            )
            .help("leave it out, or say `-- migrate:no-transaction`");
    }
}
