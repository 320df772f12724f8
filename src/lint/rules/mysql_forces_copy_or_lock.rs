use super::prelude::*;
use crate::lint::algorithm::{Algorithm, asked, parts};
use crate::schema::mentions;
use crate::sql::ddl::Verb;

rule! {
    /// A statement that asks for a copy or a lock gets it, though it need not.
    ///
    /// `ALGORITHM=COPY`, `LOCK=SHARED` and `LOCK=EXCLUSIVE` block writes for as long as the table is big, and
    /// `old_alter_table` does so for every statement. `ALTER IGNORE TABLE` on MariaDB throws duplicate rows away without a word.
    ///
    /// ```sql fires mysql mariadb
    /// create table users (id int primary key, hits int);
    /// -- next migration
    /// alter table users add column age int, algorithm=copy;
    /// ```
    ///
    /// ```sql fires mariadb
    /// create table users (id int primary key, hits int);
    /// -- next migration
    /// alter ignore table users add unique (hits);
    /// ```
    ///
    /// ```sql quiet mysql mariadb
    /// create table users (id int primary key, hits int);
    /// -- next migration
    /// alter table users add column age int, algorithm=instant;
    /// ```
    ///
    /// Texts that get the collation of the table are copied, which cannot be done otherwise:
    ///
    /// ```sql quiet mysql mariadb
    /// create table users (id int primary key, name varchar(50) character set utf8mb4 collate utf8mb4_bin);
    /// -- next migration
    /// alter table users modify name varchar(50), lock=shared;
    /// ```
    "mysql-forces-copy-or-lock", Error [BlocksReadsOrWrites] => Check::Statement(check)
}

fn check(number: usize, context: &Context<'_>, findings: &mut Findings<'_>) {
    if !context.grammar().is_mysql() {
        return;
    }
    let (statement, heading) = (&context.script.statements[number], &context.script.headings[number]);
    let text = statement.of(context.text());
    let what = match heading.verb {
        Verb::Set => old_alter_table(text),
        Verb::Alter if in_use(number, context) => forced(number, context),
        _ => None,
    };
    if heading.verb == Verb::Alter && ignores(text, context) && in_use(number, context) {
        let what = "rows that break a unique key are deleted, and values that do not fit are changed, without a word";
        findings
            .report_at(Some(number), statement.span, what)
            .help("leave IGNORE out, and mend the rows by statements of their own");
    } else if let Some(what) = what {
        findings
            .report_at(Some(number), statement.span, format!("{what}, though it need not be so"))
            .help("leave it out, or ask for ALGORITHM=INSTANT, or for ALGORITHM=INPLACE, LOCK=NONE");
    }
}

/// `ALTER IGNORE TABLE`, which MySQL no longer reads.
fn ignores(text: &str, context: &Context<'_>) -> bool {
    let second = text.split_whitespace().nth(1);
    context.grammar() == Grammar::MariaDb && second.is_some_and(|word| word.eq_ignore_ascii_case("ignore"))
}

fn in_use(number: usize, context: &Context<'_>) -> bool {
    context.of_statement(number).iter().any(|change| used(change).is_some())
}

fn old_alter_table(text: &str) -> Option<String> {
    let on = |value: &str| text.trim_end().to_ascii_lowercase().ends_with(value);
    let copies = (mentions(text, "old_alter_table") && (on("1") || on("on")))
        || (mentions(text, "alter_algorithm") && mentions(text, "copy"));
    copies.then(|| "every ALTER TABLE after it copies its table".to_owned())
}

/// Whether a column loses a character set or a collation of its own: its texts are copied if the table has another.
fn may_convert(number: usize, context: &Context<'_>) -> bool {
    context.of_statement(number).iter().any(|change| match &change.kind {
        ChangeKind::ModifyColumn { old: Some(old), new, .. } => {
            let had = old.more.charset.is_some() || old.more.collation.is_some();
            had && new.more.charset.is_none() && new.more.collation.is_none()
        }
        _ => false,
    })
}

fn forced(number: usize, context: &Context<'_>) -> Option<String> {
    let (algorithm, lock) = asked(context, number);
    let worst = parts(context, number).iter().map(|part| part.algorithm).max();
    let online = lock.as_deref() == Some("NONE");
    // What blocks by itself is said by the rule for it.
    if worst.is_some_and(|worst| worst >= Algorithm::Blocking) || online || may_convert(number, context) {
        return None;
    }
    match (algorithm.as_deref(), lock.as_deref()) {
        (Some("COPY"), _) => Some("the whole table is copied while nobody can write to it".to_owned()),
        (_, Some(lock @ ("SHARED" | "EXCLUSIVE"))) => Some(format!("LOCK={lock} blocks writes until it is done")),
        _ => None,
    }
}
