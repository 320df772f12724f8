use super::prelude::*;
use crate::schema::Table;
use crate::sql::ddl::{Verb, qualified};
use crate::sql::{Token, TokenKind, Tokens};

rule! {
    /// What stands in double quotes and is no column becomes a text.
    ///
    /// SQLite takes a misspelled column for a string and says nothing, so an update may write the column's own name into every row.
    /// Strings belong into single quotes.
    ///
    /// ```sql fires sqlite
    /// create table users (id int, name text, nick text);
    /// -- next migration
    /// update users set nick = "nmae" where id = 1;
    /// ```
    ///
    /// ```sql fires sqlite
    /// create table users (id int, plan text default "free");
    /// ```
    ///
    /// ```sql quiet sqlite
    /// create table users (id int, name text, nick text);
    /// -- next migration
    /// update users set nick = "name" where id = 1;
    /// ```
    "sqlite-double-quoted-string", Warning [DataDependentFailure] => Check::Migration(check)
}

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.grammar() != Grammar::Sqlite {
        return;
    }
    let text = context.text();
    for (number, statement, heading) in context.statements() {
        let writes = matches!(heading.verb, Verb::Insert | Verb::Update | Verb::Delete);
        if !writes && !matches!(heading.verb, Verb::Create | Verb::Alter) {
            continue;
        }
        let tokens: Vec<Token> = Tokens::within(text, statement.span, context.lexis).code().collect();
        let Some(known) = columns_in_reach(&tokens, text, context) else { continue };
        let is_value = |at: usize| {
            let before = at.checked_sub(1).map(|at| &tokens[at]);
            let follows = |symbol: &str| before.is_some_and(|before| before.is_symbol(text, symbol));
            let after_default = before.is_some_and(|before| before.is_word(text, "DEFAULT"));
            let alone = !tokens.get(at + 1).is_some_and(|next| next.is_symbol(text, ".") || next.is_symbol(text, "("));
            alone && (after_default || (writes && (follows("=") || in_values(&tokens, at, text))))
        };
        for (at, token) in tokens.iter().enumerate() {
            let quoted = token.kind == TokenKind::QuotedName && token.of(text).starts_with('"');
            let name = token.of(text).trim_matches('"');
            if quoted && is_value(at) && !known.iter().any(|column| column.eq_ignore_ascii_case(name)) {
                findings
                    .report_at(Some(number), token.span(), format!("there is no column `{name}`, so this is a text"))
                    .help(format!("write '{name}' if it is a text, and check the spelling if it is not"));
                break;
            }
        }
    }
}

/// The columns of all tables that the statement names; none when one of those is not known whole.
fn columns_in_reach(tokens: &[Token], text: &str, context: &Context<'_>) -> Option<Vec<EcoString>> {
    let mut columns = Vec::new();
    let mut add = |table: &Table| columns.extend(table.columns.iter().map(|column| column.name.clone()));
    for at in 0..tokens.len() {
        let mut cursor = crate::sql::cursor::Cursor { at, ..crate::sql::cursor::Cursor::new(text, tokens) };
        let names_table = cursor.sees_any(&["INTO", "UPDATE", "FROM", "JOIN", "TABLE"]);
        cursor.step();
        while names_table && cursor.sees_any(&["OR", "IF", "NOT", "EXISTS", "IGNORE", "REPLACE", "ROLLBACK"]) {
            cursor.step();
        }
        let Some(name) = qualified(&mut cursor, Grammar::Sqlite).filter(|_| names_table) else { continue };
        let table = context.catalog.find(&name).filter(|table| table.complete)?;
        add(table);
    }
    Some(columns)
}

/// Whether the token stands in the parentheses behind `VALUES`.
fn in_values(tokens: &[Token], at: usize, text: &str) -> bool {
    let values = tokens[..at].iter().rposition(|token| token.is_word(text, "VALUES"));
    let between = |from: usize| tokens[from + 1..at].iter().all(|token| token.kind != TokenKind::Word);
    let follows = at
        .checked_sub(1)
        .is_some_and(|before| tokens[before].is_symbol(text, "(") || tokens[before].is_symbol(text, ","));
    follows && values.is_some_and(between)
}
