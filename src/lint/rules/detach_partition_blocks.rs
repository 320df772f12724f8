use super::prelude::*;
use crate::lint::mending::appended;
use crate::lint::{Fix, Place, Severity};

rule! {
    /// Detaching a partition holds up every query of the partitioned table.
    ///
    /// The lock is exclusive and waits for all queries that run. `DETACH PARTITION … CONCURRENTLY` lets them go on; it knows no
    /// transaction and no default partition, and came with PostgreSQL 14.
    ///
    /// ```sql fires postgres
    /// create table events (at date) partition by range (at);
    /// create table events_25 partition of events for values from ('2025-01-01') to ('2026-01-01');
    /// -- next migration
    /// alter table events detach partition events_25;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create table events (at date) partition by range (at);
    /// create table events_25 partition of events for values from ('2025-01-01') to ('2026-01-01');
    /// -- next migration
    /// alter table events detach partition events_25 concurrently;
    /// ```
    "detach-partition-blocks", Error [BlocksReadsOrWrites] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::DetachPartition { partition, concurrently: false } = &change.kind else { return };
    let Some(table) = used(change).filter(|_| context.grammar() == Grammar::Postgres && partition.in_use()) else {
        return;
    };
    let mut tables = context.catalog.tables();
    let has_default =
        tables.any(|other| other.more.default_partition && other.more.partition_of.as_deref() == Some(&table.name));
    let finding = findings.report(change, format!("every query of `{}` waits until this transaction ends", table.name));
    if has_default || !context.server.since(14, 0, 0) {
        // There is no other way.
        finding.severity(Severity::Warning).help("keep the migration short, and its lock timeout too");
    } else {
        let concurrently = appended(change.statement, "let others go on meanwhile", " CONCURRENTLY", context);
        let outside = concurrently.filter(|_| context.reading(change).actions().len() == 1);
        finding
            .help("DETACH PARTITION … CONCURRENTLY, in a file of its own")
            .mend(outside.map(|fix| Fix { place: Place::Outside, ..fix }));
    }
}
