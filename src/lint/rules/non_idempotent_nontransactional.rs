use super::prelude::*;
use crate::lint::mending::robust;
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
    let made_or_dropped = all.iter().map(|(statement, _)| *statement).filter(|(_, _, heading)| {
        let named = matches!(heading.verb, Verb::Create | Verb::Drop);
        named && !heading.flags.if_exists && !heading.flags.if_not_exists
    });
    let wrong: Vec<_> = made_or_dropped.collect();
    if let Some((number, statement, _)) = wrong.first() {
        let numbers: Vec<usize> = wrong.iter().map(|(number, ..)| *number).collect();
        findings
            .report_at(Some(*number), statement.span, "this cannot run twice, as it must when a later one fails")
            .help("write IF NOT EXISTS or IF EXISTS, or put it into a file of its own")
            .mend(robust(&numbers, context));
    }
}
