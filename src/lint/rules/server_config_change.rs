use super::prelude::*;
use crate::schema::mentions;
use crate::sql::ddl::{ObjectKind, Verb};

rule! {
    /// A setting of the database, a role or the server is no part of the schema.
    ///
    /// It outlives the migration, touches everything else there, and a rollback leaves it. Keep it with the configuration of
    /// the server.
    ///
    /// ```sql fires postgres
    /// alter database app set work_mem = '1GB';
    /// ```
    ///
    /// ```sql fires postgres
    /// alter system set max_connections = 500;
    /// ```
    ///
    /// ```sql fires mysql mariadb
    /// set global max_connections = 500;
    /// ```
    ///
    /// ```sql quiet postgres
    /// set local work_mem = '1GB';
    /// ```
    "server-config-change", Warning [TransactionMode] => Check::Migration(check)
}

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    for (number, statement, heading) in context.statements() {
        let text = statement.of(context.text());
        let of_server = match (heading.verb, heading.object) {
            (Verb::Alter, Some(ObjectKind::System)) => true,
            (Verb::Alter, Some(ObjectKind::Database | ObjectKind::Role)) => {
                context.grammar() == Grammar::Postgres && (mentions(text, "set") || mentions(text, "reset"))
            }
            (Verb::Set, _) => mentions(text, "global") || mentions(text, "persist"),
            _ => false,
        };
        if of_server {
            findings
                .report_at(
                    Some(number),
                    statement.span,
                    "this outlives the migration, and touches more than this schema",
                )
                .help("keep it with the configuration of the server");
        }
    }
}
