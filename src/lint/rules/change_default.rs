use super::prelude::*;

rule! {
    /// With another default, code that leaves the column out stores something new.
    ///
    /// Deployed code may rely on the old value, and rows that were there keep it.
    ///
    /// ```sql fires postgres mysql mariadb
    /// create table users (id int, plan varchar(10) default 'free');
    /// -- next migration
    /// alter table users alter column plan set default 'trial';
    /// ```
    ///
    /// ```sql quiet postgres mysql mariadb
    /// create table users (id int, plan varchar(10) default 'free');
    /// -- next migration
    /// alter table users add column size int;
    /// alter table users alter column size set default 1;
    /// ```
    "change-default", Info [BreaksOldCode] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::SetDefault { column, old, value } = &change.kind else { return };
    let Some(table) = used(change) else { return };
    let new = old.as_ref().is_some_and(|old| old.origin != Origin::Deployed);
    // Taken away above, where the type changes, it was still there for deployed code.
    let above = context.before(change).find_map(|earlier| match &earlier.kind {
        ChangeKind::DropDefault { column: of, old } if context.grammar().same_name(of, column) => old.as_ref(),
        _ => None,
    });
    let was = above.or(old.as_ref()).and_then(|old| old.default.as_deref());
    let added = context.before(change).any(|earlier| match &earlier.kind {
        ChangeKind::AddColumn { column: added, .. } => context.grammar().same_name(&added.name, column),
        _ => false,
    });
    if !new && !added && was != Some(&**value) {
        let name = &table.name;
        findings
            .report(change, format!("code that leaves out `{name}.{column}` stores `{value}` from now on"))
            .help("make sure that the deployed code may meet the new value");
    }
}
