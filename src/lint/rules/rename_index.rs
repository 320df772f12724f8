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

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::RenameIndex { from, to } = &change.kind else { return };
    if change.table.as_ref().is_none_or(|table| table.in_use()) {
        // PostgreSQL's queries name no index, but its errors do.
        let (message, help) = match context.grammar() {
            Grammar::Postgres => (
                format!("code that knows the index as `{from}` meets `{to}` from now on"),
                "look for error handling with the old name",
            ),
            _ => (
                format!("a query that names the index `{from}` must name `{to}` from now on"),
                "look for index hints with the old name",
            ),
        };
        findings.report(change, message).help(help);
    }
}
