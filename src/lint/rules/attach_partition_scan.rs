use super::prelude::*;
use crate::sql::ddl::ConstraintKind;

rule! {
    /// Attaching a partition reads all its rows to see that they belong into it.
    ///
    /// Nobody can use the partition meanwhile. A validated check that says the same as the bounds, and that no key is null, makes
    /// the reading unnecessary: add it `NOT VALID`, validate it, attach, and drop it.
    ///
    /// ```sql fires postgres
    /// create table events (at date) partition by range (at);
    /// create table events_25 (at date);
    /// -- next migration
    /// alter table events attach partition events_25 for values from ('2025-01-01') to ('2026-01-01');
    /// ```
    ///
    /// ```sql quiet postgres
    /// create table events (at date) partition by range (at);
    /// create table events_25 (at date not null, check (at >= '2025-01-01' and at < '2026-01-01'));
    /// -- next migration
    /// alter table events attach partition events_25 for values from ('2025-01-01') to ('2026-01-01');
    /// ```
    "attach-partition-scan", Warning [BlocksReadsOrWrites] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::AttachPartition { partition } = &change.kind else { return };
    if context.grammar() != Grammar::Postgres || !partition.in_use() {
        return;
    }
    let Some(known) = &partition.before else { return };
    let parent = change.table.as_ref().and_then(|table| table.before.as_ref());
    let key = parent.and_then(|parent| parent.more.partition_method.as_deref()).unwrap_or_default();
    let about_key = |name: &str| key.is_empty() || crate::schema::mentions(key, name);
    let implied = known.constraints.iter().any(|one| {
        let check = one.kind == ConstraintKind::Check && one.valid && one.enforced;
        check && known.columns.iter().any(|column| about_key(&column.name) && one.uses(&column.name, Grammar::Postgres))
    });
    if !implied && known.kind != crate::sql::ddl::ObjectKind::ForeignTable {
        findings
            .report(change, format!("nobody can use `{}` while all its rows are read", partition.name))
            .help("add a check that says the same as the bounds NOT VALID, validate it, attach, and drop it");
    }
}
