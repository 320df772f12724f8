use super::prelude::*;
use crate::sql::Effect;

rule! {
    /// A schema change commits what was written before it, so this file cannot be undone as a whole.
    ///
    /// When a statement fails, what stands above it stays. Put schema changes and writes into files of their own.
    ///
    /// ```sql fires mysql mariadb
    /// alter table users add column region int;
    /// update users set region = 1 where id = 1;
    /// ```
    ///
    /// ```sql quiet mysql mariadb
    /// create table settings (id int primary key, v int);
    /// insert into settings (id, v) values (1, 2);
    /// ```
    "mysql-mixed-ddl-dml", Warning [TransactionMode, DataDependentFailure] => Check::Migration(check)
}

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    if !context.grammar().is_mysql() {
        return;
    }
    let writes = |change: &&Change| {
        let kind =
            matches!(change.kind, ChangeKind::Insert { .. } | ChangeKind::Update { .. } | ChangeKind::Delete { .. });
        kind && used(change).is_some()
    };
    let commits = context.effects().contains(&Effect::ImplicitCommit);
    if let Some(write) = context.script.changes.iter().find(writes).filter(|_| commits) {
        findings
            .report(write, "the schema change in this file commits by itself, so the two are not undone together")
            .help("put schema changes and writes into files of their own");
    }
}
