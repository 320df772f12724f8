use super::prelude::*;

rule! {
    /// TRUNCATE CASCADE also empties tables that nobody listed.
    ///
    /// Every table with a foreign key to this one, and every table with one to those, loses all its rows. List the tables.
    ///
    /// ```sql fires postgres
    /// truncate users cascade;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create table scratch (id int);
    /// truncate scratch;
    /// ```
    "truncate-cascade", Error [DataLoss] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::Truncate { cascade: true } = &change.kind else { return };
    let Some(table) = used(change) else { return };
    let victims: Vec<String> =
        context.catalog.referencing(&table.name).map(|table| format!("`{}`", table.name)).collect();
    let others = if victims.is_empty() { "every table that refers to it".to_owned() } else { victims.join(", ") };
    findings
        .report(change, format!("all rows of `{}` are deleted, and those of {others}", table.name))
        .help("list the tables, without CASCADE");
}
