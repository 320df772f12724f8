use super::prelude::*;
use crate::sql::ddl::ConstraintKind;

rule! {
    /// Renaming a constraint breaks the code that names it.
    ///
    /// That is `ON CONFLICT ON CONSTRAINT`, and code that tells errors apart by the name of the constraint they come from.
    ///
    /// ```sql fires postgres
    /// alter table users rename constraint users_email_key to users_email_unique;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create table users (id int, email text constraint users_email_key unique);
    /// alter table users rename constraint users_email_key to users_email_unique;
    /// ```
    "rename-constraint", Info [BreaksOldCode] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::RenameConstraint { from, to } = &change.kind else { return };
    let Some(table) = used(change) else { return };
    let known = table.before.as_ref().and_then(|table| table.constraint(from, context.grammar()));
    let kind = known.map(|constraint| constraint.kind);
    // No conflict is about another kind.
    let finding =
        findings.report(change, format!("code that knows the constraint as `{from}` meets `{to}` from now on"));
    finding.help(match kind {
        Some(ConstraintKind::ForeignKey | ConstraintKind::Check) => "look for error handling with the old name",
        _ => "look for ON CONFLICT ON CONSTRAINT and for error handling with the old name",
    });
}
