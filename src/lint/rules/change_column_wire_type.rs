use super::prelude::*;
use crate::lint::types::decoded_as;

rule! {
    /// Code that knows the old type of a column cannot decode the new one.
    ///
    /// Statically typed clients ask for an `INT4` and get an `INT8`, and fail. Add a column of the new type and move the code
    /// to it, or ship code that reads both.
    ///
    /// ```sql fires postgres
    /// create table users (id int);
    /// -- next migration
    /// alter table users alter column id type bigint;
    /// ```
    ///
    /// ```sql fires mysql mariadb
    /// create table users (id int);
    /// -- next migration
    /// alter table users modify id bigint;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create table users (nick varchar(20));
    /// -- next migration
    /// alter table users alter column nick type text;
    /// ```
    "change-column-wire-type", Warning [BreaksOldCode] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::ChangeType { column, from: Some(from), to, .. } = &change.kind else { return };
    let Some(table) = used(change) else { return };
    // SQLite's types belong to values, not to columns.
    if decoded_as(from) != decoded_as(to) && context.grammar() != Grammar::Sqlite {
        findings
            .report(change, format!("old code decodes `{}.{column}` as {from}, and gets {to}", table.name))
            .help("add a column of the new type and move the code to it");
    }
}
