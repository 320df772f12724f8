use super::prelude::*;
use crate::sql::Effect;

rule! {
    /// Statements that need no `no-transaction` lose their transaction in a file that says it.
    ///
    /// When one fails half-way, those before it stay, and the file cannot simply run again. Put the statement that must run
    /// outside a transaction into a file of its own.
    ///
    /// ```sql fires postgres
    /// -- migrate:no-transaction
    /// create index concurrently if not exists orders_tag on orders (tag);
    /// alter table orders add column if not exists note text;
    /// ```
    ///
    /// ```sql quiet postgres
    /// -- migrate:no-transaction
    /// set statement_timeout = 0;
    /// create index concurrently if not exists orders_tag on orders (tag);
    /// ```
    "mixed-transaction-modes", Warning [TransactionMode] => Check::Migration(check)
}

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.grammar() != Grammar::Postgres {
        return;
    }
    let outside = |effect: &Effect| matches!(effect, Effect::OutsideOnly { .. });
    if !context.directives.no_transaction() || !context.effects().iter().any(outside) {
        return;
    }
    let changes = |number: usize| !context.of_statement(number).is_empty();
    let inside = |effect: &Effect| matches!(effect, Effect::Transactional | Effect::MayCommit);
    let mut statements = context.statements().zip(context.effects());
    if let Some(((number, statement, _), _)) =
        statements.find(|((number, ..), effect)| inside(effect) && changes(*number))
    {
        findings
            .report_at(Some(number), statement.span, "this could run in a transaction, and here it does not")
            .help("put it into another file, which runs in a transaction");
    }
}
