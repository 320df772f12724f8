use super::prelude::*;

rule! {
    /// A value that is added to an enum cannot be used before its transaction is committed.
    ///
    /// The server refuses with "unsafe use of new value". Use it in the next migration. A type that was created in the same
    /// transaction knows no such limit.
    ///
    /// ```sql fires postgres
    /// alter type mood add value 'meh';
    /// alter table users add column mood mood default 'meh';
    /// ```
    ///
    /// ```sql quiet postgres
    /// alter type mood add value 'meh';
    /// -- next migration
    /// alter table users add column mood mood default 'meh';
    /// ```
    ///
    /// ```sql quiet postgres
    /// create type mood as enum ('ok');
    /// alter type mood add value 'meh';
    /// create table users (mood mood default 'meh');
    /// ```
    "enum-value-used-same-transaction", Error [DataDependentFailure, TransactionMode] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::AddValue { value, before, kind } = &change.kind else { return };
    if !deployed(before.as_ref()) || !context.one_transaction() {
        return;
    }
    let later = context.statements().skip(change.statement + 1);
    if let Some((number, statement, _)) =
        later.into_iter().find(|(_, it, _)| it.of(context.text()).contains(value.as_str()))
    {
        findings
            .report_at(
                Some(number),
                statement.span,
                format!("{value} was added to `{kind}` above, and is not usable before that is committed"),
            )
            .help("use it in the next migration");
    }
}
