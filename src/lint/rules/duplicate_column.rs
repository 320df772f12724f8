use std::collections::HashSet;

use super::prelude::*;
use crate::sql::ddl::lower;

rule! {
    /// A column that is named twice makes the statement fail.
    ///
    /// ```sql fires
    /// create table users (id int, name text, name text);
    /// ```
    ///
    /// ```sql fires postgres mysql mariadb
    /// create table users (id int);
    /// -- next migration
    /// insert into users (id, id) values (1, 2);
    /// ```
    ///
    /// ```sql fires postgres
    /// update users set name = 'a', name = 'b' where id = 1;
    /// ```
    ///
    /// ```sql quiet
    /// create table users (id int, name text);
    /// ```
    "duplicate-column", Error [DataDependentFailure] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let grammar = context.grammar();
    let names: Vec<&str> = match &change.kind {
        ChangeKind::CreateTable { table, exists: false, .. } => {
            table.columns.iter().map(|one| one.name.as_str()).collect()
        }
        // The others take the last value, or the first.
        ChangeKind::Insert { columns, .. } if grammar != Grammar::Sqlite => {
            columns.iter().map(EcoString::as_str).collect()
        }
        ChangeKind::Update { columns, .. } if grammar == Grammar::Postgres => {
            columns.iter().map(EcoString::as_str).collect()
        }
        _ => return,
    };
    let mut seen = HashSet::new();
    let folded = |name: &str| if grammar == Grammar::Postgres { EcoString::from(name) } else { lower(name) };
    if let Some(name) = names.into_iter().find(|name| !seen.insert(folded(name))) {
        findings.report(change, format!("the server refuses: `{name}` is named twice")).help("name it once");
    }
}
