use super::prelude::*;
use crate::lint::sequences::numbers_new_table;
use crate::schema::mentions;
use crate::sql::ddl::ObjectKind;

rule! {
    /// A sequence that starts again hands out numbers that are taken.
    ///
    /// Inserts fail with duplicate keys until it is past them. Only ever move a sequence forward.
    ///
    /// ```sql fires postgres mariadb
    /// alter sequence ticket_numbers restart with 1;
    /// ```
    ///
    /// ```sql quiet postgres mariadb
    /// create sequence ticket_numbers;
    /// alter sequence ticket_numbers restart with 100;
    /// ```
    "sequence-rewind", Warning [DataDependentFailure, BreaksOldCode] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::AlterObject { kind: ObjectKind::Sequence, before, name, .. } = &change.kind else { return };
    let restarts = mentions(context.reading(change).span.of(context.text()), "restart");
    let new = name.as_ref().is_some_and(|name| numbers_new_table(&name.value, context));
    if restarts && deployed(before.as_ref()) && !new {
        findings
            .report(change, "the sequence may hand out numbers that are taken")
            .help("only move it forward: select setval(…, (select max(id) from …))");
    }
}
