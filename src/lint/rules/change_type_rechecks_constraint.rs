use super::prelude::*;
use crate::lint::types::keeps_storage;
use crate::sql::ddl::ConstraintKind;

rule! {
    /// Another type makes the server check every row again for each check on the column.
    ///
    /// That happens under an exclusive lock, also where the rows stay as they are. Drop the check, change the type, add it
    /// again `NOT VALID`, and validate it.
    ///
    /// ```sql fires postgres
    /// create table users (nick varchar(20) check (nick <> ''));
    /// -- next migration
    /// alter table users alter column nick type varchar(50);
    /// ```
    ///
    /// ```sql quiet postgres
    /// create table users (nick varchar(20));
    /// -- next migration
    /// alter table users alter column nick type varchar(50);
    /// ```
    "change-type-rechecks-constraint", Warning [BlocksReadsOrWrites] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.grammar() != Grammar::Postgres {
        return;
    }
    let ChangeKind::ChangeType { column, from: Some(from), to, .. } = &change.kind else { return };
    let Some(table) = used(change) else { return };
    let known = table.before.as_ref();
    let checked = known.is_some_and(|known| {
        let mut checks = known.constraints.iter().filter(|one| one.kind == ConstraintKind::Check);
        checks.any(|check| check.uses(column, Grammar::Postgres))
    });
    // Where the table is written anew, that is what counts.
    if checked && keeps_storage(from, to, true) {
        findings
            .report(
                change,
                format!("a check on `{column}` makes the server read all of `{}` under its lock", table.name),
            )
            .help("drop the check, change the type, add the check NOT VALID, and validate it in a later migration");
    }
}
