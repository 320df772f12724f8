use super::prelude::*;

rule! {
    /// An INSERT that names no columns breaks as soon as there is one more.
    ///
    /// It also fails on a database that is one migration ahead, and fills the wrong columns after a rebuild.
    ///
    /// ```sql fires
    /// insert into users values (1, 'a');
    /// ```
    ///
    /// ```sql quiet
    /// insert into users (id, name) values (1, 'a');
    /// ```
    ///
    /// ```sql quiet
    /// create table users (id int, name varchar(10));
    /// insert into users values (1, 'a');
    /// ```
    "insert-without-column-list", Warning [BreaksNewCodeOnRollback, DataDependentFailure] => Check::Change(check)
}

fn check(change: &Change, _: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::Insert { names_columns: false, .. } = &change.kind else { return };
    if let Some(table) = used(change) {
        findings
            .report(change, format!("this counts on the number and order of the columns of `{}`", table.name))
            .help("name the columns");
    }
}
