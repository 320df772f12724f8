use super::prelude::*;
use crate::lint::sequences::of_new_tables;
use crate::schema::{Object, mentions};
use crate::sql::Statement;
use crate::sql::ddl::{ObjectKind, Verb};

rule! {
    /// Taking a privilege or a role away breaks code that still needs it.
    ///
    /// It fails with "permission denied" from one moment to the next. Do it when no old code runs.
    ///
    /// ```sql fires postgres mysql mariadb
    /// revoke select on orders from reader;
    /// ```
    ///
    /// ```sql fires postgres mysql mariadb
    /// drop role reader;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create table secrets (id int);
    /// revoke all on secrets from public;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create function secret() returns int language sql as 'select 1';
    /// revoke execute on function secret() from public;
    /// ```
    "revoke-privilege", Warning [BreaksOldCode] => Check::Migration(check)
}

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    for (number, statement, heading) in context.statements() {
        let takes = match heading.verb {
            Verb::Revoke => true,
            Verb::Drop => heading.object == Some(ObjectKind::Role),
            _ => false,
        };
        if takes && !of_new_object(statement, context) {
            findings
                .report_at(Some(number), statement.span, "code that still needs it is refused from now on")
                .help("do it in a later migration, when no old code runs");
        }
    }
}

/// Whether the statement names a table, a routine or a sequence that a migration under judgement made.
fn of_new_object(statement: &Statement, context: &Context<'_>) -> bool {
    let text = statement.of(context.text());
    let made = |change: &Change| match &change.kind {
        ChangeKind::CreateTable { table, exists: false, .. } => mentions(text, &table.name.name),
        ChangeKind::CreateObject { name, before: None, .. } => mentions(text, &name.name),
        _ => false,
    };
    let is_new = |object: &Object| object.origin != Origin::Deployed;
    let kinds = [ObjectKind::Function, ObjectKind::Procedure, ObjectKind::Sequence];
    let mut objects = kinds.into_iter().flat_map(|kind| context.catalog.objects(kind));
    context.script.changes.iter().any(made)
        || context.catalog.tables().any(|table| !table.in_use() && mentions(text, &table.name.name))
        || objects.any(|(name, object)| is_new(object) && mentions(text, &name.name))
        || of_new_tables(context).any(|sequence| mentions(text, &sequence))
}
