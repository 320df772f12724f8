//! What the catalog tells of statements that run outside our transaction: whether they took effect, and what they
//! leave behind when they are broken off.

mod read;

use super::super::Probe;
use super::dialect::literal;
use crate::sql::{Lexis, Tokens};

use read::{Index, Reindexed, Work, read};

/// What stands in a before-image between what tells whether the statement took effect and the numbers of the invalid indexes
/// of that name that were there before it.
const BEFORE_IT: char = '|';

/// What tells whether the statement took effect.
pub(super) fn probe(statement: &str) -> Probe {
    match read(statement) {
        Work::BuildIndex { index, table } => {
            let some = |which: &str| {
                format!(
                    "coalesce(pg_catalog.string_agg(i.indexrelid::text, ',' ORDER BY i.indexrelid) FILTER (WHERE {which}), 'none')"
                )
            };
            Probe::Fingerprint(format!(
                "(SELECT {} || '{BEFORE_IT}' || {} \
                 FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid \
                 WHERE i.indrelid = {} AND {})",
                some("i.indisvalid AND i.indisready"),
                some("NOT i.indisvalid"),
                class(&table),
                is_built(&index)
            ))
        }
        Work::DropIndex { names } => {
            let oids: Vec<String> =
                names.iter().map(|name| format!("coalesce({}::text, 'none')", class(name))).collect();
            Probe::Fingerprint(format!("pg_catalog.concat_ws(',', {})", oids.join(", ")))
        }
        Work::Detach { parent, child } => Probe::Fingerprint(format!(
            "(SELECT pg_catalog.count(*)::text FROM pg_catalog.pg_inherits WHERE inhparent = {} AND inhrelid = {})",
            class(&parent),
            class(&child)
        )),
        Work::Database(name) => by_name("pg_database", "datname", &name),
        Work::Tablespace(name) => by_name("pg_tablespace", "spcname", &name),
        Work::ReindexConcurrently(_) | Work::Again => Probe::Rerun,
        Work::Unknown(why) => Probe::Unknown(why.to_owned()),
    }
}

/// Whether two values of a [`probe`] say the same of the statement's effect.
pub(super) fn is_unchanged(before: &str, now: &str) -> bool {
    let effect = |image: &str| image.split(BEFORE_IT).next().map(str::to_owned);
    effect(before) == effect(now)
}

/// Whether the statement runs a procedure's body, which may commit by itself.
pub(super) fn calls(statement: &str) -> bool {
    let first = Tokens::new(statement, &Lexis::POSTGRES).code().next();
    first.is_some_and(|token| ["CALL", "DO"].iter().any(|word| token.is_word(statement, word)))
}

/// A query for what the statement leaves behind when it is broken off and can be cleared away, but for what was there before
/// it.
pub(super) fn leftovers(statement: &str, before: Option<&str>) -> Option<String> {
    let drop = |condition: &str| {
        dead(
            "'DROP INDEX CONCURRENTLY IF EXISTS ' || pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname)",
            // Not everybody may name what is in the schema of TOAST tables.
            &format!("{condition} AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')"),
        )
    };
    match read(statement) {
        Work::BuildIndex { index, table } => {
            let others = before.and_then(|image| image.split_once(BEFORE_IT)).map_or("", |(_, others)| others);
            let others: Vec<&str> = others.split(',').filter(|number| number.parse::<u32>().is_ok()).collect();
            let is_new = match others.is_empty() {
                true => String::new(),
                false => format!(" AND i.indexrelid NOT IN ({})", others.join(", ")),
            };
            Some(drop(&format!("i.indrelid = {} AND {}{is_new}", class(&table), is_built(&index))))
        }
        Work::ReindexConcurrently(whose) => Some(drop(&is_copy(&whose))),
        // Broken off, it is neither attached nor detached, and can only be finished.
        Work::Detach { parent, child } => Some(format!(
            "SELECT 'ALTER TABLE ' || h.inhparent::pg_catalog.regclass || ' DETACH PARTITION ' \
             || h.inhrelid::pg_catalog.regclass || ' FINALIZE' FROM pg_catalog.pg_inherits h \
             WHERE h.inhparent = {} AND h.inhrelid = {} AND pg_catalog.to_jsonb(h) ->> 'inhdetachpending' = 'true'",
            class(&parent),
            class(&child)
        )),
        _ => None,
    }
}

/// A query for what the statement leaves behind when it is broken off and is not cleared away: what running it again does
/// away with, and what this login may not touch.
pub(super) fn remains(statement: &str) -> Option<String> {
    let invalid = |condition: &str, and: &str| {
        let what = format!("'the index `' || i.indexrelid::pg_catalog.regclass || '`, which is invalid{and}'");
        dead(&what, condition)
    };
    match read(statement) {
        Work::DropIndex { names } => {
            let oids: Vec<String> = names.iter().map(|name| class(name)).collect();
            Some(invalid(&format!("i.indexrelid IN ({})", oids.join(", ")), ", so that no query uses it"))
        }
        Work::ReindexConcurrently(whose) => {
            Some(invalid(&is_copy(&whose), " and which only an administrator can drop"))
        }
        _ => None,
    }
}

/// A query for the index that is there already, and invalid, where the statement is one that the server then does nothing for
/// and calls a success.
pub(super) fn passed_over(statement: &str) -> Option<String> {
    let mut first = Tokens::new(statement, &Lexis::POSTGRES).code().take(5);
    if !first.any(|token| token.is_word(statement, "CONCURRENTLY"))
        || !first.any(|token| token.is_word(statement, "IF"))
    {
        return None;
    }
    let Work::BuildIndex { index, table } = read(statement) else { return None };
    Some(format!(
        "SELECT i.indexrelid::pg_catalog.regclass FROM pg_catalog.pg_index i \
         JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid WHERE NOT i.indisvalid AND i.indrelid = {} AND {}",
        class(&table),
        is_built(&index)
    ))
}

