use super::prelude::*;
use crate::lint::sequences::numbers_new_table;
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
    ///
    /// ```sql quiet postgres
    /// create table tickets (id serial primary key);
    /// alter table tickets rename to cards;
    /// alter sequence tickets_id_seq rename to cards_id_seq;
    /// ```
    "rename-sequence", Error [BreaksOldCode] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::RenameObject { kind, name, to, before } = &change.kind else { return };
    if !matches!(kind, ObjectKind::Sequence) || !deployed(before.as_ref()) || numbers_new_table(&name.name, context) {
        return;
    }
    findings
        .report(change, format!("sequence `{name}` becomes `{to}`, and code that uses the old name fails"))
        .help("keep the name");
}
