use super::prelude::*;
use crate::sql::{Control, Effect};

rule! {
    /// SET LOCAL outside a transaction does nothing.
    ///
    /// The server only warns, and the timeout that was meant to protect everybody stays what it was. Say `SET` in a file that says
    /// `-- migrate:no-transaction`.
    ///
    /// ```sql fires postgres
    /// -- migrate:no-transaction
    /// set local lock_timeout = '2s';
    /// create index concurrently orders_tag on orders (tag);
    /// ```
    ///
    /// ```sql quiet postgres
    /// set local lock_timeout = '2s';
    /// alter table orders add column tag text;
    /// ```
    "set-local-outside-transaction", Warning [TransactionMode] => Check::Migration(check)
}

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.grammar() != Grammar::Postgres || context.one_transaction() {
        return;
    }
    let mut open = false;
    for ((number, statement, _), effect) in context.statements().zip(context.effects()) {
        match effect {
            Effect::Control(Control::Begin) => open = true,
            Effect::Control(Control::Commit | Control::Rollback) => open = false,
            _ => {}
        }
        let mut words = statement.of(context.text()).split_whitespace();
        let mut says = |word: &str| words.next().is_some_and(|next| next.eq_ignore_ascii_case(word));
        if !open && says("set") && says("local") {
            findings
                .report_at(Some(number), statement.span, "there is no transaction here that this could hold for")
                .help("say SET without LOCAL");
        }
    }
}
