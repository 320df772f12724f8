use super::prelude::*;
use crate::schema::mentions;
use crate::sql::ddl::ObjectKind;

rule! {
    /// A routine that names a column or table which is gone fails at its next call, not now.
    ///
    /// Bodies are kept as text and read when they run. Replace the routine in the same migration.
    ///
    /// ```sql fires postgres
    /// create table users (id int, nick text);
    /// create function who(i int) returns text language plpgsql as $$ begin return (select nick from users where id = i); end $$;
    /// -- next migration
    /// alter table users rename column nick to handle;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create table users (id int, nick text);
    /// create function who(i int) returns text language plpgsql as $$ begin return (select nick from users where id = i); end $$;
    /// -- next migration
    /// alter table users rename column nick to handle;
    /// create or replace function who(i int) returns text language plpgsql as $$ begin return (select handle from users where id = i); end $$;
    /// ```
    ///
    /// The old name may come back:
    ///
    /// ```sql quiet postgres
    /// create table users (id int, nick text);
    /// create function who(i int) returns text language plpgsql as $$ begin return (select nick from users where id = i); end $$;
    /// -- next migration
    /// alter table users rename column nick to handle;
    /// alter table users add column nick text generated always as (handle) stored;
    /// ```
    "stale-function-body", Warning [BreaksOldCode] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let Some(table) = used(change) else { return };
    let gone = match &change.kind {
        ChangeKind::DropColumn { name, .. } | ChangeKind::RenameColumn { from: name, .. } => name.as_str(),
        ChangeKind::DropTable { .. } | ChangeKind::RenameTable { .. } => table.name.name.as_str(),
        _ => return,
    };
    // What comes back under its name is still found.
    let is_column = matches!(change.kind, ChangeKind::DropColumn { .. } | ChangeKind::RenameColumn { .. });
    let again = |later: &Change| match &later.kind {
        _ if is_column => later.adds_column(gone, context.grammar()),
        ChangeKind::CreateTable { .. } => later.table.as_ref().is_some_and(|later| later.name == table.name),
        ChangeKind::CreateObject { kind: ObjectKind::View, name, .. } => *name == table.name,
        ChangeKind::RenameTable { to } => *to == table.name,
        _ => false,
    };
    if context.after(change).any(again) {
        return;
    }
    let stale =
        [ObjectKind::Function, ObjectKind::Procedure].into_iter().flat_map(|kind| context.catalog.objects(kind));
    let mut stale = stale.filter(|(_, routine)| {
        // A routine that also names the table, so that a column of another table is not meant.
        mentions(&routine.text, gone) && mentions(&routine.text, &table.name.name)
    });
    if let Some((routine, _)) = stale.next() {
        findings
            .report(change, format!("routine `{routine}` still names `{gone}` and fails at its next call"))
            .help("replace the routine in the same migration");
    }
}
