use super::prelude::*;
use crate::sql::ddl::PartitionAction;

rule! {
    /// Partitioning a table anew copies its rows while nobody can write to it.
    ///
    /// That is so for `PARTITION BY`, `REMOVE PARTITIONING`, `REORGANIZE` and `COALESCE`, and for another partition of a table that
    /// is partitioned by hash or key. A partition at the end of a range, or one more list, costs nothing.
    ///
    /// ```sql fires mysql mariadb
    /// create table log (id int not null) partition by hash (id) partitions 4;
    /// -- next migration
    /// alter table log add partition partitions 2;
    /// ```
    ///
    /// ```sql fires mysql mariadb
    /// alter table log partition by hash (id) partitions 8;
    /// ```
    ///
    /// ```sql quiet mysql mariadb
    /// create table log (id int not null) partition by range (id) (partition p1 values less than (100));
    /// -- next migration
    /// alter table log add partition (partition p2 values less than (200));
    /// ```
    "mysql-partition-copies", Error [BlocksReadsOrWrites, TableRewrite] => Check::Change(check)
}

fn check(change: &Change, _: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::Partition(action) = &change.kind else { return };
    let Some(table) = used(change) else { return };
    let method = table.before.as_ref().and_then(|table| table.more.partition_method.as_deref()).unwrap_or_default();
    let spreads = ["hash", "key", "linear"].iter().any(|word| method.starts_with(word));
    let copies = match action {
        PartitionAction::By | PartitionAction::Remove | PartitionAction::Reorganize | PartitionAction::Coalesce => true,
        PartitionAction::Add => spreads,
        _ => false,
    };
    if copies {
        findings
            .report(change, format!("rows of `{}` are copied while nobody can write to it", table.name))
            .help("use an online schema change tool");
    }
}
