use super::prelude::*;
use crate::sql::ddl::ObjectKind;

rule! {
    /// Dropping a database is no change to a schema.
    ///
    /// Everything is gone, and no migration can be undone from there. It belongs into a runbook that a human follows.
    ///
    /// ```sql fires postgres mysql mariadb
    /// drop database app;
    /// ```
    ///
    /// ```sql quiet
    /// drop view active_users;
    /// ```
    "drop-database", Error [DataLoss] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::DropObject { kind, name, before, .. } = &change.kind else { return };
    if !matches!(kind, ObjectKind::Database) || !deployed(before.as_ref()) || comes_back(change, context) {
        return;
    }
    findings
        .report(change, format!("database `{name}` is dropped with everything in it"))
        .help("leave it out; do it by hand, after a backup");
}
