use super::prelude::*;
use crate::sql::ddl::ObjectKind;

rule! {
    /// Dropping a type breaks code that still names it.
    ///
    /// Casts and typed parameters name the type, and drivers keep its number. Move columns and code to another type first.
    ///
    /// ```sql fires postgres
    /// drop type mood;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create type mood as enum ('ok');
    /// drop type mood;
    /// ```
    "drop-type", Error [BreaksOldCode] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::DropObject { kind, name, before, .. } = &change.kind else { return };
    if !matches!(kind, ObjectKind::Type | ObjectKind::Domain)
        || !deployed(before.as_ref())
        || comes_back(change, context)
    {
        return;
    }
    findings
        .report(change, format!("type `{name}` is dropped while deployed code may still name it"))
        .help("move columns and code to another type first, then drop it in a later migration");
}
