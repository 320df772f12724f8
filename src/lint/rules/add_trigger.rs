use super::prelude::*;
use crate::schema::{Table, mentions};
use crate::sql::ddl::ObjectKind;

rule! {
    /// A trigger runs inside the transactions of deployed code.
    ///
    /// Its cost and its errors become theirs. One that keeps an old and a new column alike during a rollout is meant to.
    ///
    /// ```sql fires postgres
    /// create table orders (id int, total int);
    /// -- next migration
    /// create trigger audit after update on orders for each row execute function log_it();
    /// ```
    ///
    /// ```sql fires mysql mariadb
    /// create trigger audit after update on orders for each row insert into log values (new.id);
    /// ```
    ///
    /// ```sql quiet mysql mariadb
    /// create table orders (id int, total int);
    /// -- next migration
    /// alter table orders add column amount int;
    /// create trigger sync before update on orders for each row set new.amount = new.total;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create table orders (id int, total int);
    /// create trigger audit after update on orders for each row execute function log_it();
    /// -- next migration
    /// drop trigger audit on orders;
    /// create trigger audit after update on orders for each row execute function log_more();
    /// ```
    ///
    /// ```sql quiet postgres
    /// drop event trigger if exists watch;
    /// create event trigger watch on ddl_command_end execute function tell();
    /// ```
    "add-trigger", Info [BreaksOldCode, BlocksReadsOrWrites] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let (name, on) = match (&change.kind, used(change)) {
        (ChangeKind::AddTrigger { name }, Some(table)) => (name.clone(), Some(table)),
        (ChangeKind::CreateObject { kind: ObjectKind::Rule, name, before: None, .. }, Some(table)) => {
            (name.name.clone(), Some(table))
        }
        (ChangeKind::CreateObject { kind: ObjectKind::EventTrigger, name, before: None, .. }, _) => {
            (name.name.clone(), None)
        }
        _ => return,
    };
    let known = on.and_then(|table| table.before.as_ref());
    let had = known.is_some_and(|table| table.more.triggers.iter().any(|trigger| trigger.name == name));
    let replaces = context.before(change).any(|earlier| match &earlier.kind {
        ChangeKind::DropTrigger { name: dropped } => *dropped == name,
        ChangeKind::DropObject { kind: ObjectKind::EventTrigger, name: dropped, .. } => dropped.name == name,
        _ => false,
    });
    if had || replaces || known.is_some_and(|table| syncs(table, change, context)) {
        return;
    }
    match on {
        Some(table) => findings
            .report(
                change,
                format!("`{name}` runs inside every transaction of deployed code that changes `{}`", table.name),
            )
            .help("make sure that it is cheap and cannot fail"),
        None => findings
            .report(
                change,
                format!("`{name}` runs whenever anybody changes the schema, and its errors refuse the change"),
            )
            .help("make sure that it cannot fail in a later migration"),
    };
}

/// Whether the trigger, or a routine made with it, speaks of a column that is new.
fn syncs(table: &Table, change: &Change, context: &Context<'_>) -> bool {
    if table.columns.iter().all(|column| column.origin == Origin::Deployed) {
        return false;
    }
    let text = change.span.of(context.text());
    let routines = context.catalog.objects(ObjectKind::Function);
    let called = routines.filter(|(name, _)| mentions(text, &name.name)).map(|(_, routine)| &*routine.text);
    let texts: Vec<&str> = called.chain([text]).collect();
    let new = table.columns.iter().filter(|column| column.origin != Origin::Deployed);
    new.into_iter().any(|column| texts.iter().any(|text| mentions(text, &column.name)))
}
