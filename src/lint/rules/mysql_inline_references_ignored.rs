use super::prelude::*;
use crate::sql::ddl::{ActionKind, ColumnDefinition, Detail};

rule! {
    /// Before version 9.0 MySQL reads REFERENCES beside a column and ignores it.
    ///
    /// No foreign key comes to be, and no error says so. Write `FOREIGN KEY (…) REFERENCES …` as a constraint of the table.
    ///
    /// ```sql fires mysql
    /// alter table posts add column editor_id int references users (id);
    /// ```
    ///
    /// ```sql quiet mariadb mysql@9.0
    /// alter table posts add column editor_id int references users (id);
    /// ```
    "mysql-inline-references-ignored", Warning [DataDependentFailure] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.grammar() != Grammar::MySql || context.server.since(9, 0, 0) {
        return;
    }
    let inline = context.reading(change);
    let columns: Vec<&ColumnDefinition> = match (&change.kind, &inline.detail) {
        (ChangeKind::CreateTable { .. }, Detail::Table(table)) => table.columns.iter().collect(),
        (ChangeKind::AddColumn { .. }, _) => {
            let added = inline.actions().iter().filter(|action| action.span == change.span);
            added
                .filter_map(|action| match &action.kind {
                    ActionKind::AddColumn { column, .. } => Some(column),
                    _ => None,
                })
                .collect()
        }
        _ => return,
    };
    if let Some(column) = columns.into_iter().find(|column| column.references().is_some()) {
        findings
            .report(change, format!("the server ignores REFERENCES of `{}`, and there is no foreign key", column.name))
            .help("write it as a constraint of the table: FOREIGN KEY (…) REFERENCES …");
    }
}
