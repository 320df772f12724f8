use super::prelude::*;
use crate::lint::Fix;
use crate::lint::algorithm::{Algorithm, parts};
use crate::lint::mending::appended;
use crate::sql::TokenKind;
use crate::sql::ddl::{ActionKind, Verb};

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
    "mysql-missing-algorithm", optional Info [BlocksReadsOrWrites] => Check::Statement(check)
}

/// The best that the server can do, and nothing where it copies or blocks.
fn asking(statement: usize, context: &Context<'_>) -> Option<Fix> {
    let reading = context.reading_of(statement);
    let is_alter = reading.verb == Verb::Alter;
    // What is said of partitions stands last.
    if reading.actions().iter().any(|action| matches!(action.kind, ActionKind::Partition(_))) {
        return None;
    }
    let worst = parts(context, statement).into_iter().map(|part| part.algorithm).max()?;
    let words = match worst {
        Algorithm::Instant if is_alter => ", ALGORITHM=INSTANT",
        Algorithm::Instant | Algorithm::InPlace | Algorithm::Rebuild if is_alter => ", ALGORITHM=INPLACE, LOCK=NONE",
        Algorithm::InPlace => " ALGORITHM=INPLACE LOCK=NONE",
        _ => return None,
    };
    appended(statement, "let the server refuse to do it in a worse way", words, context)
}

fn check(number: usize, context: &Context<'_>, findings: &mut Findings<'_>) {
    let statement = &context.script.statements[number];
    if parts(context, number).is_empty() {
        return;
    }
    let asks = |token: &crate::sql::Token| ["ALGORITHM", "LOCK"].iter().any(|word| token.is_word(context.text(), word));
    let words = statement.tokens(context.text(), context.lexis).filter(|token| token.kind == TokenKind::Word);
    if !words.into_iter().any(|token| asks(&token)) {
        findings
            .report_at(Some(number), statement.span, "the server chooses how, and may copy the table without a word")
            .help("add ALGORITHM=INSTANT, or ALGORITHM=INPLACE, LOCK=NONE, so that it is refused instead")
            .mend(asking(number, context));
    }
}
