use super::prelude::*;
use crate::schema::mentions;
use crate::sql::ddl::{ActionKind, ObjectKind, Verb};

rule! {
    /// SQLite knows few forms of ALTER TABLE, one per statement, and no TRUNCATE.
    ///
    /// It renames a table or a column, adds a column and drops one. Everything else is done by a new table that takes the old
    /// one's place: create it, copy the rows, drop the old one, rename the new one, and create indexes and triggers again.
    ///
    /// ```sql fires sqlite
    /// alter table users alter column name type varchar(20);
    /// ```
    ///
    /// ```sql fires sqlite
    /// alter table users add column a int, add column b int;
    /// ```
    ///
    /// ```sql fires sqlite
    /// alter table users drop column if exists name;
    /// ```
    ///
    /// ```sql fires sqlite
    /// truncate table users;
    /// ```
    ///
    /// ```sql quiet sqlite
    /// alter table users add column a int;
    /// alter table users rename column a to b;
    /// ```
    "sqlite-unsupported-alter", Error [DataDependentFailure] => Check::Migration(check)
}

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.grammar() != Grammar::Sqlite {
        return;
    }
    for (number, statement, heading) in context.statements() {
        let truncates =
            mentions(statement.of(context.text()).split_whitespace().next().unwrap_or_default(), "truncate");
        let alters = heading.verb == Verb::Alter && heading.object == Some(ObjectKind::Table);
        if !truncates && !alters {
            continue;
        }
        let known = match context.read(number).actions() {
            [action] => match &action.kind {
                ActionKind::AddColumn { if_not_exists, .. } => !if_not_exists,
                ActionKind::RenameTo(_) => true,
                // What cannot be read is another finding.
                ActionKind::Unknown => true,
                ActionKind::RenameColumn { .. } => context.server.since(3, 25, 0),
                ActionKind::DropColumn { if_exists, cascade, .. } => {
                    context.server.since(3, 35, 0) && !if_exists && !cascade
                }
                ActionKind::SetNotNull { .. }
                | ActionKind::DropNotNull { .. }
                | ActionKind::AddConstraint { .. }
                | ActionKind::DropConstraint { .. } => context.server.since(3, 53, 0),
                _ => false,
            },
            _ => false,
        };
        if truncates || !known {
            findings
                .report_at(Some(number), statement.span, "SQLite refuses this")
                .help("make a new table, copy the rows, drop the old table and rename the new one");
        }
    }
}
