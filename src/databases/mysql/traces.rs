//! What a statement does to the session that runs it, as far as a reset must know.

use crate::sql::{Lexis, TokenKind, Tokens, read_by};

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

/// Whether a statement may begin with a word that begins with one of these letters, small ones: most need not be read for
/// that. MariaDB's `SET STATEMENT … FOR` may stand before any.
fn may_begin(statement: &str, letters: &[u8]) -> bool {
    let statement = statement.trim_start().as_bytes();
    match statement.first().map(u8::to_ascii_lowercase) {
        Some(b's') => statement.windows(9).take(24).any(|word| word.eq_ignore_ascii_case(b"STATEMENT")),
        Some(first) if first.is_ascii_lowercase() => letters.contains(&first),
        _ => true,
    }
}

/// The database that a statement chooses.
pub(super) fn chosen(statement: &str) -> Option<String> {
    if !may_begin(statement, b"u") {
        return None;
    }
    let mut reader = Reader::beginning(statement, &Lexis::MARIADB);
    if reader.take("USE") { reader.identifier() } else { None }
}

/// What a statement does to its session, when this is the database in use.
pub(super) fn trace(statement: &str, database: &str) -> Trace {
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
        let name = reader.name().map(|name| {
            let schema = name.schema.as_deref().unwrap_or(database);
            format!("{}.{}", super::dialect::quote(schema), super::dialect::quote(&name.name))
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

/// Statements that commit by themselves before and after what they do.
const COMMITTED: &[&str] = &[
    "CREATE", "ALTER", "DROP", "RENAME", "TRUNCATE", "GRANT", "REVOKE", "ANALYZE", "OPTIMIZE", "CHECK", "REPAIR",
    "FLUSH",
];

/// Whether a statement that runs alone may end with a transaction open: a procedure, a block, or whatever is not known.
pub(super) fn leaves_transaction_open(statement: &str) -> bool {
    !Reader::beginning(statement, &Lexis::MARIADB).sees(COMMITTED)
}

/// Whether the server says in rows, and not with an error, that the statement failed: of each table by itself.
pub(super) fn reports_in_rows(statement: &str) -> bool {
    const MAINTENANCE: &[&str] = &["ANALYZE", "OPTIMIZE", "CHECK", "REPAIR"];
    if !may_begin(statement, b"aocr") {
        return false;
    }
    let mut reader = Reader::beginning(statement, &Lexis::MARIADB);
    if !reader.take("ALTER") {
        return reader.sees(MAINTENANCE);
    }
    let table = reader.skip_to(&["TABLE"]);
    reader.take_all(&["IF", "EXISTS"]);
    table && reader.name().is_some() && reader.sees(MAINTENANCE)
}

/// Whether a server of this version finds nothing in a statement but comments, some of them for other servers.
pub(super) fn is_unread(statement: &str, lexis: &Lexis, version: &[u32]) -> bool {
    let first = |text: &str| Tokens::new(text, lexis).code().next().map(|token| token.kind);
    if first(statement) != Some(TokenKind::VersionOpen) {
        return false;
    }
    let number = |index: usize| version.get(index).copied().unwrap_or_default();
    let version = number(0) * 10_000 + number(1) * 100 + number(2);
    first(&read_by(statement, lexis, version)).is_none()
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
            assert_eq!(trace(clean, "d"), Trace::None, "{clean}");
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
            assert_eq!(trace(dirt, "d"), Trace::Dirt, "{dirt}");
        }
        let drop = |name: &str| Trace::Litter(format!("DROP TEMPORARY TABLE IF EXISTS {name}"));
        assert_eq!(trace("create temporary table if not exists a.b (i int)", "d"), drop("`a`.`b`"));
        assert_eq!(trace("create or replace temporary table `x``y` like t", "d"), drop("`d`.`x``y`"));
        assert_eq!(trace("prepare p from 'select 1'", "d"), Trace::Litter("DEALLOCATE PREPARE `p`".to_owned()));
    }

    #[test]
    fn maintenance_fails_in_rows() {
        let rows =
            ["optimize table t", "alter table s.t check partition p", "set statement a = 1 for analyze local table t"];
        assert!(rows.into_iter().all(reports_in_rows));
        assert!(!["alter table t add check (a > 0)", "select 1"].into_iter().any(reports_in_rows));
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
