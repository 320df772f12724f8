//! What a statement of MySQL or MariaDB does with what its session holds: variables, prepared statements, temporary tables.

use super::{Lexis, Statement, StatementKind};
use crate::sql::cursor::{Cursor, code};
use crate::sql::lex::TokenKind;

/// What a statement does with what its session holds. Names are in small letters and without quotes; variables have their
/// `@`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holds {
    /// Whether it may run again in another session and then means the same, as far as the variables that it reads do.
    pub repeatable: bool,
    /// Whether it sets something else than variables of the user's.
    pub configures: bool,
    /// The user's variables that it gives a value.
    pub sets: Vec<String>,
    /// The user's variables that it reads.
    pub reads: Vec<String>,
    /// The statement that it prepares, and the variable that has its text, if one has.
    pub prepares: Option<(String, Option<String>)>,
    /// The temporary table that it creates.
    pub creates: Option<String>,
    /// The prepared statement or temporary table that it takes away.
    pub releases: Option<String>,
    /// Whether it may set what it does not name: a routine, a block, a prepared statement.
    pub is_opaque: bool,
    /// Whether it may change what `LAST_INSERT_ID()` says.
    pub inserts: bool,
    /// Whether it reads that.
    pub asks_last_number: bool,
}

/// Functions that give the same again, and words before a parenthesis that are none.
const SAME_AGAIN: &[&str] = &[
    "CONCAT",
    "CONCAT_WS",
    "IF",
    "IFNULL",
    "NULLIF",
    "COALESCE",
    "REPLACE",
    "LOWER",
    "UPPER",
    "TRIM",
    "LPAD",
    "RPAD",
    "QUOTE",
    "CHAR",
    "CAST",
    "CONVERT",
    "DATABASE",
    "SCHEMA",
    "HEX",
    "UNHEX",
    "VERSION",
    "AND",
    "OR",
    "NOT",
    "IN",
];

/// Words that give a value of this moment without any parenthesis.
const OF_THE_MOMENT: &[&str] = &[
    "SELECT",
    "NEXT",
    "PREVIOUS",
    "NEXTVAL",
    "LASTVAL",
    "CURRENT_TIMESTAMP",
    "CURRENT_DATE",
    "CURRENT_TIME",
    "LOCALTIME",
    "LOCALTIMESTAMP",
    "UTC_DATE",
    "UTC_TIME",
    "UTC_TIMESTAMP",
];

/// What has a body.
const ROUTINES: &[&str] = &["PROCEDURE", "FUNCTION", "TRIGGER", "EVENT", "PACKAGE"];

/// Words that begin what may do anything.
const OPAQUE: &[&str] = &["CALL", "EXECUTE", "BEGIN", "IF", "CASE", "LOOP", "WHILE", "REPEAT", "FOR"];

/// What a statement does with what its session holds.
pub fn holds(statement: &Statement, text: &str, lexis: &Lexis) -> Holds {
    let mut holds = Holds::default();
    if statement.kind != StatementKind::Sql {
        return holds;
    }
    let tokens = code(text, statement.span, lexis);
    let mut cursor = Cursor::new(text, &tokens);
    while cursor.sees("SET STATEMENT") {
        let Some(inner) = cursor.find("FOR") else { return holds };
        cursor = inner;
        cursor.step();
    }
    if cursor.sees_any(&["CREATE", "ALTER"]) && is_of_routine(cursor) {
        // What is in a body happens when it is called.
        return holds;
    }
    holds.asks_last_number = says_last_number(statement.of(text));
    holds.inserts = holds.asks_last_number || cursor.sees_any(&["INSERT", "REPLACE", "LOAD"]);
    holds.is_opaque = cursor.sees_any(OPAQUE);
    if cursor.eat("SET") {
        set(cursor, &mut holds);
    } else if cursor.sees("USE") {
        (holds.repeatable, holds.configures) = (true, true);
    } else if cursor.eat("PREPARE") {
        prepare(cursor, &mut holds);
    } else if cursor.eat("DEALLOCATE PREPARE") || cursor.eat("DROP PREPARE") {
        holds.releases = name(&mut cursor);
    } else if cursor.eat("DROP TEMPORARY TABLE IF EXISTS") {
        holds.releases = name(&mut cursor).filter(|_| cursor.is_end());
    } else if cursor.eat("CREATE TEMPORARY") || cursor.eat("CREATE OR REPLACE TEMPORARY") {
        cursor.step();
        cursor.eat("IF NOT EXISTS");
        holds.creates = name(&mut cursor);
    } else {
        // What EXECUTE is given it reads.
        let fills_all = (holds.is_opaque && !cursor.sees("EXECUTE")) || cursor.sees_any(&["LOAD", "GET"]);
        variables(cursor, fills_all, &mut holds);
    }
    holds
}

