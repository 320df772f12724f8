use super::prelude::*;
use crate::schema::Part;
use crate::sql::ddl::RowSecurity;

rule! {
    /// Dropping a policy hides rows from old code, and ending row security shows them to everybody.
    ///
    /// Without a permissive policy every row is hidden; without row security every role sees the rows of all tenants. Add
    /// the new policy first, then drop the old one, in one transaction.
    ///
    /// ```sql fires postgres
    /// drop policy tenant on orders;
    /// ```
    ///
    /// ```sql fires postgres
    /// alter table orders disable row level security;
    /// ```
    ///
    /// ```sql quiet postgres
    /// drop policy tenant on orders;
    /// create policy tenant on orders using (true);
    /// ```
    "drop-policy", Warning [BreaksOldCode] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let message = match (&change.kind, &change.table) {
        (ChangeKind::DropPolicy { name }, Some(table)) => {
            let known = table.before.as_ref();
            let ours = known.is_some_and(|table| {
                let made = |part: &Part| part.name == *name && part.origin != Origin::Deployed;
                !table.in_use() || table.more.policies.iter().any(made)
            });
            let again =
                |later: &Change| matches!(&later.kind, ChangeKind::AddPolicy { name: again, .. } if again == name);
            if ours || context.after(change).any(again) || table_goes(change, context) {
                return;
            }
            format!("without policy `{name}` old code may see fewer rows of `{}`, or none", table.name)
        }
        (ChangeKind::RowSecurity(RowSecurity::Disable | RowSecurity::NoForce), Some(table)) if table.in_use() => {
            format!("every role that may read `{}` sees all its rows", table.name)
        }
        _ => return,
    };
    findings.report(change, message).help("add the policy that replaces it first, in the same transaction");
}
