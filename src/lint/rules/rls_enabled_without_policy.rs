use super::prelude::*;
use crate::lint::policies::has_policy;
use crate::sql::ddl::RowSecurity;

rule! {
    /// Row security without a policy hides every row.
    ///
    /// The application gets no error, it finds nothing. Create the policies first, then enable row security, in one
    /// transaction.
    ///
    /// ```sql fires postgres
    /// alter table orders enable row level security;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create policy tenant on orders using (true);
    /// alter table orders enable row level security;
    /// ```
    ///
    /// It may come after, as long as nobody sees the table in between:
    ///
    /// ```sql quiet postgres
    /// create table users (id int);
    /// -- next migration
    /// alter table users enable row level security;
    /// create policy everything on users using (true);
    /// ```
    "rls-enabled-without-policy", Error [BreaksOldCode] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::RowSecurity(RowSecurity::Enable) = &change.kind else { return };
    let Some(table) = used(change) else { return };
    if !has_policy(change, context) {
        findings
            .report(change, format!("without a policy every role but the owner finds `{}` empty", table.name))
            .help("CREATE POLICY first, in the same transaction");
    }
}
