use super::prelude::*;
use crate::sql::ddl::ObjectKind;

rule! {
    /// Dropping a schema drops everything in it.
    ///
    /// Tables, views and routines of the schema are gone, listed nowhere. Drop what is in it piece by piece, over releases.
    ///
    /// ```sql fires postgres
    /// drop schema app;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create schema scratch;
    /// drop schema scratch;
    /// ```
    "drop-schema", Error [BreaksOldCode, DataLoss] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::DropObject { kind, name, before, .. } = &change.kind else { return };
    if !matches!(kind, ObjectKind::Schema) || !deployed(before.as_ref()) || comes_back(change, context) {
        return;
    }
    findings
        .report(change, format!("schema `{name}` is dropped with everything in it"))
        .help("drop what is in it first, each when no code uses it any more");
}
