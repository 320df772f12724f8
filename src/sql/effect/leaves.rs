//! What a statement leaves in its session, for whoever has to go on in another session after a crash.

use super::holds::{Holds, holds};
use super::settings::{calls, inside};
use super::{Grammar, Lexis, Span, Statement, StatementKind, Token, TokenKind};
use crate::sql::cursor::code;

/// What a statement leaves in its session that later statements of the script may need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaves {
    /// Nothing.
    Nothing,
    /// A setting: the statement may run again in another session and then means the same.
    Setting {
        /// Whether it changes with whose rights the session acts.
        role: bool,
    },
    /// Something that ends with the session and cannot be made again.
    Thing {
        /// What it is: `a temporary table`.
        what: &'static str,
        /// Its name, if it has one alone.
        name: Option<Span>,
    },
}

const SETTING: Leaves = Leaves::Setting { role: false };
const TEMPORARY: Leaves = Leaves::Thing { what: "a temporary table", name: None };

/// What a statement leaves in its session. What the functions and routines that it calls may leave is not seen.
pub fn leaves(statement: &Statement, text: &str, lexis: &Lexis) -> Leaves {
    if statement.kind != StatementKind::Sql {
        return Leaves::Nothing;
    }
    if lexis.grammar.is_mysql() {
        return of_mysql(&holds(statement, text, lexis));
    }
    let marks = |kind| matches!(kind, TokenKind::VersionOpen | TokenKind::VersionClose);
    let mut tokens = statement.tokens(text, lexis).code().filter(|token| !marks(token.kind));
    let Some(first) = tokens.next() else { return Leaves::Nothing };
    let postgres = lexis.grammar == Grammar::Postgres;
    let is = |words: &[&str]| words.iter().any(|word| first.is_word(text, word));
    if is(&["SET"]) {
        return setting(&tokens.collect::<Vec<_>>(), text, lexis);
    }
    if is(&["USE", "RESET", "PRAGMA", "ATTACH", "DETACH", "LISTEN", "UNLISTEN", "LOAD", "DEALLOCATE"]) {
        let role = postgres && tokens.next().is_some_and(|next| next.is_word(text, "ROLE"));
        return Leaves::Setting { role };
    }
    if is(&["PREPARE"]) {
        let ends = tokens.next().is_some_and(|next| next.is_word(text, "TRANSACTION"));
        return if ends { Leaves::Nothing } else { SETTING };
    }
    if is(&["CREATE"]) {
        let head: Vec<Token> = tokens.by_ref().take(8).collect();
        let left = temporary(head.iter().copied(), text);
        return if postgres && left == Leaves::Nothing { in_pg_temp(&head, text) } else { left };
    }
    if is(&["DECLARE"]) && postgres {
        return Leaves::Thing { what: "a cursor", name: tokens.next().map(|token| token.span()) };
    }
    if !postgres {
        return Leaves::Nothing;
    }
    if is(&["DO"]) {
        return block(&tokens.collect::<Vec<_>>(), text);
    }
    let queries = is(&["SELECT", "WITH", "VALUES", "TABLE"]) || first.is_symbol(text, "(");
    // What moves data may be huge, and is looked at as a whole only where there is something to see.
    let may = |token: Token| token.is_name(text, "set_config") || queries && token.is_word(text, "INTO");
    match tokens.any(may) {
        true => query(&code(text, statement.span, lexis), queries, text),
        false => Leaves::Nothing,
    }
}

/// The same of MySQL and MariaDB, in short.
fn of_mysql(held: &Holds) -> Leaves {
    let thing = |what| Leaves::Thing { what, name: None };
    if held.creates.is_some() {
        thing("a temporary table")
    } else if held.repeatable {
        SETTING
    } else if !held.sets.is_empty() || held.configures {
        thing("a variable with a value that was computed then")
    } else {
        Leaves::Nothing
    }
}

/// A setting of PostgreSQL's that depends on what was in the tables, or on what a block did, at that time.
const COMPUTED: Leaves = Leaves::Thing { what: "a setting that was computed then", name: None };

/// `DO …` on PostgreSQL, without its first word.
fn block(tokens: &[Token], text: &str) -> Leaves {
    let inside = inside(tokens, text);
    match (inside.temporary, inside.role || !inside.sets.is_empty()) {
        (true, _) => TEMPORARY,
        (_, true) => COMPUTED,
        _ => Leaves::Nothing,
    }
}

/// `CREATE TABLE pg_temp.…` and the like, without the first word.
fn in_pg_temp(tokens: &[Token], text: &str) -> Leaves {
    let named = tokens.windows(3).find(|three| three[0].is_name(text, "pg_temp") && three[1].is_symbol(text, "."));
    let table = tokens.iter().any(|token| ["TABLE", "SEQUENCE", "VIEW"].iter().any(|word| token.is_word(text, word)));
    let what = if table { "a temporary table" } else { "a temporary object" };
    named.map_or(Leaves::Nothing, |three| Leaves::Thing { what, name: Some(three[2].span()) })
}

/// `SET …`, without its first word.
fn setting(tokens: &[Token], text: &str, lexis: &Lexis) -> Leaves {
    let first = |words: &[&str]| words.iter().any(|word| tokens.first().is_some_and(|token| token.is_word(text, word)));
    // These hold for one transaction, or are no setting of the session at all.
    if first(&["LOCAL", "TRANSACTION", "CONSTRAINTS", "PASSWORD"]) {
        return Leaves::Nothing;
    }
    let session = usize::from(first(&["SESSION"]));
    let role = tokens.get(session).is_some_and(|token| match lexis.grammar {
        Grammar::Postgres => token.is_name(text, "role"),
        _ => token.is_word(text, "ROLE"),
    });
    Leaves::Setting { role }
}

/// `CREATE …`, without its first word.
fn temporary(tokens: impl Iterator<Item = Token>, text: &str) -> Leaves {
    let mut found = false;
    let mut table = false;
    for token in tokens {
        let word = |words: &[&str]| words.iter().any(|word| token.is_word(text, word));
        if word(&["TEMP", "TEMPORARY"]) {
            found = true;
        } else if word(&["TABLE", "SEQUENCE", "VIEW"]) {
            table = true;
        } else if found && table && !word(&["IF", "NOT", "EXISTS"]) {
            return Leaves::Thing { what: "a temporary table", name: Some(token.span()) };
        } else if !found && !word(&["OR", "REPLACE", "LOCAL", "GLOBAL", "UNLOGGED"]) {
            return Leaves::Nothing;
        }
    }
    Leaves::Nothing
}

/// A query on PostgreSQL, or a statement that moves data.
fn query(tokens: &[Token], queries: bool, text: &str) -> Leaves {
    let has = |word: &str| tokens.iter().any(|token| token.is_word(text, word));
    let is_temporary = |token: &Token| token.is_word(text, "TEMP") || token.is_word(text, "TEMPORARY");
    let into = tokens.iter().position(|token| token.is_word(text, "INTO")).map_or(&[][..], |at| &tokens[at + 1..]);
    let to_temporary =
        into.iter().take(2).any(is_temporary) || into.first().is_some_and(|token| token.is_name(text, "pg_temp"));
    if queries && to_temporary {
        return TEMPORARY;
    }
    let mut lasting = calls(tokens, text).into_iter().filter(|call| !call.local).peekable();
    match lasting.peek() {
        None => Leaves::Nothing,
        // What it sets depends on what is in the tables, and data must not be moved twice.
        Some(_) if !queries || has("FROM") => COMPUTED,
        Some(_) => Leaves::Setting { role: lasting.any(|call| call.sets("role")) },
    }
}
