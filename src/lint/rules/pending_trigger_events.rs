use super::prelude::*;
use crate::lint::locks::locks_everything;
use crate::schema::Shared;
use crate::schema::{Constraint, Table, mentions};
use crate::sql::ddl::{ConstraintKind, ObjectKind, Verb};

rule! {
    /// A table whose deferred constraints are still to be checked cannot be altered.
    ///
    /// Writing rows under a constraint that is `INITIALLY DEFERRED` leaves checks for the end of the transaction, and until then
    /// the server refuses ALTER TABLE, CREATE INDEX, TRUNCATE and DROP TABLE. It happens only where there are rows, so not on
    /// an empty development database. Put the two into different files, or say `SET CONSTRAINTS ALL IMMEDIATE` between them.
    ///
    /// ```sql fires postgres
    /// create table users (id int primary key);
    /// create table orders (id int, user_id int references users (id) deferrable initially deferred);
    /// -- next migration
    /// update orders set user_id = 1 where user_id is null;
    /// alter table orders add column tag text;
    /// ```
    ///
    /// ```sql fires postgres
    /// create table users (id int primary key);
    /// create table orders (id int, user_id int references users (id) deferrable initially deferred);
    /// -- next migration
    /// update orders set user_id = 1 where user_id is null;
    /// do $$ begin alter table orders add column tag text; end $$;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create table users (id int primary key);
    /// create table orders (id int, user_id int references users (id) deferrable initially deferred);
    /// -- next migration
    /// update orders set user_id = 1 where user_id is null;
    /// set constraints all immediate;
    /// alter table orders add column tag text;
    /// ```
    "pending-trigger-events", Error [DataDependentFailure] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let Some(table) = change.table.as_ref().filter(|_| context.grammar() == Grammar::Postgres) else { return };
    let heading = context.heading(change);
    let (alters, first) = match (heading.verb, heading.object) {
        // A block, or a routine, alters by what stands in it.
        (Verb::Do | Verb::Call | Verb::Query, _) => {
            let mut same = context.beside(change).filter(|one| alters(one) && same_table(one, change));
            (alters(change), same.next())
        }
        (Verb::Alter | Verb::Drop, object) => (object == Some(ObjectKind::Table), context.beside(change).next()),
        (Verb::Create, object) => (object == Some(ObjectKind::Index), context.beside(change).next()),
        (verb, _) => (verb == Verb::Truncate, context.beside(change).next()),
    };
    if !alters || !first.is_some_and(|first| std::ptr::eq(first, change)) || !context.one_transaction() {
        return;
    }
    let Some(known) = &table.before else { return };
    let on_table = |earlier: &&Change| earlier.table.as_ref().is_some_and(|written| written.name == table.name);
    let mut writes = context.before(change).filter(on_table).filter(|write| leaves_checks(write, known, context));
    let Some(last) = writes.next_back() else { return };
    let since = context.settings_above(change.statement).rev();
    let mut since = since.take_while(|(statement, _)| statement.span.start > last.span.start);
    let settled = since.any(|(statement, heading)| {
        let words = statement.of(context.text());
        heading.verb == Verb::Set && mentions(words, "constraints") && mentions(words, "immediate")
    });
    if !settled {
        findings
            .report(change, format!("refused while checks of rows written to `{}` above are still to come", table.name))
            .help("put the writes into a migration of their own, or SET CONSTRAINTS ALL IMMEDIATE before this");
    }
}

/// Whether a change is one of those that the server refuses.
fn alters(change: &Change) -> bool {
    let index = matches!(change.kind, ChangeKind::CreateIndex { .. } | ChangeKind::AddConstraint { .. });
    let policy = matches!(change.kind, ChangeKind::AddPolicy { .. } | ChangeKind::AlterPolicy { .. });
    index || (!policy && locks_everything(change).is_some())
}

fn same_table(one: &Change, other: &Change) -> bool {
    let name = |change: &Change| change.table.as_ref().map(|table| table.name.clone());
    name(one) == name(other)
}

/// Whether a write queues checks on its own table.
fn leaves_checks(write: &Change, known: &Table, context: &Context<'_>) -> bool {
    let deferred = |one: &&Shared<Constraint>| one.deferred && one.kind != ConstraintKind::Check;
    let mut own = known.constraints.iter().filter(deferred);
    let is_parent = || {
        let mut children = context.catalog.referencing(&known.name);
        children.any(|child| {
            let mut keys = child.constraints.iter().filter(deferred);
            keys.any(|key| key.references.as_ref().is_some_and(|to| to.table == known.name))
        })
    };
    match &write.kind {
        ChangeKind::Insert { .. } => own.next().is_some(),
        ChangeKind::Update { columns, .. } => own.any(|one| one.columns.iter().any(|own| columns.contains(own))),
        ChangeKind::Delete { .. } => is_parent(),
        _ => false,
    }
}
