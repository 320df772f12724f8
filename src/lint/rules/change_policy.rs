use super::prelude::*;
use crate::schema::Part;

rule! {
    /// A policy that changes, or a restrictive one that is added, hides rows from old code or refuses its writes.
    ///
    /// Add the wider policy first, and narrow it when no old code runs.
    ///
    /// ```sql fires postgres
    /// create policy only_own on orders as restrictive using (account_id > 0);
    /// ```
    ///
    /// ```sql fires postgres
    /// alter policy tenant on orders using (account_id > 0);
    /// ```
    ///
    /// ```sql quiet postgres
    /// create policy everybody on orders using (true);
    /// ```
    "change-policy", Warning [BreaksOldCode] => Check::Change(check)
}

fn check(change: &Change, _: &Context<'_>, findings: &mut Findings<'_>) {
    let name = match &change.kind {
        ChangeKind::AddPolicy { name, restrictive: true } | ChangeKind::AlterPolicy { name } => name,
        _ => return,
    };
    let known = change.table.as_ref().and_then(|table| table.before.as_ref());
    let is_new = |part: &Part| part.name == *name && part.origin != Origin::Deployed;
    if known.is_none_or(|table| table.in_use() && !table.more.policies.iter().any(is_new)) {
        findings
            .report(change, format!("`{name}` may hide rows from old code, or refuse its writes"))
            .help("add the wider policy first, and narrow it when no old code runs");
    }
}
