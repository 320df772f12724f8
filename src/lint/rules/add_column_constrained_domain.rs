use super::prelude::*;
use crate::schema::{ObjectName, mentions};
use crate::sql::ddl::ObjectKind;

rule! {
    /// A new column of a domain that checks its values makes the server write the whole table anew.
    ///
    /// Also when every row gets null. Use the domain's base type and a check that is `NOT VALID` at first.
    ///
    /// ```sql fires postgres
    /// create domain quantity as int check (value > 0);
    /// -- next migration
    /// alter table orders add column amount quantity;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create domain label as text;
    /// -- next migration
    /// alter table orders add column title label;
    /// ```
    "add-column-constrained-domain", Error [TableRewrite] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.grammar() != Grammar::Postgres {
        return;
    }
    let ChangeKind::AddColumn { column, .. } = &change.kind else { return };
    let (Some(table), Some(data_type)) = (used(change), &column.data_type) else { return };
    let named = |name: &ObjectName| name.to_string() == data_type.name || name.name == data_type.name;
    let domain = context.catalog.objects(ObjectKind::Domain).find(|(name, _)| named(name));
    let checks = |text: &str| mentions(text, "check") || mentions(text, "not");
    if domain.is_some_and(|(_, domain)| checks(&domain.text)) {
        findings
            .report(
                change,
                format!("nobody can read or write `{}` while it is written anew to check the domain", table.name),
            )
            .help("use the domain's base type, and a check that is NOT VALID at first");
    }
}
