use super::prelude::*;

rule! {
    /// SET LOGGED and SET UNLOGGED write the whole table anew while nobody can use it.
    ///
    /// An unlogged table is empty after a crash and is not replicated. Make a new table and move to it.
    ///
    /// ```sql fires postgres
    /// create table orders (id int);
    /// -- next migration
    /// alter table orders set unlogged;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create table orders (id int);
    /// -- next migration
    /// alter table orders set logged;
    /// ```
    "set-logged-unlogged", Error [TableRewrite, DataLoss] => Check::Change(check)
}

fn check(change: &Change, _: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::SetLogged { logged } = &change.kind else { return };
    let Some(table) = used(change) else { return };
    let already = table.before.as_ref().is_some_and(|table| table.complete && table.unlogged != *logged);
    if !already {
        let loses = if *logged { "" } else { "; after a crash it is empty" };
        findings
            .report(change, format!("nobody can read or write `{}` while it is written anew{loses}", table.name))
            .help("make a new table and move to it");
    }
}
