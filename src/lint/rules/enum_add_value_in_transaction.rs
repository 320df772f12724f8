use super::prelude::*;

rule! {
    /// PostgreSQL before 12 adds no label to an enum inside a transaction.
    ///
    /// Put the statement into a file of its own that runs outside a transaction. Newer servers allow it.
    ///
    /// ```sql fires postgres@11
    /// create table moods (id int);
    /// alter type mood add value 'happy';
    /// ```
    ///
    /// ```sql quiet postgres@12
    /// create table moods (id int);
    /// alter type mood add value 'happy';
    /// ```
    "enum-add-value-in-transaction", Error [TransactionMode] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::AddValue { kind, before, .. } = &change.kind else { return };
    let alone = context.statements().count() == 1;
    if !context.server.since(12, 0, 0) && context.one_transaction() && !alone && deployed(before.as_ref()) {
        findings
            .report(change, format!("the server refuses to add a label to `{kind}` inside a transaction"))
            .help(format!("put it into a file of its own, and there {}", context.judged_script().way_outside));
    }
}
