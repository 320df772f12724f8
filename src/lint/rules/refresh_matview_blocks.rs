use super::prelude::*;
use crate::lint::mending::refreshed_concurrently;
use crate::sql::ddl::Verb;

rule! {
    /// Refreshing a materialized view blocks its readers until it is computed.
    ///
    /// `REFRESH MATERIALIZED VIEW CONCURRENTLY` lets them go on; it needs a unique index on the view.
    ///
    /// ```sql fires postgres
    /// refresh materialized view totals;
    /// ```
    ///
    /// ```sql fires postgres
    /// create materialized view totals as select 1 as id;
    /// create unique index totals_id on totals (id);
    /// -- next migration
    /// refresh materialized view totals;
    /// ```
    ///
    /// ```sql quiet postgres
    /// refresh materialized view concurrently totals;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create materialized view totals as select 1 with no data;
    /// refresh materialized view totals;
    /// ```
    "refresh-matview-blocks", Warning [BlocksReadsOrWrites] => Check::Migration(check)
}

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.grammar() != Grammar::Postgres {
        return;
    }
    for (number, statement, heading) in context.statements() {
        if heading.verb != Verb::Refresh {
            continue;
        }
        let reading = context.read(number);
        let Some(name) = reading.names.first() else { continue };
        let new = context.catalog.find(name).is_some_and(|view| !view.in_use());
        if !heading.flags.concurrently && !heading.flags.no_data && !new {
            findings
                .report_at(Some(number), statement.span, format!("readers of `{name}` wait until it is computed"))
                .help("create a unique index on the view once, then REFRESH MATERIALIZED VIEW CONCURRENTLY")
                .mend(refreshed_concurrently(number, context));
        }
    }
}
