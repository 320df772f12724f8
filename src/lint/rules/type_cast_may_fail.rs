use super::prelude::*;
use crate::lint::types::is_text;

rule! {
    /// One text that is no number, date or identifier stops the whole change.
    ///
    /// It stops late, after the table was locked and partly written. Look for such texts first.
    ///
    /// ```sql fires postgres
    /// create table users (note text);
    /// -- next migration
    /// alter table users alter column note type int using note::int;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create table users (id int);
    /// -- next migration
    /// alter table users alter column id type text;
    /// ```
    "type-cast-may-fail", Warning [DataDependentFailure] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::ChangeType { column, from: Some(from), to, .. } = &change.kind else { return };
    let Some(table) = used(change) else { return };
    if is_text(from) && !is_text(to) && context.grammar() != Grammar::Sqlite {
        findings
            .report(change, format!("fails if one value of `{}.{column}` is no {to}", table.name))
            .help("look for values that cannot be cast in production first");
    }
}
