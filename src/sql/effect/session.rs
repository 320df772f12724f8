//! Whether a statement may leave something behind in the session that ran it.

use super::{Grammar, Lexis, Statement, StatementKind, Token, TokenKind};

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
    let writes = is(&["INSERT", "UPDATE", "DELETE", "MERGE"]);
    let harmless = created
        || queries
        || writes
        || is(&["REPLACE", "TRUNCATE", "COMMENT", "GRANT", "REVOKE", "REINDEX"])
        || is(&["BEGIN", "START", "COMMIT", "END", "ROLLBACK", "SAVEPOINT", "RELEASE", "ANALYZE", "VACUUM", "REFRESH"])
        || (is(&["RENAME", "OPTIMIZE", "REPAIR", "CHECK", "SHOW"]) && lexis.grammar.is_mysql())
        || (is(&["LOCK", "CLUSTER", "SECURITY", "REASSIGN"]) && lexis.grammar == Grammar::Postgres);
    if !harmless {
        return true;
    }
    let postgres = lexis.grammar == Grammar::Postgres;
    let mut calling = lexis.grammar != Grammar::Sqlite && queries || postgres && writes;
    let mut fills = false;
    let mut position = 0;
    let mut column_list = ColumnList::default();
    let mut before: [Option<Token>; 2] = [None, None];
    while let Some(token) = tokens.next() {
        position += 1;
        let word = |words: &[&str]| words.iter().any(|known| token.is_word(text, known));
        let temporary = position <= 3 && created && word(&["TEMP", "TEMPORARY"]);
        // `SELECT … INTO TEMP t`, and into variables on MySQL.
        let into = queries && word(&["INTO"]);
        let variable = lexis.grammar.is_mysql() && token.kind == TokenKind::Parameter;
        // `CREATE TABLE … AS SELECT …`
        fills |= position <= 4 && created && word(&["TABLE", "MATERIALIZED"]);
        calling |= postgres && fills && word(&["SELECT"]);
        let calls = tokens.peek().is_some_and(|next| next.is_symbol(text, "("));
        // In another schema than the server's own it is a function of the user's, whatever its name.
        let [schema, dot] = before;
        let foreign = || {
            dot.is_some_and(|dot| dot.is_symbol(text, "."))
                && !schema.is_some_and(|schema| schema.is_name(text, "pg_catalog"))
        };
        let known = || (word(OPERATORS) || postgres && word(BUILT_IN)) && !foreign();
        let named = || token.kind == TokenKind::QuotedName || (token.kind == TokenKind::Word && !known());
        let is_list = writes && column_list.begins_after(&token, text);
        let function = calling && calls && !is_list && named();
        let session_schema = postgres && token.is_name(text, "pg_temp");
        if temporary || into || variable || function || session_schema || (calls && token.is_name(text, "set_config")) {
            return true;
        }
        before = [before[1], Some(token)];
    }
    false
}

/// Where a table's columns are listed that rows go into: `INSERT INTO s.t AS x (a, b)`.
#[derive(Default)]
struct ColumnList {
    /// Whether the table's name is being read.
    in_name: bool,
}

impl ColumnList {
    /// Whether a parenthesis right after this token opens that list.
    fn begins_after(&mut self, token: &Token, text: &str) -> bool {
        let is_name = || matches!(token.kind, TokenKind::Word | TokenKind::QuotedName) || token.is_symbol(text, ".");
        let ends = || ["VALUES", "SELECT", "WITH", "USING"].iter().any(|word| token.is_word(text, word));
        self.in_name = self.in_name && is_name() && !ends();
        let inside = self.in_name;
        self.in_name |= token.is_word(text, "INTO");
        inside
    }
}

/// Functions of PostgreSQL, and types with a length, that change no setting and stand in many scripts that fill tables.
const BUILT_IN: &[&str] = &[
    "ABS",
    "ARRAY",
    "ARRAY_AGG",
    "CHAR",
    "CLOCK_TIMESTAMP",
    "CONCAT",
    "CONCAT_WS",
    "CONFLICT",
    "CURRVAL",
    "DATE_TRUNC",
    "DECIMAL",
    "EXTRACT",
    "FORMAT",
    "GENERATE_SERIES",
    "GEN_RANDOM_UUID",
    "INSERT",
    "INTERVAL",
    "JSONB_BUILD_OBJECT",
    "JSON_BUILD_OBJECT",
    "LENGTH",
    "MD5",
    "NEXTVAL",
    "NUMERIC",
    "RANDOM",
    "REPLACE",
    "ROUND",
    "ROW_NUMBER",
    "SET",
    "SETVAL",
    "STRING_AGG",
    "SUBSTRING",
    "TO_CHAR",
    "TO_DATE",
    "TO_TIMESTAMP",
    "TRIM",
    "VARCHAR",
];

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
