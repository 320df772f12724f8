use super::prelude::*;
use crate::lint::algorithm::blocks_writes;
use crate::schema::Table;
use crate::sql::ddl::IndexKind;

rule! {
    /// Some indexes are built while nobody can write to the table.
    ///
    /// `FULLTEXT` and `SPATIAL` indexes are, indexes of expressions, those of a virtual column that is added in the same
    /// statement, and on MariaDB a new column of a table that has a `FULLTEXT` index.
    ///
    /// ```sql fires mysql mariadb
    /// alter table posts add fulltext index posts_body (body);
    /// ```
    ///
    /// ```sql fires mysql
    /// create index users_lower on users ((lower(name)));
    /// ```
    ///
    /// ```sql quiet mysql mariadb
    /// create index users_name on users (name);
    /// ```
    "mysql-index-blocks-writes", Error [BlocksReadsOrWrites] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    if !context.grammar().is_mysql() {
        return;
    }
    let Some(table) = used(change) else { return };
    let has_fulltext = |known: &Table| known.indexes.iter().any(|index| index.kind == IndexKind::Fulltext);
    let beside_fulltext = match &change.kind {
        ChangeKind::AddColumn { .. } => {
            context.grammar() == Grammar::MariaDb && table.before.as_ref().is_some_and(|known| has_fulltext(known))
        }
        _ => false,
    };
    if blocks_writes(change, context) || beside_fulltext {
        findings
            .report(change, format!("nobody can write to `{}` until it is done", table.name))
            .help("use an online schema change tool, or plan for the time it takes");
    }
}
