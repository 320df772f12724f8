use super::prelude::*;
use crate::sql::Effect;
use crate::sql::ddl::Verb;

rule! {
    /// A timeout that cancels CONCURRENTLY leaves an invalid index behind.
    ///
    /// It slows down every write and serves no query. Such a statement takes as long as the table is big and its oldest
    /// transaction runs: set the timeouts to 0 for its file.
    ///
    /// ```sql fires postgres
    /// -- migrate:no-transaction
    /// set statement_timeout = '5s';
    /// create index concurrently orders_tag on orders (tag);
    /// ```
    ///
    /// ```sql quiet postgres
    /// -- migrate:no-transaction
    /// set statement_timeout = 0;
    /// create index concurrently orders_tag on orders (tag);
    /// ```
    "concurrently-with-timeout", Warning [TransactionMode] => Check::Migration(check)
}

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.grammar() != Grammar::Postgres {
        return;
    }
    let mut limited = false;
    for ((number, statement, heading), effect) in context.statements().zip(context.effects()) {
        let words = statement.of(context.text()).to_ascii_lowercase().replace('=', " = ").replace(" to ", " = ");
        let words: Vec<&str> = words.split_whitespace().collect();
        // Outside a transaction, which such a statement always is, SET LOCAL does nothing.
        let sets = heading.verb == Verb::Set && words.get(1) != Some(&"local");
        if sets && words.iter().any(|word| word.ends_with("_timeout")) {
            let value = words.last().map(|value| value.trim_matches('\''));
            limited = !matches!(value, Some("0" | "default"));
        }
        let concurrent = matches!(effect, Effect::OutsideOnly { what } if what.contains("CONCURRENTLY"));
        if limited && concurrent {
            findings
                .report_at(
                    Some(number),
                    statement.span,
                    "the timeout above may cancel it, and an invalid index is left",
                )
                .help("set the timeout to 0 in this file");
        }
    }
}
