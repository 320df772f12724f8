use super::prelude::*;
use crate::lint::mending::{is_dropped_above, robust};
use crate::sql::Effect;
use crate::sql::ddl::Verb;

rule! {
    /// A file without a transaction that fails half-way cannot run again unless each statement may run twice.
    ///
    /// Write `IF EXISTS`, and drop an index above the statement that builds it; or put each statement into a file of its own. `IF NOT
    /// EXISTS` would do, but takes the invalid index that a failed build leaves for a good one.
    ///
    /// ```sql fires postgres
    /// -- migrate:no-transaction
    /// create index concurrently orders_a on orders (a);
    /// create index concurrently orders_b on orders (b);
    /// ```
    ///
    /// ```sql quiet postgres
    /// -- migrate:no-transaction
    /// drop index concurrently if exists orders_a;
    /// create index concurrently orders_a on orders (a);
    /// drop index concurrently if exists orders_b;
    /// create index concurrently orders_b on orders (b);
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
    let made_or_dropped = made_or_dropped.filter(|(number, ..)| {
        let name = || context.reading_of(*number).names.first().map(|name| name.name.value.clone());
        !name().is_some_and(|name| is_dropped_above(&name, *number, context))
    });
    let wrong: Vec<_> = made_or_dropped.collect();
    if let Some((number, statement, _)) = wrong.first() {
        let numbers: Vec<usize> = wrong.iter().map(|(number, ..)| *number).collect();
        findings
            .report_at(Some(*number), statement.span, "this cannot run twice, as it must when a later one fails")
            .help("write DROP INDEX CONCURRENTLY IF EXISTS above what builds an index, and IF EXISTS; or put it into a file of its own")
            .mend(robust(&numbers, context));
    }
}
