use super::prelude::*;
use crate::sql::ddl::ActionKind;

rule! {
    /// A new value of an enum is the greatest, unless the statement says where it belongs.
    ///
    /// Values sort and compare by their place and not by their letters, and the place cannot be changed later. Write BEFORE or
    /// AFTER.
    ///
    /// ```sql fires postgres
    /// alter type mood add value 'so so';
    /// ```
    ///
    /// ```sql quiet postgres
    /// alter type mood add value 'so so' before 'glad';
    /// ```
    "enum-value-order", optional Info [Style] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::AddValue { value, .. } = &change.kind else { return };
    let places = |kind: &ActionKind| matches!(kind, ActionKind::AddValue { position: Some(_), .. });
    if !context.reading(change).actions().iter().any(|action| places(&action.kind)) {
        findings
            .report(change, format!("{value} sorts after all other values, for good"))
            .help("say where it belongs: BEFORE or AFTER a value");
    }
}
