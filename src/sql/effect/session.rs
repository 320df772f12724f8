//! Whether a statement may leave something behind in the session that ran it.

use super::{Grammar, Lexis, Statement, StatementKind, TokenKind};

/// Whether a statement may change what later statements of the same session mean: settings, the
/// current schema, temporary tables, prepared statements, listeners. Says yes when in doubt.
pub fn may_change_session(statement: &Statement, text: &str, lexis: &Lexis) -> bool {
    if statement.kind != StatementKind::Sql {
        return true;
    }
    let marks = |kind| matches!(kind, TokenKind::VersionOpen | TokenKind::VersionClose);
    let mut tokens = statement.tokens(text, lexis).code().filter(|token| !marks(token.kind)).peekable();
    let Some(first) = tokens.next() else { return false };
    let is = |words: &[&str]| words.iter().any(|word| first.is_word(text, word));
    let created = is(&["CREATE", "DROP", "ALTER"]);
    let queries = is(&["SELECT", "WITH", "VALUES", "TABLE", "EXPLAIN"]) || first.is_symbol(text, "(");
    let harmless = created
        || queries
        || is(&["INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE", "TRUNCATE", "COMMENT", "GRANT", "REVOKE", "REINDEX"])
        || is(&["BEGIN", "START", "COMMIT", "END", "ROLLBACK", "SAVEPOINT", "RELEASE", "ANALYZE", "VACUUM", "REFRESH"])
        || (is(&["RENAME", "OPTIMIZE", "REPAIR", "CHECK", "SHOW"]) && lexis.grammar.is_mysql())
        || (is(&["LOCK", "CLUSTER", "SECURITY", "REASSIGN"]) && lexis.grammar == Grammar::Postgres);
    if !harmless {
        return true;
    }
    let mut position = 0;
    while let Some(token) = tokens.next() {
        position += 1;
        let word = |words: &[&str]| words.iter().any(|known| token.is_word(text, known));
        let temporary = position <= 3 && created && word(&["TEMP", "TEMPORARY"]);
        // `SELECT … INTO TEMP t`, and into variables on MySQL.
        let into = queries && word(&["INTO"]);
        let variable = lexis.grammar.is_mysql() && token.kind == TokenKind::Parameter;
        let calls = tokens.peek().is_some_and(|next| next.is_symbol(text, "("));
        let named = matches!(token.kind, TokenKind::QuotedName) || (token.kind == TokenKind::Word && !word(OPERATORS));
        let function = lexis.grammar != Grammar::Sqlite && queries && calls && named;
        let session_schema = lexis.grammar == Grammar::Postgres && token.is_name(text, "pg_temp");
        if temporary || into || variable || function || session_schema || (calls && token.is_name(text, "set_config")) {
            return true;
        }
    }
    false
}

/// Words before a parenthesis that call no function of the user's.
const OPERATORS: &[&str] = &[
    "ALL",
    "AND",
    "ANY",
    "AS",
    "BETWEEN",
    "BY",
    "CASE",
    "CAST",
    "COALESCE",
    "COUNT",
    "DISTINCT",
    "ELSE",
    "EXISTS",
    "FILTER",
    "FROM",
    "GREATEST",
    "GROUP",
    "HAVING",
    "IF",
    "IN",
    "JOIN",
    "LATERAL",
    "LEAST",
    "LIKE",
    "LIMIT",
    "LOWER",
    "MATERIALIZED",
    "MAX",
    "MIN",
    "NOT",
    "NOW",
    "NULLIF",
    "OFFSET",
    "ON",
    "OR",
    "OVER",
    "RETURNING",
    "ROW",
    "SELECT",
    "SUM",
    "THEN",
    "UNION",
    "UPPER",
    "USING",
    "VALUES",
    "WHEN",
    "WHERE",
    "WITH",
];
