use super::prelude::*;
use crate::sql::Effect;
use crate::sql::ddl::Verb;

rule! {
    /// A file without a transaction that fails half-way cannot run again unless each statement may run twice.
    ///
    /// Write `IF NOT EXISTS` and `IF EXISTS`, or put each statement into a file of its own.
    ///
    /// ```sql fires postgres
    /// -- migrate:no-transaction
    /// create index concurrently orders_a on orders (a);
    /// create index concurrently orders_b on orders (b);
    /// ```
    ///
    /// ```sql quiet postgres
    /// -- migrate:no-transaction
    /// create index concurrently if not exists orders_a on orders (a);
    /// create index concurrently if not exists orders_b on orders (b);
    /// ```
    "non-idempotent-nontransactional", Warning [TransactionMode] => Check::Migration(check)
}

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.grammar() != Grammar::Postgres {
        return;
    }
    if !context.directives.no_transaction() {
        return;
    }
    let outside = |effect: &Effect| matches!(effect, Effect::OutsideOnly { .. });
    let all: Vec<_> = context.statements().zip(context.effects()).filter(|(_, effect)| outside(effect)).collect();
    if all.len() < 2 {
        return;
    }
    for ((number, statement, reading), _) in all {
        let made_or_dropped = matches!(reading.verb, Verb::Create | Verb::Drop);
        if made_or_dropped && !reading.flags.if_exists && !reading.flags.if_not_exists {
            findings
                .report_at(Some(number), statement.span, "this cannot run twice, as it must when a later one fails")
                .help("write IF NOT EXISTS or IF EXISTS, or put it into a file of its own");
            return;
        }
    }
}
