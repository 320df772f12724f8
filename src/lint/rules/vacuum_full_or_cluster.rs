use super::prelude::*;
use crate::sql::ddl::Verb;

rule! {
    /// VACUUM FULL and CLUSTER write the whole table anew while nobody can read or write it.
    ///
    /// Use an online tool such as pg_repack, outside migrations.
    ///
    /// ```sql fires postgres
    /// cluster orders using orders_pkey;
    /// ```
    ///
    /// ```sql fires postgres
    /// vacuum full orders;
    /// ```
    ///
    /// ```sql quiet postgres
    /// vacuum orders;
    /// ```
    "vacuum-full-or-cluster", Error [BlocksReadsOrWrites, TableRewrite] => Check::Migration(check)
}

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.grammar() != Grammar::Postgres {
        return;
    }
    for (number, statement, heading) in context.statements() {
        let rewrites = heading.verb == Verb::Cluster || (heading.verb == Verb::Vacuum && heading.flags.full);
        if !rewrites {
            continue;
        }
        let reading = context.read(number);
        let named = reading.names.first();
        let new = named.and_then(|name| context.catalog.find(name)).is_some_and(|table| !table.in_use());
        if !new {
            findings
                .report_at(Some(number), statement.span, "nobody can read or write the table while it is written anew")
                .help("use an online tool such as pg_repack, outside migrations");
        }
    }
}
