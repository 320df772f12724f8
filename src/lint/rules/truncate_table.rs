use super::prelude::*;

rule! {
    /// TRUNCATE deletes every row at once.
    ///
    /// PostgreSQL locks the table exclusively; MySQL commits what was open and cannot roll back. Delete rows in batches,
    /// outside migrations.
    ///
    /// ```sql fires postgres mysql mariadb
    /// truncate table users;
    /// ```
    ///
    /// ```sql quiet postgres mysql mariadb
    /// create table scratch (id int);
    /// truncate table scratch;
    /// ```
    "truncate-table", Error [DataLoss, BlocksReadsOrWrites] => Check::Change(check)
}

fn check(change: &Change, _: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::Truncate { cascade: false } = &change.kind else { return };
    if let Some(table) = used(change) {
        findings
            .report(change, format!("all rows of `{}` are deleted", table.name))
            .help("delete in batches, outside migrations");
    }
}
