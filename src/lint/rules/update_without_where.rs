use super::prelude::*;

rule! {
    /// An UPDATE without a condition writes the whole table in one transaction.
    ///
    /// All rows stay locked until it commits, the table grows to twice its size on PostgreSQL, and replicas fall behind.
    /// Update in batches by key, outside the migration that changes the schema.
    ///
    /// ```sql fires
    /// update users set active = true;
    /// ```
    ///
    /// ```sql quiet
    /// update users set active = true where id = 7;
    /// ```
    ///
    /// ```sql quiet
    /// create table settings (k int, v int);
    /// update settings set v = 0;
    /// ```
    "update-without-where", Warning [BlocksReadsOrWrites, BreaksNewCodeOnRollback] => Check::Change(check)
}

fn check(change: &Change, _: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::Update { filtered: false, .. } = &change.kind else { return };
    if let Some(table) = used(change) {
        findings
            .report(change, format!("every row of `{}` is written and stays locked until the end", table.name))
            .help("update in batches by key range, outside this migration");
    }
}
