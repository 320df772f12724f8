use super::prelude::*;
use crate::schema::Table;

rule! {
    /// A new partition makes the server search the default partition for rows that belong into it.
    ///
    /// The default partition is locked meanwhile, and the statement fails if it finds one. Add a check to the default
    /// partition first that excludes the new range, and validate it.
    ///
    /// ```sql fires postgres
    /// create table events (at date) partition by range (at);
    /// create table events_rest partition of events default;
    /// create table events_26 (like events);
    /// -- next migration
    /// alter table events attach partition events_26 for values from ('2026-01-01') to ('2027-01-01');
    /// ```
    ///
    /// ```sql quiet postgres
    /// create table events (at date) partition by range (at);
    /// create table events_26 (like events);
    /// -- next migration
    /// alter table events attach partition events_26 for values from ('2026-01-01') to ('2027-01-01');
    /// ```
    "attach-partition-scans-default", Warning [BlocksReadsOrWrites] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.grammar() != Grammar::Postgres {
        return;
    }
    let parent = match (&change.kind, used(change)) {
        (ChangeKind::CreateTable { table, exists: false, .. }, _) => table.more.partition_of.as_deref(),
        (ChangeKind::AttachPartition { .. }, Some(table)) => Some(&table.name),
        _ => return,
    };
    let is_default =
        |table: &Table| table.more.default_partition && table.more.partition_of.as_deref() == parent && table.in_use();
    let default = parent.and_then(|_| context.catalog.tables().find(|table| is_default(table)));
    if let Some(default) = default {
        findings
            .report(change, format!("all of `{}` is searched under a lock for rows of the new partition", default.name))
            .help("add a validated check to the default partition first that excludes the new range");
    }
}
