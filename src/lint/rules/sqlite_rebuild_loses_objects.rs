use super::prelude::*;
use crate::lint::Side;
use crate::schema::{Index, Part};

rule! {
    /// The indexes and triggers of the old table are gone after a rebuild, unless they are created again.
    ///
    /// A unique index that is missing lets duplicates in, and nothing says so.
    ///
    /// ```sql fires sqlite
    /// create table users (id integer primary key, email text);
    /// create unique index users_email on users (email);
    /// -- next migration
    /// create table users_new (id integer primary key, email text);
    /// insert into users_new (id, email) select id, email from users;
    /// drop table users;
    /// alter table users_new rename to users;
    /// ```
    ///
    /// ```sql quiet sqlite
    /// create table users (id integer primary key, email text);
    /// create unique index users_email on users (email);
    /// -- next migration
    /// create table users_new (id integer primary key, email text);
    /// insert into users_new (id, email) select id, email from users;
    /// drop table users;
    /// alter table users_new rename to users;
    /// create unique index users_email on users (email);
    /// ```
    ///
    /// On the way back an index goes that the way forth made:
    ///
    /// ```sql quiet sqlite
    /// create table users (id integer primary key, name text);
    /// -- next migration
    /// create index users_name on users (name);
    /// -- down
    /// create table users_new (id integer primary key, name text);
    /// insert into users_new (id, name) select id, name from users;
    /// drop table users;
    /// alter table users_new rename to users;
    /// ```
    "sqlite-rebuild-loses-objects", Error [DataLoss, BreaksOldCode] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.grammar() != Grammar::Sqlite {
        return;
    }
    let (ChangeKind::Rebuild { .. }, Some(table)) = (&change.kind, &change.table) else { return };
    let (Some(before), Some(after)) = (&table.before, context.catalog.table(&table.name)) else { return };
    let same = |index: &Index| {
        // A longer index that begins with the same columns finds as much.
        let serves = |new: &Index| {
            let plain = !index.is_unique() && index.predicate.is_none() && new.predicate.is_none();
            plain && index.text.is_empty() && new.columns.starts_with(&index.columns)
        };
        after.indexes.iter().any(|new| (new.columns == index.columns && new.kind == index.kind) || serves(new))
    };
    // An index goes with a column of it that goes.
    let stays =
        |index: &Index| index.columns.iter().flatten().all(|column| after.column(column, Grammar::Sqlite).is_some());
    // On the way back one goes that the way forth made.
    let made_by_up = |index: &Index| context.side == Side::Down && index.origin != Origin::Deployed;
    let kept = before.indexes.iter().filter(|index| !index.of_constraint && stays(index) && !made_by_up(index));
    let index = kept.into_iter().find(|index| !same(index));
    let again = |trigger: &Part| after.more.triggers.iter().any(|new| new.name == trigger.name);
    let trigger = before.more.triggers.iter().find(|trigger| !again(trigger));
    let lost = match (index, trigger) {
        (Some(index), _) => format!("index `{}`", index.name.as_deref().unwrap_or_default()),
        (None, Some(trigger)) => format!("trigger `{}`", trigger.name),
        (None, None) => return,
    };
    findings
        .report(change, format!("{lost} goes with the old table and is not created again"))
        .help("create the indexes and triggers of the table again, after the rename");
}
