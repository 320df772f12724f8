use super::prelude::*;
use crate::sql::ddl::Verb;

rule! {
    /// Another owner changes who may alter an object, and whom row security lets pass.
    ///
    /// Later migrations fail if they run as the former owner, and policies do not hold for owners.
    ///
    /// ```sql fires postgres
    /// alter table orders owner to billing;
    /// ```
    ///
    /// ```sql fires postgres
    /// reassign owned by old_app to app;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create table orders (id int);
    /// alter table orders owner to billing;
    /// ```
    "change-owner", Info [BreaksOldCode] => Check::Migration(check)
}

/// Said once: whoever gives one object away mostly gives several.
fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    let gives_away = |change: &&Change| match &change.kind {
        ChangeKind::Owner => used(change).is_some(),
        ChangeKind::AlterObject { before, .. } => {
            let words = change.span.of(context.text()).get(..8);
            deployed(before.as_ref()) && words.is_some_and(|words| words.eq_ignore_ascii_case("owner to"))
        }
        _ => false,
    };
    let reassigns = context.statements().find(|(_, _, heading)| heading.verb == Verb::Reassign);
    let place = match (context.script.changes.iter().find(gives_away), reassigns) {
        (Some(change), _) => (change.statement, change.span),
        (None, Some((number, statement, _))) => (number, statement.span),
        (None, None) => return,
    };
    findings
        .report_at(Some(place.0), place.1, "what may alter this, and whom policies let pass, changes with the owner")
        .help("make sure that migrations run as a member of the new owner");
}
