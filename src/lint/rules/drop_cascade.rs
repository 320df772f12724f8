use super::prelude::*;
use crate::lint::sequences::numbers_new_table;
use crate::schema::TableRef;
use crate::sql::ddl::ObjectKind;

rule! {
    /// CASCADE also drops what nobody listed.
    ///
    /// What depends on an object differs between environments: a view, a foreign key or a column that only production has
    /// goes without a word. Name each dependent object in a statement of its own.
    ///
    /// ```sql fires postgres
    /// drop table users cascade;
    /// ```
    ///
    /// ```sql fires postgres
    /// alter table users drop constraint users_pkey cascade;
    /// ```
    ///
    /// ```sql quiet postgres
    /// drop table users restrict;
    /// ```
    ///
    /// A table that no migration made before, and this one makes below, is not there but where this ran already:
    ///
    /// ```sql quiet postgres
    /// drop table if exists parcels cascade;
    /// create table parcels (id int primary key);
    /// ```
    ///
    /// MySQL reads the word and ignores it:
    ///
    /// ```sql quiet mysql mariadb
    /// drop table users cascade;
    /// ```
    "drop-cascade", Error [DataLoss, BreaksOldCode] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let cascades = match &change.kind {
        ChangeKind::DropTable { cascade } => {
            let dropped = |table: &TableRef| match table.before {
                Some(_) => table.in_use(),
                None => !clears_the_way(table, change, context),
            };
            *cascade && change.table.as_ref().is_none_or(dropped)
        }
        ChangeKind::DropColumn { cascade, .. } | ChangeKind::DropConstraint { cascade, .. } => {
            *cascade && used(change).is_some()
        }
        // `DROP OWNED` names nothing that it drops.
        ChangeKind::DropObject { kind: ObjectKind::Owned, .. } => true,
        ChangeKind::DropObject { kind: ObjectKind::Sequence, name, .. } if numbers_new_table(&name.name, context) => {
            false
        }
        ChangeKind::DropObject { cascade, before, .. } => *cascade && deployed(before.as_ref()),
        _ => return,
    };
    // A list of objects has one CASCADE; each action of an ALTER has its own.
    let said =
        context.beside(change).take_while(|other| !std::ptr::eq(*other, change)).any(|other| other.span == change.span);
    if cascades && !said && context.grammar() == Grammar::Postgres {
        let finding = findings.report(change, "everything that depends on it is dropped too, unnamed");
        finding.help("drop each dependent object in a statement of its own, without CASCADE");
        doubt(finding, change, context);
    }
}

/// Whether a table that no migration made is dropped, should it be there, so that it can be made below.
fn clears_the_way(table: &TableRef, change: &Change, context: &Context<'_>) -> bool {
    let makes = |later: &Change| {
        let same = later.table.as_ref().is_some_and(|later| later.name == table.name);
        same && matches!(later.kind, ChangeKind::CreateTable { .. })
    };
    context.heading(change).flags.if_exists && context.after(change).any(makes)
}
