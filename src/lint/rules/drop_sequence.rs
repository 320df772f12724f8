use super::prelude::*;
use crate::lint::sequences::numbers_new_table;
use crate::sql::ddl::ObjectKind;

rule! {
    /// Dropping a sequence breaks code and defaults that still take values from it.
    ///
    /// The next insert that needs a number fails. Stop using the sequence first.
    ///
    /// ```sql fires postgres mariadb
    /// drop sequence ticket_numbers;
    /// ```
    ///
    /// ```sql quiet postgres mariadb
    /// create sequence ticket_numbers;
    /// drop sequence ticket_numbers;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create table tickets (id serial primary key);
    /// alter table tickets alter column id drop default;
    /// drop sequence tickets_id_seq;
    /// ```
    "drop-sequence", Error [BreaksOldCode] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::DropObject { kind, name, before, .. } = &change.kind else { return };
    if !matches!(kind, ObjectKind::Sequence) || !deployed(before.as_ref()) || comes_back(change, context) {
        return;
    }
    // What a new table numbers its rows by is as new.
    if numbers_new_table(&name.name, context) {
        return;
    }
    let message = format!("sequence `{name}` is dropped while deployed code may still take values from it");
    let finding = findings.report(change, message);
    finding.help("stop using the sequence, deploy that everywhere, then drop it");
    doubt(finding, change, context);
}
