use super::prelude::*;

rule! {
    /// Renaming a value of an enum breaks code that writes or reads the old one.
    ///
    /// Old code writes a value that no longer exists and fails; old readers meet one that they do not know. Add the new
    /// value, accept both, copy, and leave the old one where it is.
    ///
    /// ```sql fires postgres
    /// alter type mood rename value 'bad' to 'sad';
    /// ```
    ///
    /// ```sql quiet postgres
    /// create type mood as enum ('bad');
    /// alter type mood rename value 'bad' to 'sad';
    /// ```
    "rename-enum-value", Error [BreaksOldCode, BreaksNewCodeOnRollback] => Check::Change(check)
}

fn check(change: &Change, _: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::RenameValue { kind, from, to, before } = &change.kind else { return };
    if deployed(before.as_ref()) {
        findings
            .report(change, format!("{from} of `{kind}` becomes {to}: old code still writes and reads the old value"))
            .help("add the new value beside the old one, and let all code accept both first");
    }
}
