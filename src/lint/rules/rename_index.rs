use super::prelude::*;

rule! {
    /// Renaming an index breaks the few queries that name it.
    ///
    /// Those are index hints, such as MySQL's `FORCE INDEX`, and PostgreSQL's `ON CONFLICT ON CONSTRAINT` where the index is
    /// that of a constraint. Nothing else looks it up by name.
    ///
    /// ```sql fires postgres
    /// create table orders (id int);
    /// create index orders_a on orders (id);
    /// -- next migration
    /// alter index orders_a rename to orders_b;
    /// ```
    ///
    /// ```sql fires mysql mariadb
    /// alter table orders rename index orders_a to orders_b;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create table orders (id int);
    /// create index orders_a on orders (id);
    /// alter index orders_a rename to orders_b;
    /// ```
    "rename-index", Info [BreaksOldCode] => Check::Change(check)
}

fn check(change: &Change, _: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::RenameIndex { from, to } = &change.kind else { return };
    if change.table.as_ref().is_none_or(|table| table.in_use()) {
        findings
            .report(change, format!("a query that names the index `{from}` must name `{to}` from now on"))
            .help("look for index hints with the old name");
    }
}
