//! What a statement leaves in its session, for whoever has to go on in another session after a crash.

use super::{Grammar, Lexis, Span, Statement, StatementKind, Token, TokenKind};

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

/// What a statement leaves in its session. What the functions and routines that it calls may leave is not seen.
pub fn leaves(statement: &Statement, text: &str, lexis: &Lexis) -> Leaves {
    if statement.kind != StatementKind::Sql {
        return Leaves::Nothing;
    }
    let marks = |kind| matches!(kind, TokenKind::VersionOpen | TokenKind::VersionClose);
    let mut tokens = statement.tokens(text, lexis).code().filter(|token| !marks(token.kind));
    let Some(first) = tokens.next() else { return Leaves::Nothing };
    let is = |words: &[&str]| words.iter().any(|word| first.is_word(text, word));
    if is(&["SET"]) {
        return setting(&tokens.collect::<Vec<_>>(), text, lexis);
    }
    if is(&["USE", "RESET", "PRAGMA", "ATTACH", "DETACH", "LISTEN", "UNLISTEN", "LOAD", "DEALLOCATE"]) {
        let role = lexis.grammar == Grammar::Postgres && tokens.next().is_some_and(|next| next.is_word(text, "ROLE"));
        // MySQL's LOAD DATA fills a table.
        let fills = is(&["LOAD"]) && lexis.grammar != Grammar::Postgres;
        return if fills { Leaves::Nothing } else { Leaves::Setting { role } };
    }
    if is(&["PREPARE"]) {
        let ends = tokens.next().is_some_and(|next| next.is_word(text, "TRANSACTION"));
        return if ends { Leaves::Nothing } else { SETTING };
    }
    if is(&["CREATE"]) {
        return temporary(tokens.take(8), text);
    }
    if is(&["DECLARE"]) && lexis.grammar == Grammar::Postgres {
        return Leaves::Thing { what: "a cursor", name: tokens.next().map(|token| token.span()) };
    }
    if is(&["SELECT", "WITH", "VALUES", "TABLE"]) || first.is_symbol(text, "(") {
        return query(tokens, text, lexis);
    }
    Leaves::Nothing
}

/// `SET …`, without its first word.
fn setting(tokens: &[Token], text: &str, lexis: &Lexis) -> Leaves {
    let first = |words: &[&str]| words.iter().any(|word| tokens.first().is_some_and(|token| token.is_word(text, word)));
    // These hold for one transaction, or are no setting of the session at all.
    if first(&["LOCAL", "TRANSACTION", "CONSTRAINTS", "PASSWORD"]) {
        return Leaves::Nothing;
    }
    let computed = tokens.iter().any(|token| token.is_symbol(text, "("));
    if lexis.grammar.is_mysql() && computed {
        let mut variables = tokens.iter().filter(|token| token.kind == TokenKind::Parameter);
        let (name, others) = (variables.next(), variables.next());
        let name = name.filter(|_| others.is_none()).map(Token::span);
        return Leaves::Thing { what: "a variable with a value that was computed then", name };
    }
    let session = usize::from(first(&["SESSION"]));
    Leaves::Setting { role: tokens.get(session).is_some_and(|token| token.is_word(text, "ROLE")) }
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

/// A query: it may set something, or put its result into the session.
fn query(tokens: impl Iterator<Item = Token>, text: &str, lexis: &Lexis) -> Leaves {
    let (mut sets, mut reads, mut into, mut temporary) = (false, false, false, false);
    let (mut variable, mut last) = (None, None);
    for token in tokens {
        let assigned = into || token.is_symbol(text, ":=") || token.is_symbol(text, ":");
        sets |= token.is_word(text, "set_config");
        reads |= token.is_word(text, "FROM");
        temporary |= into && (token.is_word(text, "TEMP") || token.is_word(text, "TEMPORARY"));
        into |= token.is_word(text, "INTO");
        if token.kind == TokenKind::Parameter {
            last = Some(token.span());
        }
        if assigned && last.is_some() {
            variable = last;
        }
    }
    match lexis.grammar {
        Grammar::Postgres if into && temporary => Leaves::Thing { what: "a temporary table", name: None },
        Grammar::Postgres if sets && !reads => SETTING,
        Grammar::MySql | Grammar::MariaDb if variable.is_some() => {
            Leaves::Thing { what: "a variable with a value that was computed then", name: variable }
        }
        _ => Leaves::Nothing,
    }
}
