use super::prelude::*;
use crate::sql::ddl::ObjectKind;

rule! {
    /// Renaming a sequence breaks code that takes values from it by name.
    ///
    /// `nextval('old')` fails. Defaults of columns follow the rename by themselves.
    ///
    /// ```sql fires postgres
    /// alter sequence ticket_numbers rename to numbers;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create sequence ticket_numbers;
    /// alter sequence ticket_numbers rename to numbers;
    /// ```
    "rename-sequence", Error [BreaksOldCode] => Check::Change(check)
}

fn check(change: &Change, _: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::RenameObject { kind, name, to, before } = &change.kind else { return };
    if !matches!(kind, ObjectKind::Sequence) || !deployed(before.as_ref()) {
        return;
    }
    findings
        .report(change, format!("sequence `{name}` becomes `{to}`, and code that uses the old name fails"))
        .help("keep the name");
}
