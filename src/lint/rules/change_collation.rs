use super::prelude::*;

rule! {
    /// Another collation orders and compares values otherwise, for old code too.
    ///
    /// What was different may now be equal, so that a unique index fails, and sorted lists change. Create an index with the new
    /// collation first and let the code ask for it.
    ///
    /// ```sql fires postgres
    /// create table users (email text unique);
    /// -- next migration
    /// alter table users alter column email type text collate "C";
    /// ```
    ///
    /// ```sql quiet postgres
    /// create table users (note text);
    /// -- next migration
    /// alter table users alter column note type text collate "C";
    /// ```
    "change-collation", Warning [BreaksOldCode, TableRewrite, DataDependentFailure] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::ChangeCollation { column, to } = &change.kind else { return };
    let Some(table) = used(change) else { return };
    let known = table.before.as_ref();
    let indexed = known.is_some_and(|known| known.indexes.iter().any(|index| index.uses(column, context.grammar())));
    if indexed {
        findings
            .report(
                change,
                format!("`{}.{column}` is compared and sorted by {to} from now on, its indexes too", table.name),
            )
            .help("create an index with the new collation first, and let the code ask for it");
    }
}
