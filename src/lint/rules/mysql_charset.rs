use super::prelude::*;
use crate::sql::cursor::{Cursor, code};
use crate::sql::ddl::{ObjectKind, Verb};

rule! {
    /// utf8, which means utf8mb3, and latin1 do not hold every character.
    ///
    /// An emoji, or a name from the other half of the world, is refused or comes back as question marks. Write utf8mb4.
    ///
    /// ```sql fires mysql mariadb
    /// create table users (id bigint primary key, nick varchar(20)) default charset=utf8;
    /// ```
    ///
    /// ```sql fires mysql mariadb
    /// alter table users add column nick varchar(20) character set latin1;
    /// ```
    ///
    /// ```sql fires mysql mariadb
    /// create table users (id bigint primary key, nick varchar(20) collate utf8_general_ci);
    /// ```
    ///
    /// ```sql quiet mysql mariadb
    /// create table users (id bigint primary key, nick varchar(20), code char(2) character set ascii) charset=utf8mb4;
    /// ```
    "mysql-charset", optional Info [Style] => Check::Migration(check)
}

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    if !context.grammar().is_mysql() {
        return;
    }
    for (number, statement, heading) in context.statements() {
        let holds_text = matches!(heading.object, Some(ObjectKind::Table | ObjectKind::Database));
        if !holds_text || heading.flags.temporary || !matches!(heading.verb, Verb::Create | Verb::Alter) {
            continue;
        }
        let tokens = code(context.text(), statement.span, context.lexis);
        let mut cursor = Cursor::new(context.text(), &tokens);
        while !cursor.is_end() {
            if !(cursor.eat("CHARACTER SET") || cursor.eat("CHARSET") || cursor.eat("COLLATE")) {
                cursor.step();
                continue;
            }
            cursor.eat("=");
            let written = cursor.here();
            let name = written.of(context.text()).trim_matches(['`', '\'', '"']).to_ascii_lowercase();
            // A collation begins with its character set.
            let charset = name.split('_').next().unwrap_or_default();
            if matches!(charset, "utf8" | "utf8mb3" | "latin1") {
                findings
                    .report_at(Some(number), written, format!("{charset} does not hold every character"))
                    .help("write utf8mb4");
            }
        }
    }
}
