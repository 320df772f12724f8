use super::prelude::*;

rule! {
    /// An unlogged table is empty after a crash, and always on replicas.
    ///
    /// Make it an ordinary one unless its rows can be computed again.
    ///
    /// ```sql fires postgres
    /// create unlogged table visits (id bigint primary key);
    /// ```
    ///
    /// ```sql fires postgres
    /// alter table visits set unlogged;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create table visits (id bigint primary key);
    /// ```
    "unlogged-table", optional Warning [Style] => Check::Change(check)
}

fn check(change: &Change, _: &Context<'_>, findings: &mut Findings<'_>) {
    let unlogged = match &change.kind {
        ChangeKind::CreateTable { table, exists: false, .. } => table.unlogged,
        ChangeKind::SetLogged { logged } => !logged,
        _ => false,
    };
    let Some(table) = change.table.as_ref().filter(|_| unlogged) else { return };
    findings
        .report(change, format!("`{}` is empty after a crash, and always on replicas", table.name))
        .help("leave UNLOGGED out, unless its rows can be computed again");
}
