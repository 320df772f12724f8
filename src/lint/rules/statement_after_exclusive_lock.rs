use super::prelude::*;
use crate::lint::locks::locks_everything;
use crate::sql::ddl::Verb;

rule! {
    /// What follows an exclusive lock in the same transaction makes it last longer.
    ///
    /// Nobody can use the table until the transaction ends, so everything slow that comes after belongs into a file of its own.
    ///
    /// ```sql fires postgres
    /// alter table orders add column tag text;
    /// refresh materialized view totals;
    /// ```
    ///
    /// ```sql quiet postgres
    /// alter table orders add column tag text;
    /// alter table orders alter column tag set default 'none';
    /// ```
    "statement-after-exclusive-lock", Info [BlocksReadsOrWrites] => Check::Migration(check)
}

/// Said once. Writes of many rows and validations have rules of their own.
fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.grammar() != Grammar::Postgres || !context.one_transaction() {
        return;
    }
    let locks = context.script.changes.iter().find_map(|change| Some((change.statement, locks_everything(change)?)));
    let Some((first, locked)) = locks else { return };
    let slow = context.statements().skip(first + 1).find(|(number, _, heading)| {
        let builds = |change: &Change| {
            let index = matches!(change.kind, ChangeKind::CreateIndex { concurrently: false, .. });
            index && used(change).is_some()
        };
        matches!(heading.verb, Verb::Refresh | Verb::Copy | Verb::Reindex | Verb::Cluster)
            || context.of_statement(*number).iter().any(builds)
    });
    if let Some((number, statement, _)) = slow {
        findings
            .report_at(
                Some(number),
                statement.span,
                format!("nobody can use `{}` until this is done, too", locked.name),
            )
            .help("put it into a migration of its own");
    }
}
