//! PostgreSQL: what its server refuses inside a transaction block.

use super::settings::{calls, inside};
use super::{Control, Cursor, Effect, Leaves, Refusal, Statement, StatementKind, leaves};
use crate::sql::cursor::code;
use crate::sql::lex::{Grammar, Lexis, Token, TokenKind};
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
            // A table with partitions it puts in order one by one.
            if cursor.is_end() { outside("CLUSTER without a table") } else { Effect::MayCommit }
        }
        "DO" => do_block(cursor),
        "CALL" => Effect::MayCommit,
        "DISCARD" if cursor.sees("ALL") => {
            let reason = "`DISCARD ALL` would release the lock that migrations run under";
            Refusal::effect(whole, reason, "leave it out: the session is reset after each script")
        }
        "SET" => set(cursor, whole).unwrap_or(Effect::Transactional),
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

/// `SET …`, without its first word, where no script may say it.
fn set(mut cursor: Cursor<'_>, whole: Span) -> Option<Effect> {
    let text = cursor.text;
    let scoped = cursor.eat("SESSION") || cursor.eat("LOCAL");
    let named = |cursor: &Cursor<'_>, name: &str| cursor.token(0).is_some_and(|token| token.is_name(text, name));
    if (scoped && cursor.sees("AUTHORIZATION"))
        || cursor.sees("SESSION AUTHORIZATION")
        || named(&cursor, "session_authorization")
    {
        return Some(refuse_authorization(whole, "SET SESSION AUTHORIZATION"));
    }
    if !cursor.eat("NAMES") {
        if !named(&cursor, "client_encoding") {
            return None;
        }
        cursor.step();
        let _ = cursor.eat("TO") || cursor.eat("=");
    }
    let value = cursor.token(0).map_or("", |value| value.of(text));
    (!is_harmless(value, text)).then(|| refuse_encoding(whole, value))
}

/// A call of `set_config` that no script may have.
pub(super) fn refused_setting(tokens: &[Token], text: &str) -> Option<Effect> {
    calls(tokens, text).into_iter().find_map(|call| match call.value {
        _ if call.sets("session_authorization") => {
            Some(refuse_authorization(call.function, "set_config('session_authorization', …)"))
        }
        Some(value) if call.sets("client_encoding") && !is_harmless(value, text) => {
            Some(refuse_encoding(call.function, value))
        }
        _ => None,
    })
}

fn refuse_authorization(span: Span, what: &str) -> Effect {
    let reason = format!("`{what}` would keep the history from being written");
    Refusal::effect(span, reason, "use `SET LOCAL ROLE`, which is undone after the script")
}

fn refuse_encoding(span: Span, encoding: &str) -> Effect {
    let encoding = encoding.trim_matches('\'');
    let reason = format!("the encoding `{encoding}` would make what is sent, which is UTF-8, mean something else");
    Refusal::effect(span, reason, "convert the file to UTF-8 and leave this out")
}

/// Whether the server takes a script for what it is under this encoding: for UTF-8, for that with which the connection began,
/// or as it stands; letters that all encodings share mean the same in each.
fn is_harmless(encoding: &str, script: &str) -> bool {
    let written = encoding.split_once('\'').map_or(encoding, |(_, inside)| inside);
    let letters = written.chars().filter(char::is_ascii_alphanumeric);
    let name: String = letters.map(|letter| letter.to_ascii_lowercase()).collect();
    matches!(&*name, "" | "utf8" | "unicode" | "default" | "sqlascii") || script.is_ascii()
}

/// What a statement sets and then loses where each statement of its script runs by itself.
pub fn lost_alone(statement: &Statement, text: &str, lexis: &Lexis) -> Option<Refusal> {
    if statement.kind != StatementKind::Sql || lexis.grammar != Grammar::Postgres {
        return None;
    }
    let tokens = code(text, statement.span, lexis);
    let cursor = Cursor::new(text, &tokens);
    // Rights are given back after each statement for the sake of the record, and only what certainly gives the same once
    // more is repeated before the next.
    let repeated = leaves(statement, text, lexis) == Leaves::Setting { role: true };
    let by_function = || calls(&tokens, text).iter().any(|call| call.sets("role") && !call.local);
    let takes_role = if cursor.sees("DO") { inside(&tokens, text).role } else { !repeated && by_function() };
    takes_role.then(|| Refusal {
        span: statement.span,
        reason: "the role that this takes on would be lost after it, as each statement runs by itself here".to_owned(),
        hint: "say `SET ROLE` as a statement of its own, `SET LOCAL ROLE` inside a block, or leave `no-transaction` away: the file is then one transaction",
    })
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
        // What has partitions is done one by one.
        _ => Effect::MayCommit,
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
