use super::prelude::*;

rule! {
    /// IF NOT EXISTS does nothing where the table exists, whatever it looks like.
    ///
    /// Databases that have it keep their old columns, and new ones get others. Change the table with ALTER TABLE.
    ///
    /// ```sql fires
    /// create table users (id int primary key);
    /// -- next migration
    /// create table if not exists users (id int primary key, region varchar(10));
    /// ```
    ///
    /// ```sql quiet
    /// create table if not exists users (id int primary key, region varchar(10));
    /// ```
    "create-table-if-not-exists-drift", Warning [DataDependentFailure] => Check::Change(check)
}

fn check(change: &Change, _: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::CreateTable { exists: true, .. } = &change.kind else { return };
    if let Some(table) = used(change) {
        findings
            .report(change, format!("`{}` exists already, so this does nothing", table.name))
            .help("change the table with ALTER TABLE");
    }
}