/// Whether what is created or altered has a body: of the words that say what it is, the first counts.
fn is_of_routine(mut cursor: Cursor<'_>) -> bool {
    const OTHERS: &[&str] = &["TABLE", "VIEW", "INDEX", "DATABASE", "SCHEMA", "USER", "ROLE", "SEQUENCE", "SERVER"];
    while !cursor.is_end() && !cursor.sees_any(OTHERS) {
        if cursor.sees_any(ROUTINES) {
            return true;
        }
        cursor.step();
    }
    false
}

/// Whether a text asks for the number that a row was given last.
fn says_last_number(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    text.contains("last_insert_id") || text.contains("@@identity")
}

/// `SET …`, without its first word.
fn set(cursor: Cursor<'_>, holds: &mut Holds) {
    // These hold for one transaction, or stay without the session.
    if cursor.sees_any(&["TRANSACTION", "PASSWORD"]) || cursor.sees("DEFAULT ROLE") {
        return;
    }
    let (mut global, mut fixed) = (false, true);
    let mut of_the_server = false;
    for mut part in cursor.parts() {
        if part.sees_any(&["GLOBAL", "PERSIST", "PERSIST_ONLY"]) {
            global = true;
        } else if part.sees_any(&["SESSION", "LOCAL"]) {
            global = false;
        }
        let word = part.here().of(part.text).to_ascii_lowercase();
        let spelled = ["@@global", "@@persist"].iter().any(|scope| word.starts_with(scope));
        let target = variable(&mut part);
        if let Some(target) = target {
            let _ = part.eat("=") || (part.eat(":") && part.eat("="));
            fixed &= is_fixed(part, false);
            holds.sets.push(target);
        } else if spelled || (global && !word.starts_with("@@")) {
            of_the_server = true;
        } else {
            holds.configures = true;
            fixed &= is_fixed(part, true);
        }
        variables(part, false, holds);
    }
    // What is set for the whole server is there already, and somebody may have changed it since.
    holds.repeatable = fixed && !of_the_server;
}

/// Whether a value is the same in another session, as far as the variables in it are. What a setting is computed from is
/// mostly the setting itself.
fn is_fixed(mut value: Cursor<'_>, of_a_setting: bool) -> bool {
    let mut before: Option<String> = None;
    while !value.is_end() {
        let named = matches!(value.kind(), Some(TokenKind::Word | TokenKind::QuotedName));
        let word = value.here().of(value.text).to_ascii_uppercase();
        let numbers = ["@@LAST_INSERT_ID", "@@IDENTITY", "@@TIMESTAMP", "@@ERROR_COUNT", "@@WARNING_COUNT"];
        if (named && OF_THE_MOMENT.contains(&word.as_str())) || numbers.contains(&word.as_str()) {
            return false;
        }
        let calls = word == "(" && before.as_ref().is_some_and(|name| !SAME_AGAIN.contains(&name.as_str()));
        if calls && !of_a_setting {
            return false;
        }
        before = named.then_some(word);
        value.step();
    }
    true
}

/// `PREPARE …`, without its first word.
fn prepare(mut cursor: Cursor<'_>, holds: &mut Holds) {
    let Some(prepared) = name(&mut cursor) else { return };
    cursor.eat("FROM");
    let from = variable(&mut cursor);
    holds.reads.extend(from.clone());
    holds.repeatable = true;
    holds.prepares = Some((prepared, from));
}

/// Adds the variables that a statement sets and reads: `@x := …` and `… INTO @x` set, and so may what they are given to.
fn variables(mut cursor: Cursor<'_>, fills_all: bool, holds: &mut Holds) {
    let mut into = false;
    while !cursor.is_end() {
        let Some(found) = variable(&mut cursor) else {
            into = cursor.sees("INTO") || (into && cursor.sees(","));
            cursor.step();
            continue;
        };
        let assigned = into || cursor.sees(": =") || cursor.sees(":=");
        if assigned || fills_all {
            holds.sets.push(found.clone());
        }
        if !assigned {
            holds.reads.push(found);
        }
    }
}

/// Steps over a variable of the user's: `@x`, `` @`x` ``, `@'x'`.
fn variable(cursor: &mut Cursor<'_>) -> Option<String> {
    let word = cursor.here().of(cursor.text);
    if cursor.kind() == Some(TokenKind::Parameter) && word.starts_with('@') && !word.starts_with("@@") {
        cursor.step();
        return Some(word.to_lowercase());
    }
    let quoted = cursor.token(1).filter(|next| matches!(next.kind, TokenKind::QuotedName | TokenKind::String))?;
    if !cursor.sees("@") {
        return None;
    }
    let name = unquoted(quoted.of(cursor.text));
    cursor.step();
    cursor.step();
    Some(format!("@{name}"))
}

/// Steps over a name; of one with a schema, gives the last part.
fn name(cursor: &mut Cursor<'_>) -> Option<String> {
    loop {
        let named = matches!(cursor.kind(), Some(TokenKind::Word | TokenKind::QuotedName));
        let name = named.then(|| unquoted(cursor.here().of(cursor.text)))?;
        cursor.step();
        if !cursor.eat(".") {
            return Some(name);
        }
    }
}

fn unquoted(name: &str) -> String {
    name.trim_matches(['`', '\'', '"']).to_lowercase()
}
