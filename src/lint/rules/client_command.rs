use super::prelude::*;
use crate::lint::Severity;
use crate::sql::{Span, Tokens};

rule! {
    /// A command of the database's own shell is no SQL, and no server understands it.
    ///
    /// `\connect` and `\i` are psql's, `DELIMITER` and `source` the mysql shell's, `.read` sqlite3's; the data that follows
    /// `COPY … FROM stdin` is sent by psql.
    ///
    /// ```sql fires postgres
    /// \connect otherdb
    /// create table t (id int);
    /// ```
    ///
    /// ```sql fires sqlite
    /// .read other.sql
    /// ```
    ///
    /// ```sql fires mysql mariadb
    /// delimiter //
    /// create procedure p() begin select 1; end//
    /// delimiter ;
    /// ```
    ///
    /// ```sql quiet
    /// create table t (id int);
    /// ```
    "client-command", Error [DataDependentFailure] => Check::Migration(check)
}

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    for (number, statement, _) in context.statements() {
        if statement.kind != StatementKind::Sql {
            findings
                .report_at(
                    Some(number),
                    statement.span,
                    "only the database's own shell understands this, not its server",
                )
                .help("write plain SQL");
        }
    }
    if let Some(span) = delimiter(context) {
        findings
            .report_at(None, span, "`DELIMITER` is a command of the mysql shell, which no server understands")
            .severity(Severity::Warning)
            .help("leave it out: `migrate` keeps the body of a routine together without it");
    }
}

/// The first `DELIMITER` between the statements. This program understands it, as other tools may not.
fn delimiter(context: &Context<'_>) -> Option<Span> {
    if !context.grammar().is_mysql() {
        return None;
    }
    let starts = context.statements().map(|(_, statement, _)| statement.span.start);
    let ends = context.statements().map(|(_, statement, _)| statement.span.end);
    let gaps = std::iter::once(0).chain(ends).zip(starts.chain([context.text().len()]));
    gaps.into_iter().find_map(|(from, to)| {
        let tokens = Tokens::within(context.text(), Span::new(from, to), context.lexis);
        let token = tokens.code().find(|token| token.is_word(context.text(), "DELIMITER"))?;
        Some(token.span())
    })
}
