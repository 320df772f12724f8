use super::prelude::*;

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

fn check(change: &Change, _: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::RenameConstraint { from, to } = &change.kind else { return };
    if used(change).is_some() {
        findings
            .report(change, format!("code that knows the constraint as `{from}` meets `{to}` from now on"))
            .help("look for ON CONFLICT ON CONSTRAINT and for error handling with the old name");
    }
}
