use super::prelude::*;
use crate::lint::Severity;

rule! {
    /// Without its default a column gets null, or an error, from code that leaves it out.
    ///
    /// That includes a default that was only added to fill the rows: old code does not know the column. Keep the default
    /// until no old code runs.
    ///
    /// ```sql fires postgres
    /// create table users (id int, plan text not null default 'free');
    /// -- next migration
    /// alter table users alter column plan drop default;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create table users (id int, plan text);
    /// -- next migration
    /// alter table users alter column plan drop default;
    /// ```
    ///
    /// Nor where the same transaction gives it another:
    ///
    /// ```sql quiet postgres
    /// create table users (id int, plan text not null default 'free');
    /// -- next migration
    /// alter table users alter column plan drop default;
    /// alter table users alter column plan type varchar;
    /// alter table users alter column plan set default 'free';
    /// ```
    "drop-default", Warning [BreaksOldCode] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::DropDefault { column, old } = &change.kind else { return };
    let Some(table) = used(change) else { return };
    let had = old.as_ref().is_none_or(|old| old.default.is_some());
    // A whole new definition that forgot the default is another rule's to say.
    let redefined = context.beside(change).any(|other| matches!(other.kind, ChangeKind::ModifyColumn { .. }));
    let again = |later: &Change| match &later.kind {
        ChangeKind::SetDefault { column: of, .. } | ChangeKind::SetIdentity { column: of, .. } => {
            later.table.as_ref().is_some_and(|later| later.name == table.name)
                && context.grammar().same_name(of, column)
        }
        _ => false,
    };
    if !had || redefined || (context.one_transaction() && context.after(change).any(again)) {
        return;
    }
    let (name, required) = (&table.name, old.as_ref().is_some_and(|old| old.not_null));
    let what = if required { "fails" } else { "stores nulls" };
    let finding = findings.report(change, format!("an insert that leaves out `{name}.{column}` {what} from now on"));
    finding.help("keep the default until no old code runs any more");
    if required {
        finding.severity(Severity::Error);
    }
}
