use super::prelude::*;

rule! {
    /// Another expression of a stored generated column writes the whole table anew.
    ///
    /// Nobody can use the table meanwhile; MySQL and MariaDB copy it. A new column beside the old one is the way out; one that is
    /// not stored costs nothing on PostgreSQL.
    ///
    /// ```sql fires postgres@17
    /// create table orders (total numeric, gross numeric generated always as (total * 1.19) stored);
    /// -- next migration
    /// alter table orders alter column gross set expression as (total * 1.2);
    /// ```
    ///
    /// ```sql fires mysql mariadb
    /// create table orders (total int, gross int generated always as (total * 2) stored);
    /// -- next migration
    /// alter table orders modify gross int generated always as (total * 3) stored;
    /// ```
    ///
    /// ```sql quiet postgres@18
    /// create table orders (total numeric, gross numeric generated always as (total * 1.19) virtual);
    /// -- next migration
    /// alter table orders alter column gross set expression as (total * 1.2);
    /// ```
    "change-generated-expression", Error [TableRewrite] => Check::Change(check)
}

fn check(change: &Change, _: &Context<'_>, findings: &mut Findings<'_>) {
    let column = match &change.kind {
        ChangeKind::SetExpression { column, old } => {
            let virtual_ = old.as_ref().and_then(|old| old.more.generated.as_ref()).is_some_and(|of| !of.stored);
            (!virtual_).then_some(column)
        }
        ChangeKind::ModifyColumn { old: Some(old), new, .. } => match (&old.more.generated, &new.more.generated) {
            (Some(was), Some(is)) => (was.stored && is.stored && was != is).then_some(&new.name),
            _ => None,
        },
        _ => None,
    };
    if let (Some(column), Some(table)) = (column, used(change)) {
        findings
            .report(
                change,
                format!("all rows of `{}` are written anew for `{column}`, and nobody can use it", table.name),
            )
            .help("add a new generated column, move code to it, and drop the old one");
    }
}
