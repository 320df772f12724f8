use super::prelude::*;
use crate::lint::mending::outside;
use crate::sql::{Control, Effect};

rule! {
    /// CONCURRENTLY cannot run inside a transaction, and the server refuses it there.
    ///
    /// A file whose only statement it is runs outside a transaction by itself. A file of several statements is one
    /// transaction, unless it says `-- migrate:no-transaction`; then it must not open one itself.
    ///
    /// ```sql fires postgres
    /// alter table orders add column tag text;
    /// create index concurrently orders_tag on orders (tag);
    /// ```
    ///
    /// ```sql fires postgres
    /// -- migrate:no-transaction
    /// begin;
    /// create index concurrently orders_tag on orders (tag);
    /// commit;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create index concurrently orders_tag on orders (tag);
    /// ```
    "concurrently-in-transaction", Error [TransactionMode] => Check::Migration(check)
}

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.grammar() != Grammar::Postgres {
        return;
    }
    let mut open = context.one_transaction();
    for ((number, statement, _), effect) in context.statements().zip(context.effects()) {
        match effect {
            Effect::Control(Control::Begin) => open = true,
            Effect::Control(Control::Commit | Control::Rollback) => open = context.one_transaction(),
            Effect::OutsideOnly { what } if open && what.contains("CONCURRENTLY") => {
                findings
                    .report_at(Some(number), statement.span, format!("the server refuses {what} inside a transaction"))
                    .help("put it into a file of its own")
                    .mend(Some(outside()).filter(|_| context.one_transaction()));
            }
            _ => {}
        }
    }
}
