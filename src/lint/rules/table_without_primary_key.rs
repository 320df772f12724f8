use super::prelude::*;
use crate::schema::{ObjectName, mentions};
use crate::sql::ddl::{ConstraintKind, Detail, ObjectKind};

rule! {
    /// A table without a primary key cannot be replicated row by row.
    ///
    /// Logical replication, online schema change tools and batched backfills find their rows by it. Give every table one.
    ///
    /// ```sql fires
    /// create table visits (user_id int, page varchar(200));
    /// ```
    ///
    /// ```sql quiet
    /// create table visits (id bigint primary key, page varchar(200));
    /// ```
    ///
    /// ```sql quiet postgres mysql mariadb
    /// create table visits (id bigint, page varchar(200));
    /// alter table visits add primary key (id);
    /// ```
    ///
    /// ```sql quiet
    /// create temporary table visits (user_id int);
    /// ```
    ///
    /// ```sql quiet postgres
    /// create table visits_2026 partition of visits for values in (2026);
    /// create table archive (like visits including all);
    /// ```
    "table-without-primary-key", optional Warning [Style] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::CreateTable { table, exists: false, .. } = &change.kind else { return };
    let (reading, grammar) = (context.reading(change), context.grammar());
    let Detail::Table(written) = &reading.detail else { return };
    let inherited = written
        .like
        .iter()
        .any(|_| grammar != Grammar::Postgres || mentions(reading.span.of(context.text()), "including"));
    let elsewhere = table.more.partition_of.is_some() || written.of_type.is_some() || inherited;
    if table.temporary || table.kind != ObjectKind::Table || reading.flags.virtual_table || elsewhere {
        return;
    }
    // Dropped again: then it is no table.
    let Some(after) = context.catalog.table(&last_name(change, context, &table.name)) else { return };
    if !after.constraints.iter().any(|one| one.kind == ConstraintKind::PrimaryKey) {
        findings
            .report(change, format!("`{}` has no primary key", table.name))
            .help("add a column such as `id bigint`, and make it the primary key");
    }
}

/// What the table is called at the end of the migration.
fn last_name(change: &Change, context: &Context<'_>, first: &ObjectName) -> ObjectName {
    let (mut name, mut since) = (first.clone(), change.statement);
    loop {
        let renamed = context.about(&name).find_map(|later| match (&later.kind, &later.table) {
            (ChangeKind::RenameTable { to }, Some(table)) if table.name == name && later.statement > since => {
                Some((to.clone(), later.statement))
            }
            _ => None,
        });
        match renamed {
            Some((to, statement)) => (name, since) = (to, statement),
            None => return name,
        }
    }
}
