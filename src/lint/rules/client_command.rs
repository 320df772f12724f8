use super::prelude::*;

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
}
