use super::prelude::*;
use crate::migration::Directive;
use crate::schema::{Reference, Table};
use crate::sql::ddl::{Heading, ReferentialAction, Verb};
use crate::sql::{Statement, suspends_foreign_keys};

rule! {
    /// Dropping the old table of a rebuild deletes the rows that refer to it.
    ///
    /// With foreign keys on, DROP TABLE deletes its rows first, and `ON DELETE CASCADE` takes the rows of other tables along.
    /// Foreign keys must be off meanwhile, which only works outside a transaction: say `-- migrate:foreign-keys off`.
    ///
    /// ```sql fires sqlite
    /// create table users (id integer primary key, name text);
    /// create table posts (id integer primary key, user_id integer references users (id) on delete cascade);
    /// -- next migration
    /// create table users_new (id integer primary key, name text);
    /// insert into users_new (id, name) select id, name from users;
    /// drop table users;
    /// alter table users_new rename to users;
    /// ```
    ///
    /// ```sql quiet sqlite
    /// create table users (id integer primary key, name text);
    /// create table posts (id integer primary key, user_id integer references users (id) on delete cascade);
    /// -- next migration
    /// -- migrate:foreign-keys off
    /// create table users_new (id integer primary key, name text);
    /// insert into users_new (id, name) select id, name from users;
    /// drop table users;
    /// alter table users_new rename to users;
    /// ```
    "sqlite-table-rebuild-cascade-delete", Error [DataLoss] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.grammar() != Grammar::Sqlite {
        return;
    }
    let (ChangeKind::Rebuild { .. }, Some(table)) = (&change.kind, used(change)) else { return };
    let off = |(statement, heading): (&Statement, &Heading)| {
        heading.verb == Verb::Pragma && suspends_foreign_keys(statement, context.text(), context.lexis) == Some(true)
    };
    let suspended = context.directives.asks(&Directive::ForeignKeysOff)
        || ((!context.one_transaction() || context.opens_transactions() || context.settings.suspends_foreign_keys)
            && context.settings_above(change.statement).any(off));
    let loses = |child: &Table| {
        let references = child.constraints.iter().filter_map(|one| one.references.as_ref());
        let acts = |to: &Reference| {
            matches!(
                to.on_delete,
                Some(ReferentialAction::Cascade | ReferentialAction::SetNull | ReferentialAction::SetDefault)
            )
        };
        references.into_iter().any(|to| to.table == table.name && acts(to))
    };
    let child = context.catalog.referencing(&table.name).find(|child| child.in_use() && loses(child));
    if let Some(child) = child.filter(|_| !suspended) {
        findings
            .report(
                change,
                format!(
                    "rows of `{}` that refer to `{}` are deleted or emptied with the old table",
                    child.name, table.name
                ),
            )
            .help("say `-- migrate:foreign-keys off`");
    }
}
