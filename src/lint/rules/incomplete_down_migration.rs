use super::prelude::*;
use crate::lint::Side;
use crate::migration::Directive;
use crate::schema::Departure;
use crate::sql::Span;
use crate::sql::ddl::Verb;

rule! {
    /// A down script that leaves part of its up script behind leads to a state that nobody has tested.
    ///
    /// After going back, the schema should be what it was before. What stays makes the next attempt fail, because it is
    /// there already; what is missing breaks the older code for which one goes back. Undo every step, in the opposite order;
    /// what cannot be undone is said with `-- migrate:down irreversible: reason`.
    ///
    /// ```sql fires
    /// create table tags (id int primary key);
    /// create table labels (id int primary key);
    /// -- down
    /// drop table tags;
    /// ```
    ///
    /// ```sql fires postgres mysql mariadb
    /// create table users (id int primary key, name varchar(20));
    /// -- next migration
    /// alter table users drop column name;
    /// -- down
    /// select 1;
    /// ```
    ///
    /// ```sql quiet
    /// create table tags (id int primary key);
    /// create table labels (id int primary key);
    /// -- down
    /// drop table labels;
    /// drop table tags;
    /// ```
    ///
    /// ```sql quiet
    /// -- migrate:down irreversible: the tables stay
    /// create table tags (id int primary key);
    /// -- down
    /// select 1;
    /// ```
    ///
    /// One that refuses to run pretends nothing:
    ///
    /// ```sql quiet postgres
    /// create table users (id int, nick text);
    /// -- next migration
    /// alter table users drop column nick;
    /// -- down
    /// do $$ begin raise 'this cannot be undone'; end $$;
    /// ```
    "incomplete-down-migration", Warning [DataDependentFailure, BreaksNewCodeOnRollback] => Check::Migration(check)
}

/// The rest is counted.
const NAMED: usize = 3;

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    let (Side::Down, Some(undo)) = (context.side, context.undo) else { return };
    let up = context.migration().up.directives(context.lexis);
    let said = up.all.iter().chain(&context.directives.all);
    if undo.differences.is_empty() || said.into_iter().any(|(_, one)| matches!(one, Directive::DownIrreversible(_))) {
        return;
    }
    if refuses(context) {
        return;
    }
    let mut told: Vec<String> = undo
        .differences
        .iter()
        .take(NAMED)
        .map(|difference| {
            let how = match difference.how {
                Departure::Stays => "stays",
                Departure::Missing => "is not back",
                Departure::Differs => "is not what it was",
            };
            format!("{} {how}", difference.what)
        })
        .collect();
    let more = undo.differences.len().saturating_sub(NAMED);
    if more > 0 {
        told.push(format!("and {more} more"));
    }
    let last = context.script.statements.last().map_or(Span::default(), |statement| statement.span);
    findings
        .report_at(None, last, format!("this does not undo the up script: {}", told.join(", ")))
        .help("undo every step of the up script, or say `-- migrate:down irreversible: reason` in it");
}

/// Whether all that the script does is to raise an error.
fn refuses(context: &Context<'_>) -> bool {
    let mut statements = context.statements();
    let (Some((_, statement, heading)), None) = (statements.next(), statements.next()) else { return false };
    let text = statement.of(context.text()).to_ascii_lowercase();
    let mut words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let raises = words.by_ref().skip_while(|word| *word != "begin").nth(1) == Some("raise");
    let tells = words.next().is_some_and(|word| ["debug", "log", "info", "notice", "warning"].contains(&word));
    heading.verb == Verb::Do && raises && !tells
}
