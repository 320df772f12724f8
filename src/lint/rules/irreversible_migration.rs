use super::prelude::*;
use crate::lint::Side;
use crate::lint::types::narrows;
use crate::migration::Directive;

rule! {
    /// A migration that removes something has no way back when there is no down script.
    ///
    /// After a bad release the schema can then only be restored from a backup. Write the down script, or say why there is
    /// none: `-- migrate:down irreversible: reason`.
    ///
    /// ```sql fires
    /// create table users (id int primary key, nick varchar(20));
    /// -- next migration
    /// alter table users drop column nick;
    /// ```
    ///
    /// ```sql quiet
    /// create table users (id int primary key);
    /// -- next migration
    /// alter table users add column nick varchar(20);
    /// ```
    ///
    /// What is made again was replaced:
    ///
    /// ```sql quiet postgres
    /// create function price(net numeric) returns numeric language sql as 'select net * 1.19';
    /// -- next migration
    /// drop function price(numeric);
    /// create function price(net numeric) returns numeric language sql as 'select net * 1.2';
    /// ```
    ///
    /// ```sql quiet
    /// create table users (id int primary key, nick varchar(20));
    /// -- next migration
    /// -- migrate:down irreversible: the nicknames were deleted on request
    /// alter table users drop column nick;
    /// ```
    "irreversible-migration", optional Info [BreaksNewCodeOnRollback] => Check::Migration(check)
}

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.side == Side::Down {
        return;
    }
    let migration = context.migration();
    let undone = migration.down.as_ref().is_some_and(|down| {
        crate::sql::split(&down.text, context.lexis).map_or(true, |statements| !statements.is_empty())
    });
    let explained = context.directives.all.iter().any(|(_, one)| matches!(one, Directive::DownIrreversible(_)));
    if undone || explained || migration.repeats().is_some() {
        return;
    }
    if let Some(change) = context.script.changes.iter().find(|change| removes(change) && !comes_back(change, context)) {
        findings
            .report(change, "this cannot be undone: the migration has no down script")
            .help("write the down script, or the reason for none: -- migrate:down irreversible: reason");
    }
}

/// Whether something is less afterwards that was there before.
fn removes(change: &Change) -> bool {
    match &change.kind {
        ChangeKind::DropTable { .. }
        | ChangeKind::DropColumn { .. }
        | ChangeKind::Truncate { .. }
        | ChangeKind::Delete { .. } => used(change).is_some(),
        ChangeKind::ChangeType { from: Some(from), to, .. } => used(change).is_some() && narrows(from, to),
        ChangeKind::DropObject { before, .. } => deployed(before.as_ref()),
        _ => false,
    }
}
