use super::prelude::*;
use crate::sql::{Control, Effect};

rule! {
    /// Some statements are refused inside a transaction.
    ///
    /// VACUUM, CREATE DATABASE, ALTER SYSTEM and a few more. A file whose only statement it is runs outside a transaction by
    /// itself; a file of several must say `-- migrate:no-transaction`.
    ///
    /// ```sql fires postgres sqlite
    /// create table t (id int);
    /// vacuum;
    /// ```
    ///
    /// ```sql quiet postgres sqlite
    /// vacuum;
    /// ```
    ///
    /// ```sql quiet postgres
    /// analyze;
    /// checkpoint;
    /// ```
    "non-transactional-statement", Error [TransactionMode] => Check::Migration(check)
}

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    let mut open = context.one_transaction();
    for ((number, statement, _), effect) in context.statements().zip(context.effects()) {
        match effect {
            Effect::Control(Control::Begin) => open = true,
            Effect::Control(Control::Commit | Control::Rollback) => open = context.one_transaction(),
            // CONCURRENTLY has a rule of its own.
            Effect::OutsideOnly { what } if open && !what.contains("CONCURRENTLY") => {
                findings
                    .report_at(Some(number), statement.span, format!("the server refuses {what} inside a transaction"))
                    .help("put it into a file of its own");
            }
            _ => {}
        }
    }
}
