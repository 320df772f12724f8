//! PostgreSQL: what its server refuses inside a transaction block.

use super::{Control, Cursor, Effect, Refusal};
use crate::sql::cursor::code;
use crate::sql::lex::{Lexis, TokenKind};
use crate::sql::place::Span;

pub(super) fn effect(mut cursor: Cursor<'_>) -> Effect {
    let whole = cursor.rest();
    let outside = |what| Effect::OutsideOnly { what };
    let first = cursor.keyword(0);
    cursor.step();
    match &*first {
        "BEGIN" => Effect::Control(Control::Begin),
        "START" if cursor.sees("TRANSACTION") => Effect::Control(Control::Begin),
        "COMMIT" if cursor.sees("PREPARED") => outside("COMMIT PREPARED"),
        "ROLLBACK" if cursor.sees("PREPARED") => outside("ROLLBACK PREPARED"),
        "COMMIT" | "END" => Effect::Control(Control::Commit),
        "ROLLBACK" if !cursor.has("TO") => Effect::Control(Control::Rollback),
        "ABORT" => Effect::Control(Control::Rollback),
        "PREPARE" if cursor.sees("TRANSACTION") => Effect::Control(Control::TwoPhase),
        "VACUUM" => outside("VACUUM"),
        "CREATE" => create(cursor),
        "DROP" => drop_(cursor),
        "ALTER" => alter(cursor),
        "REINDEX" => reindex(cursor),
        "REPACK" if cursor.tokens.iter().any(|token| token.is_word(cursor.text, "CONCURRENTLY")) => {
            outside("REPACK (CONCURRENTLY)")
        }
        "CLUSTER" => {
            cursor.group();
            cursor.eat("VERBOSE");
            if cursor.is_end() { outside("CLUSTER without a table") } else { Effect::Transactional }
        }
        "DO" => do_block(cursor),
        "CALL" => Effect::MayCommit,
        "DISCARD" if cursor.sees("ALL") => {
            let reason = "`DISCARD ALL` would release the lock that migrations run under";
            Refusal::effect(whole, reason, "leave it out: the session is reset after each script")
        }
        "SET" if cursor.sees("SESSION AUTHORIZATION") || cursor.sees("LOCAL SESSION AUTHORIZATION") => {
            let reason = "`SET SESSION AUTHORIZATION` would keep the history from being written";
            Refusal::effect(whole, reason, "use `SET LOCAL ROLE`, which is undone after the script")
        }
        "COPY" if cursor.has("TO STDOUT") => {
            let reason = "`COPY … TO STDOUT` sends data that nobody reads";
            Refusal::effect(whole, reason, "leave it out, or copy into a table")
        }
        "COPY" if cursor.has("FROM STDIN") => {
            let reason = "`COPY … FROM stdin` waits for data that only psql can send";
            Refusal::effect(whole, reason, "write the rows as INSERT statements")
        }
        "DELIMITER" => {
            let reason = "`DELIMITER` is a command of the mysql shell";
            Refusal::effect(whole, reason, "write function bodies between `$$` and `$$`")
        }
        _ => Effect::Transactional,
    }
}

fn create(mut cursor: Cursor<'_>) -> Effect {
    cursor.eat("UNIQUE");
    if cursor.sees("INDEX CONCURRENTLY") {
        return Effect::OutsideOnly { what: "CREATE INDEX CONCURRENTLY" };
    }
    match &*cursor.keyword(0) {
        "DATABASE" => Effect::OutsideOnly { what: "CREATE DATABASE" },
        "TABLESPACE" => Effect::OutsideOnly { what: "CREATE TABLESPACE" },
        // Only creating the slot on the other server cannot be undone.
        "SUBSCRIPTION" if option_is(&cursor, "CREATE_SLOT", false) || option_is(&cursor, "CONNECT", false) => {
            Effect::Transactional
        }
        "SUBSCRIPTION" => Effect::OutsideOnly { what: "CREATE SUBSCRIPTION" },
        _ => Effect::Transactional,
    }
}

fn drop_(cursor: Cursor<'_>) -> Effect {
    if cursor.sees("INDEX CONCURRENTLY") {
        return Effect::OutsideOnly { what: "DROP INDEX CONCURRENTLY" };
    }
    match &*cursor.keyword(0) {
        "DATABASE" => Effect::OutsideOnly { what: "DROP DATABASE" },
        "TABLESPACE" => Effect::OutsideOnly { what: "DROP TABLESPACE" },
        "SUBSCRIPTION" => Effect::OutsideOnly { what: "DROP SUBSCRIPTION" },
        _ => Effect::Transactional,
    }
}

