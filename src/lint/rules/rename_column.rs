use super::prelude::*;

rule! {
    /// Renaming a column breaks code that uses the old name.
    ///
    /// During a rollout old and new code run side by side: whichever name the column has, one of them fails, and after a
    /// rollback it is the other. Bodies of routines are found out at their next call only. Add the new column, write both,
    /// copy the values, move the readers, and drop the old column releases later; or keep the name and map it in the code.
    ///
    /// ```sql fires
    /// alter table users rename column name to full_name;
    /// ```
    ///
    /// ```sql fires mysql mariadb
    /// create table users (id int, name varchar(20));
    /// -- next migration
    /// alter table users change name full_name varchar(20);
    /// ```
    ///
    /// ```sql quiet
    /// create table users (id int, name varchar(20));
    /// alter table users rename column name to full_name;
    /// ```
    ///
    /// ```sql quiet mysql mariadb
    /// create table users (id int, name varchar(20));
    /// -- next migration
    /// alter table users change name name varchar(30);
    /// ```
    ///
    /// ```sql quiet postgres mysql mariadb
    /// create table users (id int);
    /// -- next migration
    /// alter table users add column name_new varchar(20);
    /// alter table users rename column name_new to name;
    /// ```
    "rename-column", Error [BreaksOldCode, BreaksNewCodeOnRollback] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::RenameColumn { from, to } = &change.kind else { return };
    let Some(table) = used(change) else { return };
    let column = table.before.as_ref().and_then(|table| table.column(from, context.grammar()));
    if column.is_some_and(|column| column.origin != Origin::Deployed) {
        return;
    }
    findings
        .report(change, format!("`{}.{from}` becomes `{to}`, and code that uses the old name fails", table.name))
        .help(format!(
            "add `{to}`, write both, copy the values, move the readers, then drop `{from}` in a later migration"
        ));
}
