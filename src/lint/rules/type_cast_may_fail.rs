use super::prelude::*;
use crate::lint::types::is_text;
use crate::schema::mentions;

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
    let ChangeKind::ChangeType { column, from: Some(from), to, using } = &change.kind else { return };
    let Some(table) = used(change) else { return };
    if is_text(from) && !is_text(to) && context.grammar() != Grammar::Sqlite {
        // What is computed from other columns is theirs to bear.
        let computed = using.map(|span| span.of(context.text())).filter(|written| !mentions(written, column));
        let message = match computed {
            Some(written) => format!("fails if `{written}` is no {to} for one row of `{}`", table.name),
            None => format!("fails if one value of `{}.{column}` is no {to}", table.name),
        };
        findings.report(change, message).help("look for values that cannot be cast in production first");
    }
}
