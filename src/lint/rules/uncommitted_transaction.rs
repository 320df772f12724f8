use super::prelude::*;
use crate::sql::{Control, Effect};

rule! {
    /// A transaction that is opened and never ended is rolled back without a word.
    ///
    /// Everything after BEGIN is undone when the connection closes.
    ///
    /// ```sql fires
    /// -- migrate:no-transaction
    /// begin;
    /// alter table users add column region varchar(10);
    /// ```
    ///
    /// ```sql quiet
    /// -- migrate:no-transaction
    /// begin;
    /// alter table users add column region varchar(10);
    /// commit;
    /// ```
    "uncommitted-transaction", Error [TransactionMode] => Check::Migration(check)
}

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    if !context.directives.no_transaction() {
        return;
    }
    let mut open = None;
    for ((number, statement, _), effect) in context.statements().zip(context.effects()) {
        match effect {
            Effect::Control(Control::Begin) => open = Some((number, statement.span)),
            Effect::Control(Control::Commit | Control::Rollback | Control::TwoPhase) => open = None,
            _ => {}
        }
    }
    if let Some((number, span)) = open {
        findings.report_at(Some(number), span, "this transaction is never committed").help("add COMMIT");
    }
}
