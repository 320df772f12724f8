//! What differs between databases when a text is cut into tokens and statements, as plain data.

/// The lexical rules of one database's SQL.
#[derive(Debug, PartialEq, Eq)]
pub struct Lexis {
    /// Whose statements these are.
    pub grammar: Grammar,
    /// `$$ … $$` and `$tag$ … $tag$` are strings.
    pub dollar_quotes: bool,
    /// `/* /* */ */` is one comment.
    pub nested_comments: bool,
    /// `#` starts a comment.
    pub hash_comments: bool,
    /// `--` starts a comment only before a blank, a control character or the end.
    pub dash_comment_needs_blank: bool,
    /// A backslash escapes the next character in every string, not only in `E'…'`.
    pub backslash_escapes: bool,
    /// The letters, in capitals, that belong to a string when they stand right before its quote.
    pub string_prefixes: &'static [u8],
    /// `U&'…'` is a string and `U&"…"` an identifier.
    pub unicode_prefix: bool,
    /// What double quotes enclose.
    pub double_quotes: DoubleQuotes,
    /// `` `…` `` is an identifier.
    pub backtick_identifiers: bool,
    /// `[…]` is an identifier.
    pub bracket_identifiers: bool,
    /// An unquoted identifier may start with a digit.
    pub words_start_with_digits: bool,
    /// `?`, `?1`, `:name` and `$name` are parameters; otherwise only `$1` is, if dollar quotes are known.
    pub named_parameters: bool,
    /// `@name` and `@@name` are variables or parameters.
    pub at_variables: bool,
    /// What comments start with whose content is code for some server versions.
    pub versioned_comments: &'static [&'static str],
    /// Which commands of the database's own shell are mixed into its scripts.
    pub client: Client,
    /// A semicolon inside parentheses ends no statement.
    pub parentheses_hold: bool,
    /// Which statements have semicolons of their own inside.
    pub bodies: Bodies,
}

/// A database whose statements are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Grammar {
    /// PostgreSQL.
    Postgres,
    /// MySQL.
    MySql,
    /// MariaDB, which understands nearly all of MySQL and more.
    MariaDb,
    /// SQLite.
    Sqlite,
}

impl Grammar {
    /// Whether it is MySQL or its relative.
    pub fn is_mysql(self) -> bool {
        matches!(self, Grammar::MySql | Grammar::MariaDb)
    }
}

/// What double quotes enclose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DoubleQuotes {
    /// An identifier.
    Identifier,
    /// A string.
    String,
}

/// The shell whose commands turn up in scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Client {
    /// `psql`: `\…` anywhere, and the data that follows `COPY … FROM stdin`.
    Psql,
    /// `mysql`: `DELIMITER`, `\G`, `\.` and `source`.
    MySql,
    /// `sqlite3`: `.…` at the start of a line.
    Sqlite,
}

/// Which statements have semicolons of their own inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bodies {
    /// Functions and procedures: `BEGIN ATOMIC … END`.
    Atomic,
    /// Routines, triggers and events: `BEGIN … END`, `IF … END IF` and the like.
    Compound,
    /// Triggers: `BEGIN … END`.
    Trigger,
}

impl Lexis {
    /// PostgreSQL, with `standard_conforming_strings` on as it is by default.
    pub const POSTGRES: Lexis = Lexis {
        grammar: Grammar::Postgres,
        dollar_quotes: true,
        nested_comments: true,
        hash_comments: false,
        dash_comment_needs_blank: false,
        backslash_escapes: false,
        string_prefixes: b"EBXN",
        unicode_prefix: true,
        double_quotes: DoubleQuotes::Identifier,
        backtick_identifiers: false,
        bracket_identifiers: false,
        words_start_with_digits: false,
        named_parameters: false,
        at_variables: false,
        versioned_comments: &[],
        client: Client::Psql,
        parentheses_hold: true,
        bodies: Bodies::Atomic,
    };

    /// MySQL with its default `sql_mode`: no `ANSI_QUOTES`, no `NO_BACKSLASH_ESCAPES`.
    pub const MYSQL: Lexis = Lexis {
        grammar: Grammar::MySql,
        dollar_quotes: false,
        nested_comments: false,
        hash_comments: true,
        dash_comment_needs_blank: true,
        backslash_escapes: true,
        string_prefixes: b"BXN",
        unicode_prefix: false,
        double_quotes: DoubleQuotes::String,
        backtick_identifiers: true,
        bracket_identifiers: false,
        words_start_with_digits: true,
        named_parameters: false,
        at_variables: true,
        versioned_comments: &["/*!"],
        client: Client::MySql,
        parentheses_hold: false,
        bodies: Bodies::Compound,
    };

    /// MariaDB: MySQL with executable comments of its own.
    pub const MARIADB: Lexis =
        Lexis { grammar: Grammar::MariaDb, versioned_comments: &["/*!", "/*M!"], ..Lexis::MYSQL };

    /// SQLite.
    pub const SQLITE: Lexis = Lexis {
        grammar: Grammar::Sqlite,
        dollar_quotes: false,
        nested_comments: false,
        hash_comments: false,
        dash_comment_needs_blank: false,
        backslash_escapes: false,
        string_prefixes: b"X",
        unicode_prefix: false,
        double_quotes: DoubleQuotes::Identifier,
        backtick_identifiers: true,
        bracket_identifiers: true,
        words_start_with_digits: false,
        named_parameters: true,
        at_variables: true,
        versioned_comments: &[],
        client: Client::Sqlite,
        parentheses_hold: false,
        bodies: Bodies::Trigger,
    };

    /// Every set of rules, for tests and for texts whose database is not known.
    pub const ALL: [&'static Lexis; 4] = [&Lexis::POSTGRES, &Lexis::MYSQL, &Lexis::MARIADB, &Lexis::SQLITE];
}
