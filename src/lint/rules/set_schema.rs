use super::prelude::*;

rule! {
    /// Moving an object to another schema breaks code that names its schema or does not search the new one.
    ///
    /// Leave a view or a wrapper in the old schema until no code looks there any more.
    ///
    /// ```sql fires postgres
    /// alter table orders set schema archive;
    /// ```
    ///
    /// ```sql fires postgres
    /// alter function fee(int) set schema billing;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create table orders (id int);
    /// alter table orders set schema archive;
    /// ```
    "set-schema", Error [BreaksOldCode] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let (name, to) = match (&change.kind, used(change)) {
        (ChangeKind::SetSchema { to }, Some(table)) => (&table.name, to),
        (ChangeKind::MoveObject { name, to, before, .. }, _) if deployed(before.as_ref()) => (&**name, to),
        _ => return,
    };
    let message = format!("`{name}` moves to schema `{to}`, and code that looks in the old one fails");
    let finding = findings.report(change, message);
    finding.help("leave a view or a wrapper under the old name until no code uses it any more");
    doubt(finding, change, context);
}
