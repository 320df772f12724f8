use super::prelude::*;
use crate::sql::ddl::ObjectKind;

rule! {
    /// Renaming a schema breaks every qualified name, and every search path.
    ///
    /// Nothing can stand in for the old name. Create the new schema and move things into it one by one.
    ///
    /// ```sql fires postgres
    /// alter schema app rename to core;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create schema app;
    /// alter schema app rename to core;
    /// ```
    "rename-schema", Error [BreaksOldCode] => Check::Change(check)
}

fn check(change: &Change, _: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::RenameObject { kind, name, to, before } = &change.kind else { return };
    if !matches!(kind, ObjectKind::Schema) || !deployed(before.as_ref()) {
        return;
    }
    findings
        .report(change, format!("schema `{name}` becomes `{to}`, and code that uses the old name fails"))
        .help("create the new schema and move things over, each with a view or wrapper left behind");
}
