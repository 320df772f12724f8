use super::prelude::*;

rule! {
    /// Connections that have prepared a query fail once when its columns change.
    ///
    /// `cached plan must not change result type` is what PostgreSQL answers when a column gets another type, be it only a longer
    /// `varchar`, and to `SELECT *` also when a column comes or goes. Recycle the pools after the migration, or let the driver
    /// prepare the query again; in a transaction it cannot.
    ///
    /// ```sql fires postgres
    /// create table users (id int, nick varchar(20));
    /// -- next migration
    /// alter table users alter column nick type varchar(50);
    /// ```
    ///
    /// ```sql quiet postgres
    /// create table users (id int, nick varchar(20));
    /// -- next migration
    /// alter table users alter column nick set default '';
    /// ```
    "invalidates-prepared-statements", Info [BreaksOldCode] => Check::Migration(check)
}

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.grammar() != Grammar::Postgres {
        return;
    }
    let changes = || context.script.changes.iter().filter(|change| used(change).is_some());
    let retypes =
        |change: &&Change| matches!(&change.kind, ChangeKind::ChangeType { from, to, .. } if from.as_ref() != Some(to));
    let widens = |change: &&Change| matches!(change.kind, ChangeKind::AddColumn { .. } | ChangeKind::DropColumn { .. });
    // It is said once, of the change that hits most queries.
    let (change, which) = match (changes().find(retypes), changes().find(widens)) {
        (Some(change), _) => (change, "queries of"),
        (None, Some(change)) => (change, "`SELECT *` from"),
        (None, None) => return,
    };
    if let Some(table) = used(change) {
        findings
            .report(change, format!("{which} `{}` fail once on connections that have prepared them", table.name))
            .help("recycle the connection pools after the migration, or let the driver prepare again");
    }
}
