use super::prelude::*;

rule! {
    /// An index that a constraint needs cannot be dropped.
    ///
    /// The server refuses with "constraint requires it". Drop the constraint instead; its index goes with it.
    ///
    /// ```sql fires postgres
    /// create table users (id int, email text constraint users_email unique);
    /// -- next migration
    /// drop index users_email;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create table users (id int, email text);
    /// create unique index users_email on users (email);
    /// -- next migration
    /// drop index concurrently users_email;
    /// ```
    "drop-constraint-index", Error [DataDependentFailure] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.grammar() != Grammar::Postgres {
        return;
    }
    let ChangeKind::DropIndex { name, index: Some(index), .. } = &change.kind else { return };
    if index.of_constraint {
        findings
            .report(change, format!("the server refuses: a constraint needs index `{name}`"))
            .help(format!("drop the constraint: ALTER TABLE … DROP CONSTRAINT {name}"));
    }
}
