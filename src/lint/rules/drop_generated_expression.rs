use super::prelude::*;

rule! {
    /// A column that is no longer computed stays empty in the rows that old code inserts.
    ///
    /// Old code cannot write it, since it was computed. Let a trigger go on computing it until no old code runs.
    ///
    /// ```sql fires postgres
    /// alter table orders alter column gross drop expression;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create table orders (net int, gross int generated always as (net * 2) stored);
    /// alter table orders alter column gross drop expression;
    /// ```
    "drop-generated-expression", Warning [BreaksOldCode] => Check::Change(check)
}

fn check(change: &Change, _: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::DropExpression { column } = &change.kind else { return };
    if let Some(table) = used(change) {
        findings
            .report(change, format!("rows that old code inserts have no value in `{}.{column}`", table.name))
            .help("compute it by a trigger until no old code runs");
    }
}
