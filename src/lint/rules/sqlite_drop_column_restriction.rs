use super::prelude::*;
use crate::schema::Constraint;
use crate::sql::ddl::{ConstraintKind, Verb};

rule! {
    /// SQLite drops no column that an index, a key, a check or a foreign key needs.
    ///
    /// Drop the index first; for a key or a check rebuild the table.
    ///
    /// ```sql fires sqlite
    /// create table users (id integer primary key, email text);
    /// create index users_email on users (email);
    /// -- next migration
    /// alter table users drop column email;
    /// ```
    ///
    /// ```sql quiet sqlite
    /// create table users (id integer primary key, email text);
    /// create index users_email on users (email);
    /// -- next migration
    /// drop index users_email;
    /// alter table users drop column email;
    /// ```
    ///
    /// ```sql quiet sqlite
    /// create table users (id integer primary key, age int check (age > 0), boss int references users (id));
    /// -- next migration
    /// alter table users drop column age;
    /// alter table users drop column boss;
    /// ```
    "sqlite-drop-column-restriction", Error [DataDependentFailure] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.grammar() != Grammar::Sqlite {
        return;
    }
    let ChangeKind::DropColumn { name, .. } = &change.kind else { return };
    let Some(known) = change.table.as_ref().and_then(|table| table.before.as_ref()) else { return };
    if context.heading(change).verb != Verb::Alter {
        return;
    }
    let indexed = known.indexes.iter().any(|index| index.uses(name, Grammar::Sqlite));
    // A check or a reference that is written with the column goes with it.
    let goes_along = |one: &Constraint| {
        let own = one.columns.iter().any(|column| Grammar::Sqlite.same_name(column, name));
        own && one.with_column && matches!(one.kind, ConstraintKind::Check | ConstraintKind::ForeignKey)
    };
    let constrained = known.constraints.iter().any(|one| one.uses(name, Grammar::Sqlite) && !goes_along(one));
    if indexed || constrained {
        findings
            .report(change, format!("SQLite refuses: an index or a constraint of `{}` needs `{name}`", known.name))
            .help("drop the index first, or rebuild the table");
    }
}
