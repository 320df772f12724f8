use super::prelude::*;
use crate::schema::Index;
use crate::schema::Shared;
use crate::sql::ddl::ConstraintKind;

rule! {
    /// Without its unique index `ON CONFLICT` fails, and MySQL's `ON DUPLICATE KEY` silently inserts duplicates.
    ///
    /// Old code that relies on it breaks, and once there are duplicates there is no way back. Create the index that takes
    /// its place first, deploy code that uses it, then drop the old one.
    ///
    /// ```sql fires postgres
    /// create table users (id int, email text);
    /// create unique index users_email on users (email);
    /// -- next migration
    /// drop index concurrently users_email;
    /// ```
    ///
    /// ```sql fires mysql mariadb
    /// create table users (id int, email varchar(50), unique key users_email (email));
    /// -- next migration
    /// alter table users drop index users_email;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create table users (id int, email text);
    /// create unique index users_email on users (email);
    /// create unique index users_email2 on users (email);
    /// -- next migration
    /// drop index concurrently users_email;
    /// ```
    ///
    /// With a column of it gone, `drop-column` speaks:
    ///
    /// ```sql quiet postgres
    /// create table users (id int, email text, constraint users_email unique (email));
    /// -- next migration
    /// alter table users drop constraint users_email, drop column email;
    /// ```
    "drop-unique-index", Warning [BreaksOldCode] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let Some(table) = used(change) else { return };
    let Some(known) = &table.before else { return };
    let index = match &change.kind {
        // One that a constraint needs cannot be dropped, but on MySQL the key is the constraint.
        ChangeKind::DropIndex { index: Some(index), .. } if !index.of_constraint || context.grammar().is_mysql() => {
            index
        }
        ChangeKind::DropConstraint { constraint: Some(constraint), name: Some(name), .. }
            if constraint.kind == ConstraintKind::Unique =>
        {
            match known.index(name, context.grammar()) {
                Some(index) => index,
                None => return,
            }
        }
        _ => return,
    };
    let same = |other: &&Shared<Index>| {
        **other != *index && other.columns == index.columns && other.predicate == index.predicate
    };
    let replaced = known.indexes.iter().filter(|other| other.is_unique()).any(|other| same(&other));
    // Of a column that goes, too, the other rule speaks.
    let grammar = context.grammar();
    let goes = context.about(&table.name).any(|other| match &other.kind {
        ChangeKind::DropColumn { name, .. } => index.uses(name, grammar),
        _ => false,
    });
    let replaced = replaced || goes;
    let name = index.name.as_deref().unwrap_or("the key");
    if index.is_unique() && index.origin == Origin::Deployed && !replaced && !table_goes(change, context) {
        findings
            .report(
                change,
                format!("without `{name}` nothing refuses duplicates in `{}`, and ON CONFLICT fails", table.name),
            )
            .help("create the unique index that takes its place first, and deploy code that uses it");
    }
}
