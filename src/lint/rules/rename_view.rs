use super::prelude::*;
use crate::sql::ddl::ObjectKind;

rule! {
    /// Renaming a view breaks code that reads it under its old name.
    ///
    /// Old and new code run side by side during a rollout, and each needs its own name. Create a second view and drop the
    /// first when no code reads it any more.
    ///
    /// ```sql fires postgres
    /// alter view active_users rename to current_users;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create view active_users as select 1;
    /// alter view active_users rename to current_users;
    /// ```
    "rename-view", Error [BreaksOldCode] => Check::Change(check)
}

fn check(change: &Change, _: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::RenameObject { kind, name, to, before } = &change.kind else { return };
    if !matches!(kind, ObjectKind::View | ObjectKind::MaterializedView) || !deployed(before.as_ref()) {
        return;
    }
    findings
        .report(change, format!("view `{name}` becomes `{to}`, and code that uses the old name fails"))
        .help("create a second view under the new name, drop the old one in a later migration");
}
