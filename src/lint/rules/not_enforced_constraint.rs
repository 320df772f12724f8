use super::prelude::*;
use crate::sql::Token;
use crate::sql::ddl::{ObjectKind, Verb};

rule! {
    /// A constraint that is not enforced says what should be, and prevents nothing.
    ///
    /// ```sql fires postgres@18 mysql
    /// alter table users add constraint users_age check (age > 0) not enforced;
    /// ```
    ///
    /// ```sql fires mysql
    /// create table users (id bigint primary key, age int check (age > 0) not enforced);
    /// ```
    ///
    /// ```sql quiet postgres mysql
    /// alter table users add constraint users_age check (age > 0);
    /// ```
    "not-enforced-constraint", optional Info [Style] => Check::Migration(check)
}

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    // The others do not know the words.
    if !matches!(context.grammar(), Grammar::Postgres | Grammar::MySql) {
        return;
    }
    for (number, statement, heading) in context.statements() {
        if !matches!(heading.verb, Verb::Create | Verb::Alter) || heading.object != Some(ObjectKind::Table) {
            continue;
        }
        let tokens: Vec<Token> = statement.tokens(context.text(), context.lexis).code().collect();
        let text = context.text();
        let says = |pair: &&[Token]| pair[0].is_word(text, "NOT") && pair[1].is_word(text, "ENFORCED");
        for pair in tokens.windows(2).filter(says) {
            let span = crate::sql::Span::new(pair[0].start(), pair[1].end());
            findings
                .report_at(Some(number), span, "the server does not enforce it: rows that break it may come in")
                .help("enforce it, or write it down somewhere else");
        }
    }
}
