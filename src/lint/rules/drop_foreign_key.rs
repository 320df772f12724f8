use super::prelude::*;
use crate::sql::ddl::ConstraintKind;

rule! {
    /// Without its foreign key a table may refer to rows that are not there.
    ///
    /// That is fine when it is meant. Rows without a counterpart keep the key from being added again, should the release be
    /// taken back.
    ///
    /// ```sql fires postgres
    /// create table users (id int primary key);
    /// create table orders (id int, user_id int constraint orders_user references users (id));
    /// -- next migration
    /// alter table orders drop constraint orders_user;
    /// ```
    ///
    /// ```sql fires mysql mariadb
    /// create table orders (id int, user_id int, constraint orders_user foreign key (user_id) references users (id));
    /// -- next migration
    /// alter table orders drop foreign key orders_user;
    /// ```
    ///
    /// The column or the table goes, too, or the key comes back:
    ///
    /// ```sql quiet postgres
    /// create table users (id int primary key);
    /// create table orders (id int, user_id int constraint orders_user references users (id));
    /// -- next migration
    /// alter table orders drop constraint orders_user, drop column user_id;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create table users (id int primary key);
    /// create table orders (id int, user_id int constraint orders_user references users (id));
    /// -- next migration
    /// alter table orders drop constraint orders_user;
    /// drop table orders;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create table users (id int primary key);
    /// create table orders (id int, user_id int constraint orders_user references users (id));
    /// -- next migration
    /// alter table orders drop constraint orders_user;
    /// alter table orders add constraint orders_user foreign key (user_id) references users (id) on delete cascade not valid;
    /// ```
    "drop-foreign-key", Info [BreaksNewCodeOnRollback] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::DropConstraint { constraint: Some(dropped), .. } = &change.kind else { return };
    let Some(table) = used(change).filter(|_| dropped.kind == ConstraintKind::ForeignKey) else { return };
    let same_table = |other: &&Change| other.table.as_ref().is_some_and(|other| other.name == table.name);
    let replaced = context.about(&table.name).filter(same_table).any(|other| match &other.kind {
        ChangeKind::AddConstraint { constraint, .. } => {
            constraint.kind == ConstraintKind::ForeignKey && constraint.columns == dropped.columns
        }
        ChangeKind::DropColumn { name, .. } => dropped.uses(name, context.grammar()),
        _ => false,
    });
    if !replaced && !table_goes(change, context) {
        let columns = dropped.columns.join(", ");
        findings
            .report(change, format!("`{}` ({columns}) may refer to rows that are not there from now on", table.name))
            .help("nothing to do when it is meant; adding the key again later needs the rows to be right");
    }
}
