use super::prelude::*;
use crate::lint::policies::has_policy;
use crate::sql::ddl::RowSecurity;

rule! {
    /// With row security deployed code finds only the rows that policies let through.
    ///
    /// Code that does not set what the policies ask for, such as a tenant, finds none. Begin with a policy that lets all rows
    /// through, and tighten it when all code is ready.
    ///
    /// ```sql fires postgres
    /// create table orders (id int, tenant int);
    /// create policy own on orders using (tenant = current_setting('app.tenant')::int);
    /// -- next migration
    /// alter table orders enable row level security;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create table orders (id int, tenant int);
    /// create policy own on orders using (tenant = 1);
    /// alter table orders enable row level security;
    /// ```
    "enable-rls", Info [BreaksOldCode] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let Some(table) = used(change) else { return };
    // Without any policy it is worse, and a policy that narrows is one that changes: other rules say so.
    let fires = match &change.kind {
        ChangeKind::RowSecurity(RowSecurity::Enable) => has_policy(change, context),
        ChangeKind::RowSecurity(RowSecurity::Force) => true,
        _ => false,
    };
    if fires {
        findings
            .report(
                change,
                format!("deployed code finds only those rows of `{}` that policies let through", table.name),
            )
            .help("begin with a policy that lets all rows through");
    }
}
