use super::prelude::*;
use crate::schema::Part;

rule! {
    /// Dropping a trigger ends what old code relies on.
    ///
    /// A trigger that keeps two columns in step during a rollout, fills a column or writes an audit trail is part of what
    /// the old version needs. Drop it when that version is gone.
    ///
    /// ```sql fires postgres
    /// drop trigger audit on users;
    /// ```
    ///
    /// ```sql quiet postgres
    /// drop trigger audit on users;
    /// create trigger audit before update on users for each row execute function audit();
    /// ```
    "drop-trigger", Warning [BreaksOldCode] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::DropTrigger { name } = &change.kind else { return };
    let table = change.table.as_ref().and_then(|table| table.before.as_ref());
    let ours = table.is_some_and(|table| {
        let made = |part: &Part| part.name == *name && part.origin != Origin::Deployed;
        !table.in_use() || table.more.triggers.iter().any(made)
    });
    let made_again = context.after(change).any(|later| match &later.kind {
        ChangeKind::AddTrigger { name: again } => again == name && !context.grammar().is_mysql(),
        _ => false,
    });
    if !ours && !made_again && !table_goes(change, context) {
        findings
            .report(change, format!("trigger `{name}` ends while old code may rely on what it does"))
            .help("drop it in a later migration, when no old code runs any more");
    }
}
