use super::prelude::*;
use crate::lint::ServerVersion;

rule! {
    /// MySQL adds and drops columns instantly only so many times before the table must be written anew.
    ///
    /// Each such statement leaves a row version behind; after 64 of them (255 since 9.1) the next one fails. `OPTIMIZE TABLE`
    /// starts anew. MySQL 8.0.29 to 8.0.31 could also lose rows of such tables in a crash.
    ///
    /// ```sql fires mysql@8.0.30
    /// alter table users add column age int;
    /// ```
    ///
    /// ```sql quiet mysql@8.0.36
    /// alter table users add column age int;
    /// ```
    "mysql-instant-version-limit", Info [DataDependentFailure] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.grammar() != Grammar::MySql || !context.server.since(8, 0, 29) {
        return;
    }
    if !matches!(change.kind, ChangeKind::AddColumn { .. } | ChangeKind::DropColumn { .. }) {
        return;
    }
    let Some(table) = used(change) else { return };
    let first = context.beside(change).next().is_some_and(|first| std::ptr::eq(first, change));
    let limit = if context.server.since(9, 1, 0) { 255 } else { 64 };
    let versions = table.before.as_ref().map_or(0, |table| table.instant_changes);
    let spoils = context.settings.server.is_some_and(|server| {
        server.since(8, 0, 29) && !server.since(8, 0, 32) && server != ServerVersion::oldest(Grammar::MySql)
    });
    if first && versions >= limit {
        findings
            .report(
                change,
                format!("`{}` has {versions} row versions from such statements, and no more fit", table.name),
            )
            .help("OPTIMIZE TABLE first, when there is little traffic");
    } else if first && spoils {
        findings
            .report(change, format!("on MySQL before 8.0.32 a crash may spoil `{}` after this", table.name))
            .help("ask for ALGORITHM=INPLACE, or upgrade the server first");
    }
}