/// This of each invalid index of which the condition is true. It may also be somebody's build that is going on at this
/// moment. Of such a build every login may see the process and the lock on the table, but not which index it is.
fn dead(what: &str, condition: &str) -> String {
    format!(
        "SELECT {what} FROM pg_catalog.pg_index i \
         JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE NOT i.indisvalid AND c.relkind = 'i' AND {condition} AND NOT EXISTS (SELECT 1 FROM \
         pg_catalog.pg_stat_progress_create_index p JOIN pg_catalog.pg_locks l ON l.pid = p.pid \
         WHERE l.relation = i.indrelid AND l.mode = 'ShareUpdateExclusiveLock' AND l.granted) ORDER BY c.relname"
    )
}

/// Whether an index is the one that is built.
fn is_built(index: &Index) -> String {
    match index {
        Index::Named(name) => format!("c.relname = {}", identifier(name)),
        Index::Unnamed { columns } => unnamed(columns),
    }
}

/// Whether an index is a copy that rebuilding these makes, on their tables or on what holds the long values of those.
fn is_copy(whose: &Reindexed) -> String {
    let with_partitions = |name: &str| {
        format!(
            "SELECT {} UNION ALL SELECT relid::oid FROM pg_catalog.pg_partition_tree(pg_catalog.to_regclass({}))",
            class(name),
            literal(name)
        )
    };
    let tables = match whose {
        Reindexed::Everything => "SELECT oid FROM pg_catalog.pg_class".to_owned(),
        Reindexed::Schema(name) => format!(
            "SELECT t.oid FROM pg_catalog.pg_class t JOIN pg_catalog.pg_namespace s ON s.oid = t.relnamespace \
             WHERE s.nspname = {}",
            identifier(name)
        ),
        Reindexed::Table(name) => with_partitions(name),
        Reindexed::Index(name) => {
            format!("SELECT x.indrelid FROM pg_catalog.pg_index x WHERE x.indexrelid IN ({})", with_partitions(name))
        }
    };
    format!(
        "c.relname ~ '_cc(new|old)[0-9]*$' AND i.indrelid IN (WITH tables(oid) AS ({tables}) SELECT oid FROM tables \
         UNION ALL SELECT t.reltoastrelid FROM pg_catalog.pg_class t JOIN tables ON tables.oid = t.oid)"
    )
}

/// Whether an index has a name that the server gave, which is `table_column_idx` with a number if that is taken, and is
/// over these columns.
fn unnamed(columns: &[Option<String>]) -> String {
    let columns: Vec<String> =
        columns.iter().map(|column| column.as_deref().map_or("''".to_owned(), identifier)).collect();
    format!(
        "c.relname ~ '_idx[0-9]*$' AND ARRAY[{}]::text[] = ARRAY(SELECT coalesce(a.attname::text, '') \
         FROM pg_catalog.unnest(i.indkey::int2[]) WITH ORDINALITY k(number, place) \
         LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number AND k.number <> 0 \
         ORDER BY k.place)",
        columns.join(", ")
    )
}

/// The number of the table or index that a script calls so.
fn class(name: &str) -> String {
    format!("pg_catalog.to_regclass({})::oid", literal(name))
}

/// What the catalog calls what a script calls so: the server folds capitals and cuts what is too long as its encoding asks.
fn identifier(name: &str) -> String {
    format!("(pg_catalog.parse_ident({}))[1]::pg_catalog.name::text", literal(name))
}

fn by_name(catalog: &str, column: &str, name: &str) -> Probe {
    Probe::Fingerprint(format!(
        "coalesce((SELECT oid::text FROM pg_catalog.{catalog} WHERE {column} = {}), 'none')",
        identifier(name)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn index_builds_and_detaching_leave_something() {
        let left = |statement: &str| leftovers(statement, None).unwrap_or_default();
        assert!(left("create index concurrently i on t (x)").contains("'i'"));
        assert!(left("reindex table concurrently t").contains("_cc(new|old)"));
        assert!(left("alter table t detach partition p concurrently").contains("FINALIZE"));
        for nothing in ["vacuum t", "reindex table t", "drop index concurrently i"] {
            assert_eq!(left(nothing), "");
        }
        assert!(remains("drop index concurrently s.i").is_some_and(|sql| sql.contains("'s.i'")));
        assert_eq!(remains("vacuum t"), None);
        assert_eq!(remains("alter table t add column a int"), None);
    }

    #[test]
    fn only_what_is_built_unless_it_exists_is_passed_over() {
        assert!(passed_over("create unique index concurrently if not exists i on t (x)").is_some());
        assert!(passed_over("/* */ create index concurrently if not exists i on t (x)").is_some());
        for other in ["create index concurrently i on t (x)", "create index if not exists i on t (x)", "select 1", ""] {
            assert_eq!(passed_over(other), None, "{other}");
        }
    }

    #[test]
    fn what_was_there_before_is_spared() {
        let build = "create index concurrently i on t (x)";
        assert!(leftovers(build, Some("7|12,13")).is_some_and(|sql| sql.contains("NOT IN (12, 13)")));
        assert!(leftovers(build, Some("7|none")).is_some_and(|sql| !sql.contains("NOT IN")));
        assert!(is_unchanged("7|12", "7|none") && is_unchanged("7", "7|12") && !is_unchanged("none|none", "7|none"));
    }
}
