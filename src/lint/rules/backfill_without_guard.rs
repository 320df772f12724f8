use super::prelude::*;

rule! {
    /// Rows that old code inserts after the backfill have no value, so the tightening fails.
    ///
    /// Between the two old code goes on inserting without the column. Give the column a default, or add a check `NOT VALID`,
    /// before the rows are filled.
    ///
    /// ```sql fires postgres
    /// alter table users add column plan text;
    /// update users set plan = 'free' where plan is null;
    /// alter table users alter column plan set not null;
    /// ```
    ///
    /// ```sql quiet postgres
    /// alter table users add column plan text default 'free';
    /// update users set plan = 'free' where plan is null;
    /// alter table users alter column plan set not null;
    /// ```
    "backfill-without-guard", Warning [DataDependentFailure] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::SetNotNull { column, old } = &change.kind else { return };
    let Some(table) = used(change) else { return };
    let grammar = context.grammar();
    let filled = context.before(change).any(|earlier| match &earlier.kind {
        ChangeKind::Update { columns, .. } => {
            used(earlier).is_some_and(|earlier| earlier.name == table.name)
                && columns.iter().any(|name| grammar.same_name(name, column))
        }
        _ => false,
    });
    let known = table.before.as_ref();
    let checked = known.is_some_and(|known| known.constraints.iter().any(|one| one.requires(column, grammar)));
    let triggered = known.is_some_and(|known| !known.more.triggers.is_empty());
    let default = old.as_ref().is_some_and(|old| old.default.is_some() || old.not_null);
    if filled && !checked && !default && !triggered {
        findings
            .report(change, format!("old code may insert rows without `{column}` after they were filled"))
            .help("give the column a default, or add the check NOT VALID, before filling it");
    }
}
