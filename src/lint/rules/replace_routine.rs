use super::prelude::*;
use crate::schema::Object;
use crate::sql::ddl::ObjectKind;

rule! {
    /// A routine, view or trigger that is replaced changes what old code does at the migration, not at its rollout.
    ///
    /// Nothing fails, it only behaves differently. Keep what old code relies on, or create another one under a new name.
    ///
    /// ```sql fires postgres
    /// create function price(net numeric) returns numeric language sql as 'select net * 1.19';
    /// -- next migration
    /// create or replace function price(net numeric) returns numeric language sql as 'select net * 1.2';
    /// ```
    ///
    /// ```sql fires postgres mysql mariadb
    /// create view active as select id from users where deleted = 0;
    /// -- next migration
    /// create or replace view active as select id from users where deleted = 0 and locked = 0;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create function price(net numeric) returns numeric language sql as 'select net * 1.19';
    /// -- next migration
    /// create or replace function price(net numeric) returns numeric language sql as 'select net * 1.19';
    /// ```
    ///
    /// ```sql quiet postgres mysql mariadb
    /// create or replace view active as select id from users where deleted = 0;
    /// ```
    "replace-routine", optional Info [BreaksOldCode] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let replaced = match &change.kind {
        ChangeKind::CreateObject { kind, replace, before, name, .. } if is_code(*kind) => {
            let dropped = || {
                context.before(change).find_map(|earlier| match &earlier.kind {
                    ChangeKind::DropObject { kind: of, name: gone, before, .. } if of == kind && gone == name => {
                        before.as_ref()
                    }
                    _ => None,
                })
            };
            let old = before.as_ref().filter(|_| *replace).or_else(dropped);
            old.is_some_and(|old| old.origin == Origin::Deployed && differs(old, *kind, change, context))
        }
        ChangeKind::AddTrigger { name } => {
            let is_it = |part: &crate::schema::Part| part.name == *name && part.origin == Origin::Deployed;
            let table = change.table.as_ref().and_then(|table| table.before.as_ref());
            context.heading(change).flags.or_replace && table.is_some_and(|table| table.more.triggers.iter().any(is_it))
        }
        _ => return,
    };
    if replaced {
        findings
            .report(change, "old code gets the new behaviour as soon as this has run")
            .help("keep what old code relies on, or create another one under a new name");
    }
}

fn is_code(kind: ObjectKind) -> bool {
    use ObjectKind::{Function, MaterializedView, Package, Procedure, View};
    matches!(kind, Function | Procedure | Package | View | MaterializedView)
}

/// Whether the text is another one now, blanks aside.
fn differs(old: &Object, kind: ObjectKind, change: &Change, context: &Context<'_>) -> bool {
    let Some(written) = context.reading(change).names.first() else { return true };
    let Some(new) = context.catalog.object(kind, written) else { return true };
    !old.text.split_whitespace().eq(new.text.split_whitespace())
}
