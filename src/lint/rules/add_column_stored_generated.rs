use super::prelude::*;

rule! {
    /// A new column that is computed and stored makes the server write the whole table anew.
    ///
    /// Nobody can write to it meanwhile, and on PostgreSQL nobody can read it either. A virtual column costs nothing, where
    /// there is one; else let a trigger fill a plain column.
    ///
    /// ```sql fires postgres mysql mariadb
    /// alter table orders add column gross numeric(10, 2) generated always as (net * 1.2) stored;
    /// ```
    ///
    /// ```sql quiet mysql mariadb
    /// alter table orders add column gross numeric(10, 2) generated always as (net * 1.2) virtual;
    /// ```
    "add-column-stored-generated", Error [TableRewrite] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::AddColumn { column, .. } = &change.kind else { return };
    let Some(table) = used(change) else { return };
    let stored = column.more.generated.as_ref().is_some_and(|generated| generated.stored);
    let has_virtual = context.grammar().is_mysql() || context.server.since(18, 0, 0);
    if stored && context.grammar() != Grammar::Sqlite {
        findings
            .report(change, format!("`{}` is blocked while it is written anew, a value for each row", table.name))
            .help(match has_virtual {
                true => "make the column VIRTUAL, or fill a plain one by a trigger and in batches",
                false => "add a plain column, and fill it by a trigger and in batches",
            });
    }
}
