use super::prelude::*;
use crate::lint::mending::concurrently;
use crate::sql::ddl::{ObjectKind, Verb};

rule! {
    /// REINDEX blocks writes, and nearly all reads, until the index is built again.
    ///
    /// `REINDEX … CONCURRENTLY` blocks nobody; it must run outside a transaction.
    ///
    /// ```sql fires postgres
    /// reindex table orders;
    /// ```
    ///
    /// ```sql quiet postgres
    /// reindex table concurrently orders;
    /// ```
    "reindex-blocks", Error [BlocksReadsOrWrites] => Check::Migration(check)
}

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.grammar() != Grammar::Postgres {
        return;
    }
    for (number, statement, heading) in context.statements() {
        if heading.verb != Verb::Reindex {
            continue;
        }
        let reading = context.read(number);
        let named = reading.names.first();
        let new = named.and_then(|name| context.catalog.find(name)).is_some_and(|table| !table.in_use());
        let system = heading.object == Some(ObjectKind::System);
        if !heading.flags.concurrently && !new && !system {
            findings
                .report_at(Some(number), statement.span, "writes are blocked, and queries that plan with the index too")
                .help("use REINDEX … CONCURRENTLY, in a file of its own")
                .mend(concurrently(number, context));
        }
    }
}
