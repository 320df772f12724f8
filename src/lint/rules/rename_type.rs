use super::prelude::*;
use crate::sql::ddl::ObjectKind;

rule! {
    /// Renaming a type breaks code that names it.
    ///
    /// Casts such as `x::mood` and typed drivers look it up by name.
    ///
    /// ```sql fires postgres
    /// alter type mood rename to feeling;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create type mood as enum ('ok');
    /// alter type mood rename to feeling;
    /// ```
    "rename-type", Error [BreaksOldCode] => Check::Change(check)
}

fn check(change: &Change, _: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::RenameObject { kind, name, to, before } = &change.kind else { return };
    if !matches!(kind, ObjectKind::Type | ObjectKind::Domain) || !deployed(before.as_ref()) {
        return;
    }
    findings
        .report(change, format!("type `{name}` becomes `{to}`, and code that uses the old name fails"))
        .help("create the new type beside the old one and move columns and code to it");
}
