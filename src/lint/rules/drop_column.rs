use super::prelude::*;

rule! {
    /// Dropping a column breaks code that still uses it, and its data is gone.
    ///
    /// While a new version is rolled out, the old one keeps running and keeps naming the column in its queries; after a
    /// rollback of the new version it does so again, and nothing brings the values back. Ship code that no longer reads or
    /// writes the column, then drop it in a later migration. If the column refuses nulls and has no default, let it accept
    /// nulls first, or the new code's inserts fail.
    ///
    /// ```sql fires
    /// alter table users drop column name;
    /// ```
    ///
    /// ```sql fires mysql mariadb
    /// alter table users add nick varchar(20), drop name;
    /// ```
    ///
    /// A table or a column that nobody has deployed yet has no readers:
    ///
    /// ```sql quiet
    /// create table drafts (id int, name text);
    /// alter table drafts drop column name;
    /// ```
    "drop-column", Error [BreaksOldCode, DataLoss, BreaksNewCodeOnRollback] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::DropColumn { name, column, .. } = &change.kind else { return };
    let Some(table) = used(change) else { return };
    let deployed = column.as_ref().is_none_or(|column| column.origin == Origin::Deployed);
    // Under the old name there is a column again, which readers find.
    let comes_back = context.after(change).any(|later| match &later.kind {
        ChangeKind::AddColumn { column, .. } => {
            context.grammar().same_name(&column.name, name)
                && column.more.generated.is_some()
                && used(later) == used(change)
        }
        _ => false,
    });
    if deployed && !comes_back {
        findings
            .report(change, format!("`{}.{name}` is dropped while deployed code may still use it", table.name))
            .help("stop using the column, deploy that everywhere, then drop it in a later migration");
    }
}
