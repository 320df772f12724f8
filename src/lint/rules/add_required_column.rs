use super::prelude::*;
use crate::sql::ddl::ConstraintKind;

rule! {
    /// A new column that must have a value and has no default breaks every insert of old code.
    ///
    /// Old code does not know the column and leaves it out. PostgreSQL and SQLite refuse the change at once when the table
    /// has rows; MySQL fills in zeros and empty strings. Add the column with a default and keep it, or let it accept nulls,
    /// fill it, and tighten it when no old code runs any more.
    ///
    /// ```sql fires
    /// alter table users add column region varchar(10) not null;
    /// ```
    ///
    /// ```sql quiet
    /// alter table users add column region varchar(10) not null default 'eu';
    /// ```
    ///
    /// ```sql quiet
    /// create table users (id int);
    /// alter table users add column region varchar(10) not null;
    /// ```
    "add-required-column", Error [BreaksOldCode, DataDependentFailure] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::AddColumn { column, constraints, .. } = &change.kind else { return };
    let Some(table) = used(change) else { return };
    let is_key = constraints.iter().any(|one| one.kind == ConstraintKind::PrimaryKey);
    let required = crate::schema::Column { not_null: column.not_null || is_key, ..(**column).clone() };
    // SQLite says no to it in any case, which is another rule's to say.
    if required.may_be_omitted() || matches!(context.grammar(), Grammar::Sqlite) && is_key {
        return;
    }
    findings
        .report(change, format!("old code does not fill `{}.{}`, so all its inserts fail", table.name, column.name))
        .help("give the column a default and keep it until no old code runs, or let it accept nulls for now");
}
