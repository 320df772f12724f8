use super::prelude::*;
use crate::lint::sqlite::legacy_alter_table;
use crate::schema::mentions;

rule! {
    /// Renaming the old table first takes along everything that refers to it.
    ///
    /// SQLite changes the name in views, triggers and foreign keys, so all of them refer to a table that is dropped a moment later.
    /// Make the new table under another name, fill it, drop the old one, and rename the new one.
    ///
    /// ```sql fires sqlite
    /// create table users (id integer primary key, name text);
    /// create table posts (id integer primary key, user_id integer references users (id));
    /// -- next migration
    /// alter table users rename to users_old;
    /// create table users (id integer primary key, name text, age int);
    /// insert into users (id, name) select id, name from users_old;
    /// drop table users_old;
    /// ```
    ///
    /// ```sql quiet sqlite
    /// create table users (id integer primary key, name text);
    /// -- next migration
    /// alter table users rename to users_old;
    /// create table users (id integer primary key, name text, age int);
    /// insert into users (id, name) select id, name from users_old;
    /// drop table users_old;
    /// ```
    "sqlite-rebuild-renames-old-first", Error [BreaksOldCode] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::Rebuild { after, old_first: true } = &change.kind else { return };
    if legacy_alter_table(context) {
        return;
    }
    // After the script they refer to the name that is gone, if they are not made anew.
    let renamed = context.statements().nth(change.statement).and_then(|(_, statement, _)| {
        statement
            .of(context.text())
            .split_whitespace()
            .last()
            .map(|word| word.trim_matches(['"', '`', '[', ']']).to_owned())
    });
    let Some(renamed) = renamed else { return };
    let gone = crate::schema::ObjectName { schema: None, name: renamed.to_ascii_lowercase().into() };
    let child = context.catalog.referencing(&gone).map(|child| child.name.to_string()).min();
    let view = context.catalog.views_of(&gone).map(|(view, _)| view.to_string()).min();
    let others = context.catalog.tables().filter(|table| table.name != after.name);
    let triggers = others.flat_map(|table| &table.more.triggers);
    let trigger = triggers.filter(|one| mentions(&one.text, &after.name.name)).map(|one| one.name.to_string()).min();
    if let Some(dangles) = child.or(view).or(trigger) {
        findings
            .report(change, format!("`{dangles}` refers to `{renamed}` from now on, which is dropped below"))
            .help("make the new table under another name, fill it, drop the old one, and rename the new one");
    }
}
