use super::prelude::*;
use crate::lint::mending::concurrently;

rule! {
    /// Dropping an index waits for every query of its table, and every later query waits behind it.
    ///
    /// `DROP INDEX CONCURRENTLY` waits without holding up others; it must run outside a transaction.
    ///
    /// ```sql fires postgres
    /// drop index users_email;
    /// ```
    ///
    /// ```sql quiet postgres
    /// drop index concurrently users_email;
    /// ```
    "drop-index-blocks", Warning [BlocksReadsOrWrites] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.grammar() != Grammar::Postgres {
        return;
    }
    let ChangeKind::DropIndex { name, index, concurrently: false } = &change.kind else { return };
    let known = change.table.as_ref().and_then(|table| table.before.as_ref());
    let harmless = known.is_some_and(|table| !table.in_use() || table.partitioned);
    // One that a constraint needs cannot be dropped at all.
    let is_ours = index.as_ref().is_some_and(|index| index.of_constraint || index.origin != Origin::Deployed);
    if !harmless && !is_ours {
        findings
            .report(change, format!("queries queue behind the lock that dropping `{name}` waits for"))
            .help("use DROP INDEX CONCURRENTLY, in a file of its own")
            .mend(concurrently(change.statement, context));
    }
}
