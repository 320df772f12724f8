use super::prelude::*;
use crate::lint::algorithm::parts;
use crate::sql::TokenKind;

rule! {
    /// An ALTER TABLE that does not say how falls back to a copy without a word.
    ///
    /// What was instant on one version or for one column copies the table on another. Ask for what you expect with
    /// ALGORITHM= or LOCK=: then the server refuses instead of blocking.
    ///
    /// ```sql fires mysql mariadb
    /// alter table users add column nick varchar(20);
    /// ```
    ///
    /// ```sql fires mysql mariadb
    /// create index users_email on users (email);
    /// ```
    ///
    /// ```sql quiet mysql mariadb
    /// alter table users add column nick varchar(20), algorithm=instant;
    /// ```
    ///
    /// ```sql quiet mysql mariadb
    /// create index users_email on users (email) algorithm=inplace lock=none;
    /// ```
    ///
    /// ```sql quiet mysql mariadb
    /// create table users (id int primary key);
    /// alter table users add column nick varchar(20);
    /// ```
    "mysql-missing-algorithm", optional Info [BlocksReadsOrWrites] => Check::Migration(check)
}

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    for (number, statement, _) in context.statements() {
        if parts(context, number).is_empty() {
            continue;
        }
        let asks =
            |token: &crate::sql::Token| ["ALGORITHM", "LOCK"].iter().any(|word| token.is_word(context.text(), word));
        let words = statement.tokens(context.text(), context.lexis).filter(|token| token.kind == TokenKind::Word);
        if !words.into_iter().any(|token| asks(&token)) {
            findings
                .report_at(
                    Some(number),
                    statement.span,
                    "the server chooses how, and may copy the table without a word",
                )
                .help("add ALGORITHM=INSTANT, or ALGORITHM=INPLACE, LOCK=NONE, so that it is refused instead");
        }
    }
}
