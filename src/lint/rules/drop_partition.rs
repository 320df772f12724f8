use super::prelude::*;
use crate::lint::Severity;
use crate::sql::ddl::PartitionAction;

rule! {
    /// Dropping or emptying a partition deletes its rows, and holds up every query of its table.
    ///
    /// PostgreSQL locks the whole partitioned table exclusively until the transaction ends. Detach the partition
    /// concurrently first, then drop it as the table that it then is; on MySQL exchange it for an empty table first.
    ///
    /// ```sql fires postgres
    /// create table events (at date) partition by range (at);
    /// create table events_2024 partition of events for values from ('2024-01-01') to ('2025-01-01');
    /// -- next migration
    /// drop table events_2024;
    /// ```
    ///
    /// ```sql fires mysql mariadb
    /// alter table events drop partition p2024;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create table events (at date) partition by range (at);
    /// create table events_2024 partition of events for values from ('2024-01-01') to ('2025-01-01');
    /// drop table events_2024;
    /// ```
    "drop-partition", Error [DataLoss] => Check::Change(check)
}

fn check(change: &Change, _: &Context<'_>, findings: &mut Findings<'_>) {
    let Some(table) = used(change) else { return };
    let what = match &change.kind {
        ChangeKind::DropTable { .. }
            if table.before.as_ref().is_some_and(|table| table.more.partition_of.is_some()) =>
        {
            format!("`{}` is a partition: its rows are gone, and its parent is locked until the end", table.name)
        }
        ChangeKind::Partition(PartitionAction::Drop | PartitionAction::Truncate) => {
            format!("rows of `{}` are deleted with their partition", table.name)
        }
        ChangeKind::Partition(PartitionAction::Exchange) => {
            format!("a partition of `{}` has the rows of another table from now on", table.name)
        }
        _ => return,
    };
    let finding = findings.report(change, what);
    finding.help("take the partition out first, keep its rows for as long as a rollback may need them");
    if matches!(change.kind, ChangeKind::Partition(PartitionAction::Exchange)) {
        finding.severity(Severity::Warning);
    }
}
