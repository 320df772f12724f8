use super::prelude::*;

rule! {
    /// With `INHERIT` and `NO INHERIT` queries of the parent gain or lose rows.
    ///
    /// Nothing says so to the code that reads the parent. Use partitions, which are attached and detached.
    ///
    /// ```sql fires postgres
    /// alter table orders_old no inherit orders;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create table orders_new (like orders);
    /// alter table orders_new inherit orders;
    /// ```
    "change-inheritance", Warning [BreaksOldCode] => Check::Change(check)
}

fn check(change: &Change, _: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::Inheritance = &change.kind else { return };
    if let Some(table) = used(change) {
        findings
            .report(change, format!("queries of its parent gain or lose the rows of `{}`", table.name))
            .help("use partitions, which are attached and detached");
    }
}
