use super::prelude::*;

rule! {
    /// CREATE TABLE … PARTITION OF locks the partitioned table exclusively.
    ///
    /// Every query of it waits meanwhile. A table created `LIKE` the parent and attached afterwards takes a lock that lets
    /// queries go on.
    ///
    /// ```sql fires postgres
    /// create table events (at date) partition by range (at);
    /// -- next migration
    /// create table events_26 partition of events for values from ('2026-01-01') to ('2027-01-01');
    /// ```
    ///
    /// ```sql quiet postgres
    /// create table events (at date) partition by range (at);
    /// create table events_26 partition of events for values from ('2026-01-01') to ('2027-01-01');
    /// ```
    "create-partition-of-locks-parent", Warning [BlocksReadsOrWrites] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.grammar() != Grammar::Postgres {
        return;
    }
    let ChangeKind::CreateTable { table, exists: false, .. } = &change.kind else { return };
    let Some(parent) = &table.more.partition_of else { return };
    if context.catalog.table(parent).is_none_or(|parent| parent.in_use()) {
        findings
            .report(change, format!("all queries of `{parent}` wait while its partition is created"))
            .help(format!("CREATE TABLE … (LIKE {parent} INCLUDING ALL), then ALTER TABLE {parent} ATTACH PARTITION"));
    }
}
