use super::prelude::*;
use crate::lint::mending::concurrently;
use crate::sql::ddl::Detail;

rule! {
    /// Building an index blocks every write to its table until it is built, and the transaction ends.
    ///
    /// That takes minutes to hours on big tables. `CREATE INDEX CONCURRENTLY` lets writes go on; it must run outside a
    /// transaction, so it is best the only statement of its file. On a partitioned table create the index `ON ONLY` the
    /// parent, build it concurrently on each partition, and attach those.
    ///
    /// ```sql fires postgres
    /// create index users_email on users (email);
    /// ```
    ///
    /// ```sql quiet postgres
    /// create index concurrently users_email on users (email);
    /// ```
    ///
    /// ```sql quiet postgres
    /// create table users (id int, email text);
    /// create index users_email on users (email);
    /// ```
    ///
    /// MySQL lets writes go on by itself:
    ///
    /// ```sql quiet mysql mariadb
    /// create index users_email on users (email);
    /// ```
    "create-index-blocks-writes", Error [BlocksReadsOrWrites] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.grammar() != Grammar::Postgres {
        return;
    }
    let ChangeKind::CreateIndex { concurrently: false, .. } = &change.kind else { return };
    let Some(table) = used(change) else { return };
    let only_parent = matches!(&context.reading(change).detail, Detail::Index(index) if index.only);
    if !only_parent {
        let partitioned = table.before.as_ref().is_some_and(|table| table.partitioned);
        findings
            .report(change, format!("writes to `{}` are blocked while the index is built", table.name))
            .help("use CREATE INDEX CONCURRENTLY, in a file of its own")
            .mend(concurrently(change.statement, context).filter(|_| !partitioned));
    }
}
