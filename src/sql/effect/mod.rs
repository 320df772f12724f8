//! What a statement does to the transaction and to the session that run it.

mod holds;
mod leaves;
mod mysql;
mod outer;
mod outlasts;
mod postgres;
mod session;
mod settings;
mod sqlite;

pub use holds::{Holds, holds};
pub use leaves::{Leaves, leaves};
pub use outer::transaction_pairs;
pub use outlasts::outlasts;
pub use postgres::lost_alone;
pub use session::may_change_session;
pub use sqlite::suspends_foreign_keys;

use super::cursor::{Cursor, code};
use super::lex::{Client, Grammar, Lexis, Token, TokenKind};
use super::place::Span;
use super::split::{Statement, StatementKind};

/// What a statement does to the transaction that it runs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It runs inside a transaction and is undone with it.
    Transactional,
    /// The server refuses it inside a transaction.
    OutsideOnly {
        /// The kind of statement: `CREATE INDEX CONCURRENTLY`.
        what: &'static str,
    },
    /// It may end the transaction that it runs in, which only shows when it is run; the server lets it do so only where
    /// nobody else opened that transaction.
    MayCommit,
    /// Inside a transaction it silently does nothing.
    IdleInside {
        /// The kind of statement: `PRAGMA foreign_keys`.
        what: &'static str,
    },
    /// It ends the transaction that is open, and cannot be undone.
    ImplicitCommit,
    /// It opens or ends a transaction, or takes over from one.
    Control(Control),
    /// No script may hold it.
    Refused(Box<Refusal>),
}

/// How a statement directs transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Control {
    /// `BEGIN`, `START TRANSACTION`.
    Begin,
    /// `COMMIT`, `END`.
    Commit,
    /// `ROLLBACK`, `ABORT`, but not to a savepoint.
    Rollback,
    /// `PREPARE TRANSACTION`, `XA …`.
    TwoPhase,
    /// `SET autocommit`.
    Autocommit,
    /// `LOCK TABLES`, `UNLOCK TABLES`.
    LockTables,
}

/// Why no script may hold a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What is refused, as the script has it.
    pub span: Span,
    /// What it is and what it would do, in a clause.
    pub reason: String,
    /// The way out.
    pub hint: &'static str,
}

impl Refusal {
    fn effect(span: Span, reason: impl Into<String>, hint: &'static str) -> Effect {
        Effect::Refused(Box::new(Refusal { span, reason: reason.into(), hint }))
    }
}

/// What a statement of this script does to the transaction that it runs in.
pub fn effect(statement: &Statement, text: &str, lexis: &Lexis) -> Effect {
    match statement.kind {
        StatementKind::ClientCommand => return client_command(statement, text, lexis),
        StatementKind::CopyData { .. } => {
            let reason = "`COPY … FROM stdin` reads data that follows it in the script, which only psql can send";
            return Refusal::effect(statement.span, reason, "write the rows as INSERT statements");
        }
        StatementKind::Sql => {}
    }
    if let Some(refused) = refused_call(statement, text, lexis) {
        return refused;
    }
    let tokens = head(statement, text, lexis);
    let cursor = Cursor::new(text, &tokens);
    match lexis.grammar {
        Grammar::Postgres => postgres::effect(cursor),
        Grammar::MySql | Grammar::MariaDb => mysql::effect(cursor),
        Grammar::Sqlite => sqlite::effect(cursor),
    }
}

/// The tokens that decide. Of a statement that moves data, which may be huge, the first ones do.
fn head(statement: &Statement, text: &str, lexis: &Lexis) -> Vec<Token> {
    let mut first = statement.tokens(text, lexis).code().filter(|token| token.kind == TokenKind::Word);
    let moves_data = first.next().is_some_and(|word| {
        ["INSERT", "UPDATE", "DELETE", "REPLACE", "SELECT", "VALUES"].iter().any(|known| word.is_word(text, known))
    });
    if moves_data { statement.tokens(text, lexis).code().take(64).collect() } else { code(text, statement.span, lexis) }
}

fn client_command(statement: &Statement, text: &str, lexis: &Lexis) -> Effect {
    let command = statement.of(text).split_whitespace().next().unwrap_or_default();
    let (shell, hint) = match lexis.client {
        Client::Psql => ("psql", "remove it; what it sets belongs into SQL or the configuration"),
        Client::MySql => ("the mysql shell", "remove it, or put the other file's statements here"),
        Client::Sqlite => ("the sqlite3 shell", "remove it, or put the other file's statements here"),
    };
    Refusal::effect(statement.span, format!("`{command}` is a command of {shell}, not SQL"), hint)
}

/// Functions that would break the lock which makes migrations safe.
fn refused_call(statement: &Statement, text: &str, lexis: &Lexis) -> Option<Effect> {
    let refused: &[&str] = match lexis.grammar {
        Grammar::Postgres => &["pg_advisory_unlock_all"],
        Grammar::MySql | Grammar::MariaDb => &["GET_LOCK", "RELEASE_ALL_LOCKS"],
        Grammar::Sqlite => return None,
    };
    let is = |token: &Token, function: &str| match lexis.grammar {
        Grammar::Postgres => token.is_name(text, function),
        _ => token.is_word(text, function),
    };
    // A routine's body only runs when it is called, but what is called cannot be seen either.
    let mut tokens = statement.tokens(text, lexis).code().peekable();
    let mut sets = false;
    while let Some(token) = tokens.next() {
        let called = tokens.peek().is_some_and(|next| next.is_symbol(text, "("));
        if called && refused.iter().any(|function| is(&token, function)) {
            let function = token.of(text).trim_matches('"');
            let reason = format!("`{function}` would release the lock that migrations run under");
            return Some(Refusal::effect(token.span(), reason, "leave it out"));
        }
        sets |= called && lexis.grammar == Grammar::Postgres && token.is_name(text, "set_config");
    }
    sets.then(|| postgres::refused_setting(&code(text, statement.span, lexis), text)).flatten()
}

#[cfg(test)]
mod tests;
