use super::prelude::*;
use crate::schema::{Table, chosen_name};
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
    let numbers = |table: &Table| {
        let called = |column: &str| chosen_name(&table.name.name, column, "seq") == name.name;
        !table.in_use() && table.columns.iter().any(|column| called(&column.name))
    };
    let before = context.script.changes.iter().filter_map(|change| change.table.as_ref()?.before.as_deref());
    if context.catalog.tables().map(|table| &**table).chain(before).any(numbers) {
        return;
    }
    findings
        .report(change, format!("sequence `{name}` is dropped while deployed code may still take values from it"))
        .help("stop using the sequence, deploy that everywhere, then drop it");
}
