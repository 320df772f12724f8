use super::prelude::*;
use crate::lint::written::{constraints, indexes};
use crate::sql::ddl::ConstraintKind;

rule! {
    /// A constraint or index without a name gets one from the server, and not everywhere the same.
    ///
    /// A later migration that drops it by name then works here and fails there. Give it a name.
    ///
    /// ```sql fires
    /// create table users (id int primary key, age int check (age > 0));
    /// ```
    ///
    /// ```sql fires postgres
    /// create index on users (email);
    /// ```
    ///
    /// ```sql fires mysql mariadb
    /// alter table users add index (email);
    /// ```
    ///
    /// Of this, MySQL before version 9 makes no constraint:
    ///
    /// ```sql quiet mysql
    /// alter table posts add column editor_id int references users (id);
    /// ```
    ///
    /// ```sql fires mysql@9.0 mariadb
    /// alter table posts add column editor_id int references users (id);
    /// ```
    ///
    /// ```sql quiet
    /// create table users (id int primary key, age int, constraint users_age check (age > 0));
    /// create index users_email on users (email);
    /// ```
    "unnamed-constraint", optional Info [Style] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    for new in constraints(change, context).iter().filter(|new| new.name.is_none()) {
        let what = match new.constraint.kind {
            // Each table has one, and none needs to ask what it is called; NOT NULL is dropped by its column.
            ConstraintKind::PrimaryKey | ConstraintKind::NotNull => continue,
            ConstraintKind::Unique => "unique constraint",
            ConstraintKind::ForeignKey => "foreign key",
            ConstraintKind::Check => "check",
            ConstraintKind::Exclusion => "exclusion constraint",
        };
        findings
            .report_at(Some(change.statement), new.span, format!("the server chooses what this {what} is called"))
            .help("write CONSTRAINT and a name before it");
    }
    for new in indexes(change, context).iter().filter(|new| new.definition.name.is_none()) {
        findings
            .report_at(Some(change.statement), new.span, "the server chooses what this index is called")
            .help("give it a name");
    }
}