fn alter(cursor: Cursor<'_>) -> Effect {
    let refreshes = || !option_is(&cursor, "REFRESH", false);
    match &*cursor.keyword(0) {
        "SYSTEM" => Effect::OutsideOnly { what: "ALTER SYSTEM" },
        "DATABASE" if cursor.has("SET TABLESPACE") => Effect::OutsideOnly { what: "ALTER DATABASE … SET TABLESPACE" },
        "TABLE" if cursor.has("DETACH PARTITION") && cursor.has("CONCURRENTLY") => {
            Effect::OutsideOnly { what: "ALTER TABLE … DETACH PARTITION … CONCURRENTLY" }
        }
        "SUBSCRIPTION" if cursor.has("REFRESH") => {
            Effect::OutsideOnly { what: "ALTER SUBSCRIPTION … REFRESH PUBLICATION" }
        }
        "SUBSCRIPTION" if cursor.has("PUBLICATION") && refreshes() => {
            Effect::OutsideOnly { what: "ALTER SUBSCRIPTION … PUBLICATION with a refresh" }
        }
        "SUBSCRIPTION" if option(&cursor, "FAILOVER").is_some() || option(&cursor, "TWO_PHASE").is_some() => {
            Effect::OutsideOnly { what: "ALTER SUBSCRIPTION … SET" }
        }
        _ => Effect::Transactional,
    }
}

fn reindex(mut cursor: Cursor<'_>) -> Effect {
    let mut concurrently = false;
    if let Some(options) = cursor.group() {
        let on = |part: &Cursor<'_>| part.sees("CONCURRENTLY") && !is_off(part.keyword(1).as_ref());
        concurrently = options.parts().iter().any(on);
    }
    let object = cursor.keyword(0);
    cursor.step();
    match &*object {
        _ if concurrently || cursor.sees("CONCURRENTLY") => Effect::OutsideOnly { what: "REINDEX CONCURRENTLY" },
        "SCHEMA" => Effect::OutsideOnly { what: "REINDEX SCHEMA" },
        "DATABASE" => Effect::OutsideOnly { what: "REINDEX DATABASE" },
        "SYSTEM" => Effect::OutsideOnly { what: "REINDEX SYSTEM" },
        _ => Effect::Transactional,
    }
}

/// A block that commits by itself: `COMMIT` or `ROLLBACK` where a statement starts.
fn do_block(mut cursor: Cursor<'_>) -> Effect {
    while !cursor.is_end() && cursor.kind() != Some(TokenKind::DollarString) {
        cursor.step();
    }
    let whole = cursor.here();
    let quoted = whole.of(cursor.text);
    let Some(tag) = quoted.get(1..).and_then(|rest| rest.find('$')).map(|end| end + 2) else {
        return Effect::Transactional;
    };
    let body = code(cursor.text, Span::new(whole.start + tag, whole.end - tag), &Lexis::POSTGRES);
    let starts = |previous: &str| matches!(previous, ";" | "BEGIN" | "THEN" | "ELSE" | "LOOP");
    let has = |words: &[&str]| {
        (1..body.len()).any(|at| {
            let here = Cursor { at, ..Cursor::new(cursor.text, &body) };
            let before = Cursor { at: at - 1, ..here };
            here.sees_any(words) && starts(&before.keyword(0))
        })
    };
    if has(&["COMMIT", "ROLLBACK"]) {
        Effect::OutsideOnly { what: "DO with COMMIT or ROLLBACK" }
    } else if has(&["CALL"]) {
        Effect::MayCommit
    } else {
        Effect::Transactional
    }
}

/// The value of an option in the last parentheses: `WITH (name = value)`, `SET (name = value)`.
fn option<'c>(cursor: &Cursor<'c>, name: &str) -> Option<Cursor<'c>> {
    let mut rest = *cursor;
    let mut found = None;
    while !rest.is_end() {
        match rest.group() {
            Some(options) => found = options.parts().into_iter().find(|part| part.sees(name)).or(found),
            None => rest.step(),
        }
    }
    found
}

fn option_is(cursor: &Cursor<'_>, name: &str, wanted: bool) -> bool {
    let Some(mut value) = option(cursor, name) else { return false };
    value.step();
    value.eat("=");
    let word = value.here().of(value.text).trim_matches('\'').to_ascii_uppercase();
    is_off(&word) != wanted
}

fn is_off(word: &str) -> bool {
    matches!(word, "FALSE" | "OFF" | "0" | "NO")
}
