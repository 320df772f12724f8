use super::prelude::*;
use crate::schema::{Constraint, Index};
use crate::sql::ddl::ConstraintKind;

rule! {
    /// An index that a foreign key needs cannot be dropped.
    ///
    /// The server refuses with error 1553. Drop the foreign key in the same statement, or create the index that takes its place
    /// first.
    ///
    /// ```sql fires mysql mariadb
    /// create table posts (id int primary key, user_id int, key posts_user (user_id), constraint posts_fk foreign key (user_id) references users (id));
    /// -- next migration
    /// alter table posts drop index posts_user;
    /// ```
    ///
    /// ```sql quiet mysql mariadb
    /// create table posts (id int primary key, user_id int, key posts_user (user_id), constraint posts_fk foreign key (user_id) references users (id));
    /// -- next migration
    /// alter table posts drop foreign key posts_fk, drop index posts_user;
    /// ```
    "mysql-index-needed-by-fk", Error [DataDependentFailure] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    if !context.grammar().is_mysql() {
        return;
    }
    let ChangeKind::DropIndex { name, index: Some(index), .. } = &change.kind else { return };
    let Some(known) = used(change).and_then(|table| table.before.as_ref()) else { return };
    let leads = |index: &Index, columns: &[EcoString]| {
        let own: Vec<&str> = index.columns.iter().map_while(|column| column.as_deref()).collect();
        own.len() >= columns.len() && columns.iter().zip(own).all(|(one, other)| one.eq_ignore_ascii_case(other))
    };
    let dropped = |key: &Constraint| {
        context.beside(change).any(|other| match &other.kind {
            ChangeKind::DropConstraint { constraint: Some(constraint), .. } => **constraint == *key,
            _ => false,
        })
    };
    let needed = known.constraints.iter().filter(|one| one.kind == ConstraintKind::ForeignKey).find(|key| {
        let others = known.indexes.iter().filter(|other| *other != index);
        leads(index, &key.columns) && !others.into_iter().any(|other| leads(other, &key.columns)) && !dropped(key)
    });
    if needed.is_some() {
        findings
            .report(change, format!("the server refuses: a foreign key of `{}` needs index `{name}`", known.name))
            .help("drop the foreign key in the same statement, or create another index on its columns first");
    }
}
