use super::prelude::*;

rule! {
    /// A column in the middle shifts those behind it for code that counts.
    ///
    /// `INSERT INTO t VALUES (…)` and rows that are read by position put values into the wrong columns. Add columns at the end.
    ///
    /// ```sql fires mysql mariadb
    /// alter table users add column region varchar(10) after name;
    /// ```
    ///
    /// ```sql quiet mysql mariadb
    /// alter table users add column region varchar(10);
    /// ```
    "positional-column-change", Warning [BreaksOldCode] => Check::Change(check)
}

fn check(change: &Change, _: &Context<'_>, findings: &mut Findings<'_>) {
    let (ChangeKind::AddColumn { position: Some(_), .. } | ChangeKind::ModifyColumn { position: Some(_), .. }) =
        &change.kind
    else {
        return;
    };
    if let Some(table) = used(change) {
        findings
            .report(change, format!("columns of `{}` move for code that counts them", table.name))
            .help("leave out FIRST or AFTER");
    }
}
