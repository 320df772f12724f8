//! What a statement does to the session that runs it, as far as a reset must know.

use crate::sql::Lexis;

use super::dialect::LIMITS;
use super::reader::Reader;

/// What a statement does to its session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trace {
    /// Nothing that stays.
    None,
    /// It may set variables, choose another database, lock tables, do anything.
    Dirt,
    /// As before, and this statement takes something away that no list shows.
    Litter(String),
}

/// Statements that leave the session as it was.
const CLEAN: &[&str] = &[
    "SELECT",
    "INSERT",
    "UPDATE",
    "DELETE",
    "REPLACE",
    "WITH",
    "VALUES",
    "TABLE",
    "CREATE",
    "ALTER",
    "DROP",
    "RENAME",
    "TRUNCATE",
    "GRANT",
    "REVOKE",
    "START",
    "COMMIT",
    "ROLLBACK",
    "SAVEPOINT",
    "RELEASE",
    "ANALYZE",
    "OPTIMIZE",
    "CHECK",
    "CHECKSUM",
    "REPAIR",
    "SHOW",
    "DESC",
    "DESCRIBE",
    "EXPLAIN",
    "LOAD",
    "IMPORT",
];

/// What a statement does to its session.
pub(super) fn trace(statement: &str) -> Trace {
    if statement.starts_with(LIMITS) || statement.starts_with(super::session::DOING) {
        return Trace::None;
    }
    let mut reader = Reader::beginning(statement, &Lexis::MARIADB);
    if reader.peek() == Some("(") {
        return Trace::None;
    }
    if reader.take("PREPARE") {
        return litter(reader.identifier(), "DEALLOCATE PREPARE ");
    }
    if reader.sees(&["DROP"]) {
        reader.skip();
        // The database in use may be the one that goes.
        return if reader.sees(&["DATABASE", "SCHEMA"]) { Trace::Dirt } else { Trace::None };
    }
    if reader.take("CREATE") {
        reader.take_all(&["OR", "REPLACE"]);
        if !reader.take("TEMPORARY") {
            return Trace::None;
        }
        let what = if reader.take("SEQUENCE") { "SEQUENCE" } else { "TABLE" };
        reader.take("TABLE");
        reader.take_all(&["IF", "NOT", "EXISTS"]);
        let name = reader.name().map(|name| match name.schema {
            Some(schema) => format!("{}.{}", super::dialect::quote(&schema), super::dialect::quote(&name.name)),
            None => super::dialect::quote(&name.name),
        });
        return match name {
            Some(name) => Trace::Litter(format!("DROP TEMPORARY {what} IF EXISTS {name}")),
            None => Trace::Dirt,
        };
    }
    if reader.sees(CLEAN) { Trace::None } else { Trace::Dirt }
}

fn litter(name: Option<String>, before: &str) -> Trace {
    name.map_or(Trace::Dirt, |name| Trace::Litter(format!("{before}{}", super::dialect::quote(&name))))
}

/// Whether the server answers a statement with exactly one result; procedures and blocks give any number.
pub(super) fn answers_once(statement: &str) -> bool {
    let mut reader = Reader::beginning(statement, &Lexis::MARIADB);
    if reader.sees(&["CALL", "EXECUTE", "IF", "CASE", "LOOP", "WHILE", "REPEAT", "FOR"]) {
        return false;
    }
    if reader.take("BEGIN") {
        return !reader.sees(&["NOT"]);
    }
    // A block may have a label.
    !(reader.identifier().is_some() && reader.peek() == Some(":"))
}

/// Whether the server keeps the statement's text: MySQL then keeps what follows it in its message, too, up to the semicolon
/// and with it.
pub(super) fn keeps_its_text(statement: &str) -> bool {
    let reader = Reader::beginning(statement, &Lexis::MARIADB);
    reader.sees(&["CREATE", "ALTER"]) && reader.has_ahead(&["PROCEDURE", "FUNCTION", "TRIGGER", "EVENT", "PACKAGE"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_the_session_is_seen() {
        for clean in [
            "select 1",
            "(select 1)",
            "create table t (i int)",
            "/* c */ insert into t values (1)",
            "-- x\ndrop table t",
        ] {
            assert_eq!(trace(clean), Trace::None, "{clean}");
        }
        for dirt in [
            "set @a = 1",
            "/*!40101 SET NAMES latin1 */",
            "use b",
            "lock tables t read",
            "call p()",
            "begin not atomic end",
            "drop database d",
            "flush tables",
        ] {
            assert_eq!(trace(dirt), Trace::Dirt, "{dirt}");
        }
        let drop = |name: &str| Trace::Litter(format!("DROP TEMPORARY TABLE IF EXISTS {name}"));
        assert_eq!(trace("create temporary table if not exists a.b (i int)"), drop("`a`.`b`"));
        assert_eq!(trace("create or replace temporary table `x``y` like t"), drop("`x``y`"));
        assert_eq!(trace("prepare p from 'select 1'"), Trace::Litter("DEALLOCATE PREPARE `p`".to_owned()));
    }

    #[test]
    fn blocks_and_calls_answer_as_they_like() {
        assert!(["select 1", "begin", "create procedure p() begin end", "(select 1)"].into_iter().all(answers_once));
        let any = [
            "call p()",
            "execute s",
            "begin not atomic end",
            "if 1 then select 1; end if",
            "a: loop leave a; end loop",
        ];
        assert!(!any.into_iter().any(answers_once));
    }
}
