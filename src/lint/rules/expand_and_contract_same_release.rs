use super::prelude::*;
use crate::migration::{Directive, Phase};
use crate::schema::Shared;
use crate::schema::{ObjectName, Table, mentions};
use crate::sql::ddl::ObjectKind;

rule! {
    /// What is added, filled from the old and replaces it in one release leaves no time for both versions.
    ///
    /// Old code needs the old column until it is gone, and needs it again when the release is taken back. Add and fill in this
    /// release, and drop in a later one; say `-- migrate:phase contract` there.
    ///
    /// ```sql fires postgres mysql mariadb
    /// create table users (id int, name varchar(50));
    /// -- next migration
    /// alter table users add column full_name varchar(50);
    /// update users set full_name = name where full_name is null;
    /// alter table users drop column name;
    /// ```
    ///
    /// ```sql fires
    /// create table users (id int, name varchar(50));
    /// -- next migration
    /// create table people (id int, name varchar(50));
    /// insert into people (id, name) select id, name from users;
    /// drop table users;
    /// ```
    ///
    /// ```sql quiet postgres mysql mariadb
    /// create table users (id int, name varchar(50));
    /// -- next migration
    /// alter table users add column full_name varchar(50);
    /// update users set full_name = name where full_name is null;
    /// ```
    "expand-and-contract-same-release", Warning [BreaksOldCode, BreaksNewCodeOnRollback] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let Some(table) = used(change) else { return };
    let Some(known) = &table.before else { return };
    if context.directives.asks(&Directive::Phase(Phase::Contract)) {
        return;
    }
    let copy = match &change.kind {
        ChangeKind::DropColumn { name, .. } | ChangeKind::RenameColumn { from: name, .. } => {
            copy_of(known, name, context)
        }
        ChangeKind::DropTable { .. } => {
            let copy = copy_of_table(&table.name, context);
            // A table that is made anew under its own name has a rule of its own.
            let renamed = |earlier: &Change| {
                matches!(&earlier.kind, ChangeKind::RenameTable { to } if *to == table.name)
                    && earlier.table.as_ref().map(|earlier| earlier.name.to_string()) == copy
            };
            if context.before(change).any(renamed) { None } else { copy }
        }
        _ => return,
    };
    if let Some(copy) = copy {
        findings
            .report(change, format!("`{copy}` was made and filled from it in the same release, so none has both"))
            .help("drop the old one in a later release, when no deployed code uses it");
    }
}

/// The new column that is filled from this one.
fn copy_of(table: &Table, column: &str, context: &Context<'_>) -> Option<String> {
    let grammar = context.grammar();
    if table.column(column, grammar).is_some_and(|column| column.origin != Origin::Deployed) {
        return None;
    }
    let in_routine = |new: &str| {
        let routines = context.catalog.objects(ObjectKind::Function);
        let mut new_ones =
            routines.filter(|(_, routine)| routine.origin != Origin::Deployed).map(|(_, routine)| &*routine.text);
        let mut triggers = table.more.triggers.iter().filter(|trigger| trigger.origin != Origin::Deployed);
        let both = |text: &str| mentions(text, new) && mentions(text, column);
        triggers.any(|trigger| both(&trigger.text) || new_ones.any(both))
    };
    let filled = |new: &&Shared<crate::schema::Column>| {
        new.origin != Origin::Deployed
            && (new.more.copied_from.iter().any(|word| grammar.same_name(word, column)) || in_routine(&new.name))
    };
    table.columns.iter().find(filled).map(|new| new.name.to_string())
}

/// The new table that is filled from this one.
fn copy_of_table(old: &ObjectName, context: &Context<'_>) -> Option<String> {
    let filled = |table: &&std::sync::Arc<Table>| {
        table.origin != Origin::Deployed
            && !table.temporary
            && table.more.copied_from.contains(old)
            && table.name != *old
    };
    context.catalog.tables().filter(filled).map(|table| table.name.to_string()).min()
}
