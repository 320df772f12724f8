use super::prelude::*;

rule! {
    /// Dropping a column takes along the keys, checks and indexes that it is a part of.
    ///
    /// PostgreSQL says nothing about it; MySQL shortens keys to the columns that are left. What they kept apart is no longer
    /// kept apart. Build what takes their place first.
    ///
    /// ```sql fires postgres mysql mariadb
    /// create table orders (account_id int, state varchar(10), unique (account_id, state));
    /// -- next migration
    /// alter table orders drop column state;
    /// ```
    ///
    /// ```sql quiet postgres mysql mariadb
    /// create table orders (account_id int, state varchar(10));
    /// create index orders_state on orders (state);
    /// -- next migration
    /// alter table orders drop column state;
    /// ```
    "drop-column-silent-dependents", Warning [DataDependentFailure, BreaksOldCode] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::DropColumn { name, .. } = &change.kind else { return };
    let Some(table) = used(change) else { return };
    let Some(known) = &table.before else { return };
    let grammar = context.grammar();
    if grammar == Grammar::Sqlite {
        return;
    }
    let index =
        known.indexes.iter().find(|index| index.columns.len() + index.include.len() > 1 && index.uses(name, grammar));
    let constraint = known.constraints.iter().find(|one| one.columns.len() > 1 && one.uses(name, grammar));
    let lost = constraint.and_then(|one| one.name.as_deref()).or(index.and_then(|index| index.name.as_deref()));
    if index.is_some() || constraint.is_some() {
        let lost = lost.map_or_else(|| "a key".to_owned(), |lost| format!("`{lost}`"));
        findings
            .report(change, format!("{lost} needs `{}.{name}` and goes, or shrinks, without a word", table.name))
            .help("build what takes its place first");
    }
}
