use super::prelude::*;
use crate::sql::ddl::ObjectKind;

rule! {
    /// Dropping an extension takes its functions, types and operators away.
    ///
    /// Queries and indexes that use them fail. Remove every use first.
    ///
    /// ```sql fires postgres
    /// drop extension pg_trgm;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create extension pg_trgm;
    /// drop extension pg_trgm;
    /// ```
    "drop-extension", Error [BreaksOldCode, DataLoss] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::DropObject { kind, name, before, .. } = &change.kind else { return };
    if !matches!(kind, ObjectKind::Extension) || !deployed(before.as_ref()) || comes_back(change, context) {
        return;
    }
    findings
        .report(change, format!("extension `{name}` is dropped: its functions, types and operators go with it"))
        .help("remove every use first, and deploy that everywhere");
}
