use super::prelude::*;
use crate::sql::ddl::ConstraintKind;

rule! {
    /// A primary key over a column that accepts nulls makes the server read the whole table.
    ///
    /// Taking over a finished index is quick, but first every row is looked at for a null, while nobody can use the table. Set the
    /// columns `NOT NULL` before, with the help of a validated check.
    ///
    /// ```sql fires postgres
    /// create table orders (id bigint);
    /// create unique index orders_id on orders (id);
    /// -- next migration
    /// alter table orders add constraint orders_pkey primary key using index orders_id;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create table orders (id bigint not null);
    /// create unique index orders_id on orders (id);
    /// -- next migration
    /// alter table orders add constraint orders_pkey primary key using index orders_id;
    /// ```
    "primary-key-nullable-column", Warning [BlocksReadsOrWrites, DataDependentFailure] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.grammar() != Grammar::Postgres {
        return;
    }
    // Without an index to take over, building one is what counts.
    let ChangeKind::AddConstraint { constraint, using_index: Some(index) } = &change.kind else { return };
    let Some(table) = used(change).filter(|_| constraint.kind == ConstraintKind::PrimaryKey) else { return };
    let Some(known) = &table.before else { return };
    let grammar = context.grammar();
    let columns = known.index(index, grammar).map(|index| index.columns.as_slice()).unwrap_or_default();
    let refused =
        |name: &str| known.constraints.iter().any(|one| one.valid && one.enforced && one.requires(name, grammar));
    let nullable = columns
        .iter()
        .flatten()
        .find(|name| known.column(name, grammar).is_some_and(|column| !column.not_null && !refused(name)));
    if let Some(column) = nullable {
        findings
            .report(change, format!("all of `{}` is read for nulls in `{column}` while nobody can use it", table.name))
            .help("make the column NOT NULL in a migration before, with the help of a validated check");
    }
}
