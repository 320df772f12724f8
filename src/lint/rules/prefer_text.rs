use super::prelude::*;
use crate::lint::written::types;

rule! {
    /// On PostgreSQL a VARCHAR with a length gains nothing over TEXT, and its length has to be changed one day.
    ///
    /// A shorter one reads the whole table while nobody can use it. Take TEXT, and where a limit matters a check, which can be
    /// replaced without that.
    ///
    /// ```sql fires postgres
    /// create table users (id bigint primary key, nick varchar(20));
    /// ```
    ///
    /// ```sql fires postgres
    /// alter table users alter column nick type varchar(40);
    /// ```
    ///
    /// ```sql quiet postgres
    /// create table users (id bigint primary key, nick text check (length(nick) <= 20));
    /// ```
    "prefer-text", optional Info [Style] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.grammar() != Grammar::Postgres {
        return;
    }
    for new in types(change, context) {
        if new.data_type.name == "varchar" && new.data_type.length().is_some() {
            findings
                .report_at(
                    Some(change.statement),
                    new.span,
                    format!("`{}` is {}, whose length is hard to change", new.column, new.data_type),
                )
                .help("take TEXT, with a check where a limit matters");
        }
    }
}
