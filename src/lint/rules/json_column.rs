use super::prelude::*;
use crate::schema::Column;
use crate::schema::Shared;

rule! {
    /// A column of type json makes DISTINCT, UNION and GROUP BY fail on its table.
    ///
    /// The type has no equality, so existing queries over all columns break. Use `jsonb`.
    ///
    /// ```sql fires postgres
    /// alter table users add column prefs json;
    /// ```
    ///
    /// ```sql quiet postgres
    /// alter table users add column prefs jsonb;
    /// ```
    "json-column", Warning [BreaksOldCode, Style] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.grammar() != Grammar::Postgres {
        return;
    }
    let added = match &change.kind {
        ChangeKind::AddColumn { column, .. } if used(change).is_some() => std::slice::from_ref(column),
        ChangeKind::CreateTable { table, exists: false, .. } => table.columns.as_slice(),
        _ => return,
    };
    let is_json =
        |column: &&Shared<Column>| column.data_type.as_ref().is_some_and(|data_type| data_type.name == "json");
    if let Some(column) = added.iter().find(is_json) {
        findings
            .report(change, format!("`{}` cannot be compared, so DISTINCT and UNION over it fail", column.name))
            .help("use jsonb");
    }
}
