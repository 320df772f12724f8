use super::prelude::*;
use crate::sql::Effect;

rule! {
    /// Several statements of which one changes the schema are not undone together.
    ///
    /// MySQL and MariaDB commit before and after each such statement, so a failure leaves the file half done, and somebody has to
    /// find out where. One schema change per file leaves no such question.
    ///
    /// ```sql fires mysql mariadb
    /// create table a (id int primary key);
    /// create table b (id int primary key);
    /// ```
    ///
    /// ```sql quiet mysql mariadb
    /// create table a (id int primary key);
    /// ```
    "mysql-non-atomic-migration", Info [TransactionMode] => Check::Migration(check)
}

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    if !context.grammar().is_mysql() {
        return;
    }
    let changes = |number: usize| !context.of_statement(number).is_empty();
    let mut statements = context.statements().zip(context.effects()).filter(|((number, ..), _)| changes(*number));
    let (Some((_, first)), Some(((number, statement, _), second))) = (statements.next(), statements.next()) else {
        return;
    };
    let commits = |effect: &Effect| *effect == Effect::ImplicitCommit;
    if commits(first) || commits(second) || statements.any(|(_, effect)| commits(effect)) {
        findings
            .report_at(Some(number), statement.span, "should this fail, what stands above it is done all the same")
            .help("one schema change per file");
    }
}
