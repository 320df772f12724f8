use super::prelude::*;
use crate::sql::cursor::{Cursor, code};
use crate::sql::ddl::{ObjectKind, Verb};

rule! {
    /// Only InnoDB has transactions, foreign keys and changes that let others go on.
    ///
    /// MyISAM and its relatives lock the whole table at every write, lose rows in a crash, and copy the table at nearly every
    /// ALTER.
    ///
    /// ```sql fires mysql mariadb
    /// create table visits (id bigint primary key) engine=MyISAM;
    /// ```
    ///
    /// ```sql fires mysql mariadb
    /// alter table visits engine = Aria;
    /// ```
    ///
    /// ```sql quiet mysql mariadb
    /// create table visits (id bigint primary key) engine=InnoDB default charset=utf8mb4;
    /// ```
    "mysql-engine", optional Warning [Style] => Check::Migration(check)
}

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    if !context.grammar().is_mysql() {
        return;
    }
    for (number, statement, heading) in context.statements() {
        let is_table = heading.object == Some(ObjectKind::Table) && !heading.flags.temporary;
        if !is_table || !matches!(heading.verb, Verb::Create | Verb::Alter) {
            continue;
        }
        let tokens = code(context.text(), statement.span, context.lexis);
        let Some(mut option) = Cursor::new(context.text(), &tokens).find("ENGINE") else { continue };
        option.step();
        option.eat("=");
        let engine = option.here().of(context.text()).trim_matches(['`', '\'', '"']);
        if !engine.is_empty() && !engine.eq_ignore_ascii_case("InnoDB") {
            findings
                .report_at(Some(number), option.here(), format!("a table of {engine} has no transactions"))
                .help("write ENGINE=InnoDB, or leave it out");
        }
    }
}
