use super::prelude::*;
use crate::sql::ddl::ConstraintKind;

rule! {
    /// A check written with a new column reads every row, although they are all null.
    ///
    /// The table is locked exclusively meanwhile. Add the column first, then the check `NOT VALID`.
    ///
    /// ```sql fires postgres
    /// alter table users add column age int check (age > 0);
    /// ```
    ///
    /// ```sql quiet postgres
    /// alter table users add column age int;
    /// alter table users add constraint users_age check (age > 0) not valid;
    /// ```
    "add-column-check-scan", Warning [BlocksReadsOrWrites] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.grammar() != Grammar::Postgres {
        return;
    }
    let ChangeKind::AddColumn { column, constraints, .. } = &change.kind else { return };
    let Some(table) = used(change) else { return };
    if constraints.iter().any(|one| one.kind == ConstraintKind::Check) {
        findings
            .report(
                change,
                format!("the check on `{}` reads all of `{}`, which is locked meanwhile", column.name, table.name),
            )
            .help("add the column alone, then the check NOT VALID, and validate it in a later migration");
    }
}
