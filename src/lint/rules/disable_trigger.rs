use super::prelude::*;
use crate::sql::ddl::Switch;

rule! {
    /// A disabled trigger does not run for the old code either.
    ///
    /// Foreign keys are triggers too: with `ALL` nothing checks them meanwhile.
    ///
    /// ```sql fires postgres
    /// alter table orders disable trigger all;
    /// ```
    ///
    /// ```sql quiet postgres
    /// alter table orders disable trigger audit;
    /// alter table orders enable trigger audit;
    /// ```
    "disable-trigger", Warning [BlocksReadsOrWrites, BreaksOldCode] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::SwitchTrigger(Switch::Disable) = &change.kind else { return };
    let Some(table) = used(change) else { return };
    let enabled = context.after(change).any(|later| {
        let same = used(later).is_some_and(|later| later.name == table.name);
        same && matches!(&later.kind, ChangeKind::SwitchTrigger(switch) if *switch != Switch::Disable)
    });
    if !enabled {
        findings
            .report(
                change,
                format!("what the triggers of `{}` check or record is skipped, for old code as well", table.name),
            )
            .help("leave the triggers on, and write in batches");
    }
}
