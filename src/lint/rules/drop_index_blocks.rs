use super::prelude::*;
use crate::lint::mending::concurrently;
use crate::schema::ObjectName;
use crate::sql::ddl::Name;

rule! {
    /// Dropping an index waits for every query of its table, and every later query waits behind it.
    ///
    /// `DROP INDEX CONCURRENTLY` waits without holding up others; it must run outside a transaction.
    ///
    /// ```sql fires postgres
    /// drop index users_email;
    /// ```
    ///
    /// ```sql quiet postgres
    /// drop index concurrently users_email;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create table if not exists visits (id int, day date);
    /// drop index if exists visits_day;
    /// create index visits_day on visits (day);
    /// ```
    ///
    /// What went with its table blocks nobody:
    ///
    /// ```sql quiet postgres
    /// create table visits (id int, day date);
    /// create index visits_day on visits (day);
    /// -- next migration
    /// drop table visits;
    /// drop index if exists visits_day;
    /// ```
    ///
    /// With its table gone below, nothing is gained:
    ///
    /// ```sql quiet postgres
    /// create table orders (id int, tag text);
    /// create index orders_tag on orders (tag);
    /// -- next migration
    /// drop index orders_tag;
    /// drop table orders;
    /// ```
    "drop-index-blocks", Warning [BlocksReadsOrWrites] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.grammar() != Grammar::Postgres {
        return;
    }
    let ChangeKind::DropIndex { name, index, concurrently: false } = &change.kind else { return };
    let known = change.table.as_ref().and_then(|table| table.before.as_ref());
    let harmless = known.is_some_and(|table| !table.in_use() || table.partitioned);
    // One that a constraint needs cannot be dropped at all.
    let is_ours = index.as_ref().is_some_and(|index| index.of_constraint || index.origin != Origin::Deployed);
    let drops_nothing = || index.is_none() && drops_nothing(name, change, context);
    if !harmless && !is_ours && !drops_nothing() && !table_goes(change, context) {
        let finding =
            findings.report(change, format!("queries queue behind the lock that dropping `{name}` waits for"));
        finding.help("use DROP INDEX CONCURRENTLY, in a file of its own").mend(concurrently(change.statement, context));
        doubt(finding, change, context);
    }
}

/// Whether `IF EXISTS` is all that comes of it: the index that is created below belongs to a new table, or its schema is
/// a table, as other databases write it.
fn drops_nothing(name: &str, change: &Change, context: &Context<'_>) -> bool {
    let reading = context.reading(change);
    let of_table = |schema: &Name| {
        let table = ObjectName { schema: None, name: schema.value.clone() };
        context.catalog.table(&table).is_some()
    };
    let of_new_table = |later: &Change| match &later.kind {
        ChangeKind::CreateIndex { index, .. } => {
            index.name.as_deref() == Some(name) && later.table.as_ref().is_some_and(|table| !table.in_use())
        }
        _ => false,
    };
    reading.flags.if_exists
        && (reading.names.iter().any(|written| written.schema().is_some_and(of_table))
            || reading.names.iter().any(|written| written.name.value == name && context.catalog.is_gone(written))
            || context.all_after(change).iter().any(of_new_table))
}
