use super::prelude::*;
use crate::lint::sequences::numbers_new_table;
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
            *cascade && change.table.as_ref().is_none_or(|table| table.before.is_none() || table.in_use())
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
        findings
            .report(change, "everything that depends on it is dropped too, unnamed")
            .help("drop each dependent object in a statement of its own, without CASCADE");
    }
}
