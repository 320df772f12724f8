use super::prelude::*;
use crate::sql::ddl::ObjectKind;

rule! {
    /// Moving a table writes all of it anew while nobody can read or write it.
    ///
    /// Another tablespace and another access method copy the whole table. Use an online tool, outside migrations.
    ///
    /// ```sql fires postgres
    /// alter table orders set tablespace fast;
    /// ```
    ///
    /// ```sql quiet postgres
    /// alter index orders_pkey set tablespace fast;
    /// ```
    "set-tablespace-or-access-method", Error [TableRewrite] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::Storage = &change.kind else { return };
    let Some(table) = used(change) else { return };
    if context.heading(change).object != Some(ObjectKind::Index) {
        findings
            .report(change, format!("nobody can read or write `{}` while it is copied", table.name))
            .help("use an online tool such as pg_repack, outside migrations");
    }
}
