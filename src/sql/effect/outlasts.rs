//! What a statement sets for those that come after its script in the same transaction.

use super::leaves::{Leaves, leaves};
use super::sqlite;
use super::{Grammar, Lexis, Statement, StatementKind};
use crate::sql::cursor::{Cursor, code};

/// Pragmas that change the file, or only ask, though they are given something.
const OF_THE_FILE: &[&str] = &[
    "application_id",
    "auto_vacuum",
    "encoding",
    "foreign_key_check",
    "foreign_key_list",
    "incremental_vacuum",
    "index_info",
    "index_list",
    "index_xinfo",
    "integrity_check",
    "optimize",
    "page_size",
    "quick_check",
    "table_info",
    "table_list",
    "table_xinfo",
    "user_version",
];

/// Whether the statement certainly sets something that a script after it would run under, unless the transaction ends and the
/// session is reset between the two.
pub fn outlasts(statement: &Statement, text: &str, lexis: &Lexis) -> bool {
    if statement.kind != StatementKind::Sql {
        return false;
    }
    let mut tokens = statement.tokens(text, lexis).code();
    let sets = tokens.next().is_some_and(|first| first.is_word(text, "SET"));
    let calls = lexis.grammar == Grammar::Postgres && tokens.any(|token| token.is_word(text, "set_config"));
    let local = sets && lexis.grammar == Grammar::Postgres;
    match lexis.grammar {
        Grammar::Sqlite => match pragma(statement, text, lexis) {
            Some((name, given)) => given && !OF_THE_FILE.contains(&name.as_str()),
            None => leaves(statement, text, lexis) != Leaves::Nothing,
        },
        _ => local || calls || leaves(statement, text, lexis) != Leaves::Nothing,
    }
}

/// The name of a pragma, and whether it is given something.
fn pragma(statement: &Statement, text: &str, lexis: &Lexis) -> Option<(String, bool)> {
    let tokens = code(text, statement.span, lexis);
    let mut cursor = Cursor::new(text, &tokens);
    cursor.eat("PRAGMA").then(|| (sqlite::name(&mut cursor), !cursor.is_end()))
}
