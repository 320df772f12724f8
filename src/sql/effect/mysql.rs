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
        // MariaDB: `ANALYZE UPDATE …` carries the statement out and tells how.
        "ANALYZE" if !cursor.sees_any(&["TABLE", "TABLES", "LOCAL", "NO_WRITE_TO_BINLOG"]) => Effect::Transactional,
        // What CALL and EXECUTE run cannot be seen here; most routines of migrations change the schema.
        _ => Effect::ImplicitCommit,
    }
}

fn set(cursor: Cursor<'_>) -> Effect {
    if cursor.sees("PASSWORD") || cursor.sees("DEFAULT ROLE") || cursor.sees("RESOURCE GROUP") {
        return Effect::ImplicitCommit;
    }
    let autocommit = cursor.parts().into_iter().any(|part| variable(part) == "autocommit");
    if autocommit { Effect::Control(Control::Autocommit) } else { Effect::Transactional }
}

/// The system variable that a part of `SET …` sets, in small letters, without its scope: `@@session . \`x\`` is `x`.
fn variable(mut part: Cursor<'_>) -> String {
    if part.sees_any(&["SESSION", "LOCAL", "GLOBAL", "PERSIST", "PERSIST_ONLY"]) {
        part.step();
    }
    let mut name = String::new();
    while !part.is_end() && !part.sees_any(&["=", ":"]) {
        name.push_str(part.here().of(part.text));
        part.step();
    }
    name.retain(|character| character != '`');
    let name = name.to_ascii_lowercase();
    let Some(scoped) = name.strip_prefix("@@") else { return name };
    let scope = ["session.", "local.", "global.", "persist.", "persist_only."];
    scope.iter().find_map(|scope| scoped.strip_prefix(scope)).unwrap_or(scoped).to_owned()
}
