use super::prelude::*;
use crate::schema::mentions;
use crate::sql::ddl::{Detail, Verb};

rule! {
    /// SQL that is put together at run time cannot be judged.
    ///
    /// What it does to code, traffic and data is known only when it runs. Write the statements out.
    ///
    /// ```sql fires postgres
    /// do $$ begin execute format('alter table %I add column tag text', 'orders'); end $$;
    /// ```
    ///
    /// ```sql fires mysql mariadb
    /// prepare change_it from @sql;
    /// ```
    ///
    /// ```sql quiet postgres
    /// do $$ begin perform 1; end $$;
    /// ```
    "opaque-dynamic-sql", Warning [Meta] => Check::Migration(check)
}

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    for (number, statement, reading) in context.statements() {
        let dynamic = match (reading.verb, &reading.detail) {
            (Verb::Dynamic, _) => context.grammar().is_mysql(),
            (Verb::Do, Detail::Body(body)) => mentions(body.of(context.text()), "execute"),
            _ => false,
        };
        if dynamic {
            findings
                .report_at(Some(number), statement.span, "what this does is known only when it runs")
                .help("write the statements out");
        }
    }
}
