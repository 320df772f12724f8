use super::prelude::*;
use crate::lint::Severity;
use crate::sql::ddl::ObjectKind;

rule! {
    /// Dropping a routine breaks what still calls it.
    ///
    /// Code, triggers, defaults and policies call it by its name and arguments. Keep the old signature for one release.
    ///
    /// ```sql fires postgres mysql mariadb
    /// drop function fee;
    /// ```
    ///
    /// ```sql quiet postgres mysql mariadb
    /// create function fee() returns int return 1;
    /// drop function fee;
    /// ```
    ///
    /// Of a routine that has other arguments nothing is dropped:
    ///
    /// ```sql quiet postgres
    /// create function fee(amount int) returns int language sql as 'select 1';
    /// -- next migration
    /// drop function if exists fee();
    /// ```
    "drop-function", Error [BreaksOldCode] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::DropObject { kind, name, before, .. } = &change.kind else { return };
    if !matches!(kind, ObjectKind::Function | ObjectKind::Procedure | ObjectKind::Routine | ObjectKind::Aggregate)
        || !deployed(before.as_ref())
        || comes_back(change, context)
    {
        return;
    }
    if made_again(change, context) {
        let missing = format!("`{name}` is missing until it is made again below");
        findings.report(change, missing).help("deploy it when few call it").severity(Severity::Warning);
        return;
    }
    // Of a name with other arguments nothing is dropped.
    if before.as_ref().is_some_and(|before| before.overloads.is_empty()) && context.grammar() == Grammar::Postgres {
        return;
    }
    let finding = findings.report(change, format!("`{name}` is dropped while deployed code may still call it"));
    finding.help("keep the old signature for one release, then drop it");
    doubt(finding, change, context);
}
