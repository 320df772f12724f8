use super::prelude::*;

rule! {
    /// A DELETE without a condition deletes every row.
    ///
    /// It cannot be undone once committed, locks all rows and holds up replicas while it runs. Say which rows, or delete in
    /// batches outside migrations.
    ///
    /// ```sql fires
    /// delete from users;
    /// ```
    ///
    /// ```sql fires
    /// delete from users where 1 = 1;
    /// ```
    ///
    /// ```sql quiet
    /// delete from users where id = 7;
    /// ```
    ///
    /// ```sql quiet
    /// create table scratch (id int);
    /// delete from scratch;
    /// ```
    "delete-without-where", Error [DataLoss] => Check::Change(check)
}

fn check(change: &Change, _: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::Delete { filtered: false, .. } = &change.kind else { return };
    if let Some(table) = used(change) {
        findings
            .report(change, format!("all rows of `{}` are deleted", table.name))
            .help("say which rows with WHERE, or delete in batches outside migrations");
    }
}
