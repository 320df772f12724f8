use super::prelude::*;
use crate::lint::written::indexes;

rule! {
    /// Before version 10 of PostgreSQL a hash index is not in the log.
    ///
    /// After a crash it must be built anew, and on a replica it is wrong. Take a B-tree.
    ///
    /// ```sql fires postgres@9
    /// create index concurrently users_token on users using hash (token);
    /// ```
    ///
    /// ```sql quiet postgres
    /// create index concurrently users_token on users using hash (token);
    /// ```
    ///
    /// ```sql quiet postgres@9
    /// create index concurrently users_token on users (token);
    /// ```
    "hash-index", optional Info [Style] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.grammar() != Grammar::Postgres || context.server.since(10, 0, 0) {
        return;
    }
    for new in indexes(change, context) {
        if new.definition.method.as_ref().is_some_and(|method| method.value == "hash") {
            findings
                .report_at(Some(change.statement), new.span, "the index does not survive a crash, nor reach a replica")
                .help("take a B-tree, or PostgreSQL 10");
        }
    }
}
