use super::prelude::*;
use crate::lint::Side;

rule! {
    /// Going back discards what new code has written.
    ///
    /// The down script drops a table or a column that its up script made, and with it every value that was written since.
    /// That is what going back means, and worth knowing before one does; going forward with a mended release keeps the data.
    ///
    /// ```sql fires
    /// create table tags (id int primary key);
    /// -- down
    /// drop table tags;
    /// ```
    ///
    /// ```sql fires
    /// create table users (id int primary key);
    /// -- next migration
    /// alter table users add column nick varchar(20);
    /// -- down
    /// alter table users drop column nick;
    /// ```
    ///
    /// ```sql quiet
    /// create table users (id int primary key, nick varchar(20));
    /// -- next migration
    /// create view nicks as select nick from users;
    /// -- down
    /// drop view nicks;
    /// ```
    ///
    /// Rows that are copied into a new table are not lost:
    ///
    /// ```sql quiet sqlite
    /// create table users (id integer primary key);
    /// -- down
    /// alter table users rename to users_old;
    /// create table users (id integer primary key);
    /// insert into users select id from users_old;
    /// drop table users_old;
    /// ```
    "down-migration-data-loss", Info [DataLoss] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.side != Side::Down {
        return;
    }
    let Some(table) = &change.table else { return };
    let Some(before) = table.before.as_ref().filter(|before| !before.temporary) else { return };
    let made_here = |origin: Origin| origin == Origin::judged(context.number);
    let what = match &change.kind {
        ChangeKind::DropTable { .. } if has_successor(table, change, context) => return,
        ChangeKind::DropTable { .. } if made_here(before.origin) && !before.columns.is_empty() => {
            format!("everything in `{}`", table.name)
        }
        ChangeKind::DropColumn { name, column: Some(column), .. }
            if made_here(column.origin) && !made_here(before.origin) && column.more.generated.is_none() =>
        {
            format!("every value of `{}.{name}`", table.name)
        }
        _ => return,
    };
    findings.report(change, format!("going back discards {what} that was written since"));
}
