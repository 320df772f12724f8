use super::prelude::*;
use crate::sql::ddl::ObjectKind;

rule! {
    /// Renaming a routine breaks what calls it.
    ///
    /// Calls are looked up by name at run time, those from other routines included.
    ///
    /// ```sql fires postgres
    /// alter function fee(int) rename to total_fee;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create function fee() returns int language sql as 'select 1';
    /// alter function fee() rename to total_fee;
    /// ```
    "rename-routine", Error [BreaksOldCode] => Check::Change(check)
}

fn check(change: &Change, _: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::RenameObject { kind, name, to, before } = &change.kind else { return };
    if !matches!(kind, ObjectKind::Function | ObjectKind::Procedure | ObjectKind::Routine | ObjectKind::Aggregate)
        || !deployed(before.as_ref())
    {
        return;
    }
    findings
        .report(change, format!("routine `{name}` becomes `{to}`, and code that uses the old name fails"))
        .help("create the routine under its new name, and keep the old one as a wrapper for one release");
}
