use super::prelude::*;
use crate::lint::mending::proven_not_null;
use crate::sql::ddl::ConstraintKind;

rule! {
    /// SET NOT NULL reads every row while nobody can read or write the table.
    ///
    /// PostgreSQL 12 and newer skip that when a validated check proves it: add `CHECK (c IS NOT NULL) NOT VALID`, validate it
    /// in a later migration, then SET NOT NULL and drop the check.
    ///
    /// ```sql fires postgres
    /// alter table users alter column email set not null;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create table users (id int, email text);
    /// alter table users add constraint email_given check (email is not null);
    /// -- next migration
    /// alter table users alter column email set not null;
    /// alter table users drop constraint email_given;
    /// ```
    "set-not-null-scan", Error [BlocksReadsOrWrites, DataDependentFailure] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.grammar() != Grammar::Postgres {
        return;
    }
    let Some(table) = used(change) else { return };
    let Some(known) = &table.before else { return };
    let column = match &change.kind {
        ChangeKind::SetNotNull { column, .. } => column,
        ChangeKind::AddConstraint { constraint, .. }
            if constraint.kind == ConstraintKind::NotNull && constraint.valid =>
        {
            let Some(column) = constraint.columns.first() else { return };
            column
        }
        _ => return,
    };
    let grammar = context.grammar();
    let proven = known.constraints.iter().any(|one| one.valid && one.enforced && one.requires(column, grammar));
    let already = known.column(column, grammar).is_some_and(|column| column.not_null);
    if already || (proven && context.server.since(12, 0, 0)) {
        return;
    }
    findings
        .report(change, format!("nobody can read or write `{}` while all rows are searched for nulls", table.name))
        .help(format!("prove it first: CHECK ({column} IS NOT NULL) NOT VALID, then VALIDATE in a later migration"))
        .mend(proven_not_null(change, context).filter(|_| context.server.since(12, 0, 0)));
}
