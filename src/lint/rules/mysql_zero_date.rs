use super::prelude::*;
use crate::lint::written::columns;
use crate::schema::Table;

rule! {
    /// A default of '0000-00-00' is refused where NO_ZERO_DATE is in force, as it is by default on MySQL.
    ///
    /// The column then also stands in the way of every later ALTER TABLE of its table. Use NULL for "no date".
    ///
    /// ```sql fires mysql mariadb
    /// create table users (id int primary key, seen datetime not null default '0000-00-00 00:00:00');
    /// ```
    ///
    /// ```sql fires mysql
    /// create table users (id int primary key, seen date not null default '0000-00-00');
    /// -- next migration
    /// alter table users add column nick varchar(20);
    /// ```
    ///
    /// ```sql quiet mysql mariadb
    /// create table users (id int primary key, seen datetime null default null);
    /// ```
    ///
    /// ```sql quiet mysql
    /// create table users (id int primary key, seen date not null default '0000-00-00');
    /// -- next migration
    /// alter table users modify seen date null default null;
    /// ```
    "mysql-zero-date", optional Warning [DataDependentFailure] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    if !context.grammar().is_mysql() {
        return;
    }
    for new in columns(change, context) {
        if new.column.default.as_deref().is_some_and(is_zero) {
            findings
                .report_at(
                    Some(change.statement),
                    new.definition.span,
                    format!("NO_ZERO_DATE refuses the default of `{}`", new.column.name),
                )
                .help("allow nulls and let the default be NULL");
        }
    }
    // MariaDB has NO_ZERO_DATE only where somebody asked for it.
    if context.grammar() == Grammar::MariaDb || context.beside(change).next() != Some(change) {
        return;
    }
    let Some(table) = used(change) else { return };
    let is_alter = !context.reading(change).actions().is_empty();
    let after = context.catalog.table(&table.name).map(|table| &**table);
    if let Some(column) =
        table.before.as_deref().filter(|_| is_alter).and_then(|before| remains(before, after, context.grammar()))
    {
        findings
            .report(change, format!("NO_ZERO_DATE refuses this, because of the default of `{}.{column}`", table.name))
            .help("first give that column a default that is a date, or none");
    }
}

/// The column whose default is zero and stays so.
fn remains<'t>(before: &'t Table, after: Option<&Table>, grammar: Grammar) -> Option<&'t str> {
    let zero = before.columns.iter().filter(|column| column.default.as_deref().is_some_and(is_zero));
    let stays = |name: &str| {
        let column = after.map(|after| after.column(name, grammar));
        column.is_none_or(|column| column.is_some_and(|column| column.default.as_deref().is_some_and(is_zero)))
    };
    zero.map(|column| column.name.as_str()).find(|name| stays(name))
}

fn is_zero(default: &str) -> bool {
    default.trim_matches('\'').starts_with("0000-00-00")
}
