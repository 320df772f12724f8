use super::prelude::*;
use crate::lint::mending::is_dropped_above;

rule! {
    /// IF NOT EXISTS also skips an index that is broken.
    ///
    /// A build that failed leaves an invalid index behind, which costs every write and serves no query; the next run finds the name
    /// taken and is content. Drop what a failed run left just before: then the script may run twice, and the words do no harm. `up`
    /// finds and drops the invalid index of its own failed run by itself; another tool does not.
    ///
    /// ```sql fires postgres
    /// create index concurrently if not exists orders_tag on orders (tag);
    /// ```
    ///
    /// ```sql quiet postgres
    /// create index concurrently orders_tag on orders (tag);
    /// ```
    ///
    /// ```sql quiet postgres
    /// -- migrate:no-transaction
    /// drop index concurrently if exists orders_tag;
    /// create index concurrently if not exists orders_tag on orders (tag);
    /// ```
    "concurrently-if-not-exists", Info [DataDependentFailure] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::CreateIndex { index, concurrently: true, if_not_exists: true } = &change.kind else { return };
    let name = index.name.as_deref().unwrap_or("the index");
    if is_dropped_above(name, change.statement, context) {
        return;
    }
    findings
        .report(change, format!("an invalid `{name}`, left by a build that failed, is taken for a good one"))
        .help(format!("write DROP INDEX CONCURRENTLY IF EXISTS {name} above it"));
}
