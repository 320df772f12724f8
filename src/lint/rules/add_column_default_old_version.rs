use super::prelude::*;

rule! {
    /// Before PostgreSQL 11 a new column with a default makes the server write the whole table anew.
    ///
    /// Nobody can read or write it meanwhile. Add the column, set its default, and fill the rows in batches.
    ///
    /// ```sql fires postgres@10
    /// alter table users add column plan text default 'free';
    /// ```
    ///
    /// ```sql quiet postgres@11
    /// alter table users add column plan text default 'free';
    /// ```
    "add-column-default-old-version", Error [TableRewrite] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.grammar() != Grammar::Postgres {
        return;
    }
    let ChangeKind::AddColumn { column, .. } = &change.kind else { return };
    let (Some(table), Some(default)) = (used(change), &column.default) else { return };
    if !context.server.since(11, 0, 0) && !default.eq_ignore_ascii_case("null") {
        findings
            .report(change, format!("nobody can read or write `{}` while it is written anew", table.name))
            .help("add the column, SET DEFAULT, then fill the rows in batches");
    }
}
