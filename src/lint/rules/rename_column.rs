use super::prelude::*;
use crate::schema::{TableRef, mentions};
use crate::sql::ddl::ObjectKind;

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
    ///
    /// Of a table that gets another name `rename-table` speaks. A view may stand in for both names:
    ///
    /// ```sql quiet postgres sqlite
    /// create table users (id int, name varchar(20));
    /// -- next migration
    /// alter table users rename to people;
    /// alter table people rename column name to full_name;
    /// create view users as select id, full_name as name from people;
    /// ```
    ///
    /// ```sql fires postgres sqlite
    /// create table users (id int, name varchar(20));
    /// -- next migration
    /// alter table users rename to people;
    /// alter table people rename column name to full_name;
    /// create view users as select * from people;
    /// ```
    "rename-column", Error [BreaksOldCode, BreaksNewCodeOnRollback] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::RenameColumn { from, to } = &change.kind else { return };
    let Some(table) = used(change) else { return };
    let column = table.before.as_ref().and_then(|table| table.column(from, context.grammar()));
    if column.is_some_and(|column| column.origin != Origin::Deployed) || has_new_name(table, from, change, context) {
        return;
    }
    findings
        .report(change, format!("`{}.{from}` becomes `{to}`, and code that uses the old name fails", table.name))
        .help(format!(
            "add `{to}`, write both, copy the values, move the readers, then drop `{from}` in a later migration"
        ));
}

/// Whether the script gave the table its name, so that no deployed code knows the two, and no view shows the table under
/// its old name without the column.
fn has_new_name(table: &TableRef, column: &str, change: &Change, context: &Context<'_>) -> bool {
    let renamed = context
        .all_before(change)
        .iter()
        .filter(|one| matches!(&one.kind, ChangeKind::RenameTable { to } if *to == table.name));
    let Some(old) = renamed.filter_map(|one| used(one)).next_back() else { return false };
    let hides = |later: &Change| match &later.kind {
        ChangeKind::CreateObject { kind: ObjectKind::View, name, after, .. } => {
            *name == old.name && !mentions(&after.text, column)
        }
        _ => false,
    };
    !context.all_after(change).iter().any(hides)
}
