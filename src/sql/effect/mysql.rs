//! MySQL and MariaDB: what commits by itself. What is not known is taken to commit.
//!
//! <https://dev.mysql.com/doc/refman/8.4/en/implicit-commit.html>

use super::{Control, Cursor, Effect};

pub(super) fn effect(mut cursor: Cursor<'_>) -> Effect {
    // MariaDB: SET STATEMENT variables FOR statement.
    while cursor.sees("SET STATEMENT") {
        let Some(inner) = cursor.find("FOR") else { return Effect::ImplicitCommit };
        cursor = inner;
        cursor.step();
    }
    let first = cursor.keyword(0);
    cursor.step();
    match &*first {
        "BEGIN" if !cursor.sees("NOT ATOMIC") => Effect::Control(Control::Begin),
        "START" if cursor.sees("TRANSACTION") => Effect::Control(Control::Begin),
        "COMMIT" => Effect::Control(Control::Commit),
        "ROLLBACK" if !cursor.has("TO") => Effect::Control(Control::Rollback),
        "XA" => Effect::Control(Control::TwoPhase),
        "LOCK" | "UNLOCK" if cursor.sees_any(&["TABLE", "TABLES"]) => Effect::Control(Control::LockTables),
        "SET" => set(cursor),
        "CREATE" | "DROP" => {
            cursor.eat("OR REPLACE");
            let temporary = cursor.sees("TEMPORARY TABLE") || cursor.sees("TEMPORARY TABLES");
            if temporary { Effect::Transactional } else { Effect::ImplicitCommit }
        }
        "SELECT" | "INSERT" | "UPDATE" | "DELETE" | "REPLACE" | "WITH" | "VALUES" | "TABLE" | "(" | "DO" | "SHOW"
        | "EXPLAIN" | "DESC" | "DESCRIBE" | "USE" | "SAVEPOINT" | "RELEASE" | "ROLLBACK" | "PREPARE" | "DEALLOCATE"
        | "HANDLER" | "SIGNAL" | "RESIGNAL" | "GET" | "HELP" | "CHECKSUM" => Effect::Transactional,
        "LOAD" if cursor.sees_any(&["DATA", "XML"]) => Effect::Transactional,
        // What CALL and EXECUTE run cannot be seen here; most routines of migrations change the schema.
        _ => Effect::ImplicitCommit,
    }
}

fn set(cursor: Cursor<'_>) -> Effect {
    if cursor.sees("PASSWORD") || cursor.sees("DEFAULT ROLE") || cursor.sees("RESOURCE GROUP") {
        return Effect::ImplicitCommit;
    }
    let is_autocommit = |mut part: Cursor<'_>| {
        if part.sees_any(&["SESSION", "LOCAL", "GLOBAL", "PERSIST"]) {
            part.step();
        }
        let name = part.here().of(part.text).trim_start_matches('@').to_ascii_lowercase();
        matches!(name.as_str(), "autocommit" | "session.autocommit" | "local.autocommit" | "global.autocommit")
    };
    let autocommit = cursor.parts().into_iter().any(is_autocommit);
    if autocommit { Effect::Control(Control::Autocommit) } else { Effect::Transactional }
}
