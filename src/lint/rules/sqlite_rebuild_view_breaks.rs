use super::prelude::*;
use crate::lint::sqlite::legacy_alter_table;
use crate::schema::mentions;
use crate::sql::ddl::ObjectKind;

rule! {
    /// A view of the old table makes the last step of a rebuild fail.
    ///
    /// When the new table gets its name, SQLite reads all views and triggers again, and those of the table that was just dropped are
    /// an error. Drop them before, and create them again afterwards.
    ///
    /// ```sql fires sqlite
    /// create table users (id integer primary key, name text);
    /// create view people as select name from users;
    /// -- next migration
    /// create table users_new (id integer primary key, name text, age int);
    /// insert into users_new (id, name) select id, name from users;
    /// drop table users;
    /// alter table users_new rename to users;
    /// ```
    ///
    /// ```sql quiet sqlite
    /// create table users (id integer primary key, name text);
    /// create view people as select name from users;
    /// -- next migration
    /// drop view people;
    /// create table users_new (id integer primary key, name text, age int);
    /// insert into users_new (id, name) select id, name from users;
    /// drop table users;
    /// alter table users_new rename to users;
    /// create view people as select name from users;
    /// ```
    "sqlite-rebuild-view-breaks", Warning [DataDependentFailure] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::Rebuild { after, old_first: false } = &change.kind else { return };
    if legacy_alter_table(context) {
        return;
    }
    let dropped = |name: &str| {
        context.all_before(change).iter().any(|earlier| match &earlier.kind {
            ChangeKind::DropObject { kind: ObjectKind::View, name: gone, .. } => gone.name.eq_ignore_ascii_case(name),
            ChangeKind::DropTrigger { name: gone } => gone.eq_ignore_ascii_case(name),
            _ => false,
        })
    };
    let deployed = |name: &crate::schema::ObjectName| {
        context.catalog.object_named(ObjectKind::View, name).is_some_and(|view| view.origin == Origin::Deployed)
    };
    let views = context.catalog.views_of(&after.name).map(|(view, _)| view);
    let view = views.filter(|view| deployed(view) && !dropped(&view.name)).map(ToString::to_string).min();
    let others = context.catalog.tables().filter(|table| table.name != after.name);
    let triggers = others.flat_map(|table| &table.more.triggers).filter(|trigger| trigger.origin == Origin::Deployed);
    let trigger = triggers
        .filter(|one| mentions(&one.text, &after.name.name) && !dropped(&one.name))
        .map(|one| one.name.to_string());
    if let Some(broken) = view.or_else(|| trigger.min()) {
        findings
            .report(change, format!("`{broken}` reads `{}`, and the last step fails with `no such table`", after.name))
            .help("drop it before the rebuild, and create it again afterwards");
    }
}
