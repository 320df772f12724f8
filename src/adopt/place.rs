//! Where another tool's tables are, and how it locks them.

use std::path::PathBuf;

use crate::databases::{Dialect, HistoryTable, Session, SqlError};

/// Where another tool's tables are, and how their SQL is written.
pub struct Place {
    /// What SQL means there.
    pub dialect: &'static dyn Dialect,
    /// The database's name.
    pub database: String,
    /// The schema that unqualified names mean.
    pub schema: Option<String>,
    /// The database's file, where it is one.
    pub file: Option<PathBuf>,
}

/// How a tool keeps others away while it works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lock {
    /// Not at all; its table is locked for the moment in which it is read.
    Table(String),
    /// By a query that answers true, or 1, where the lock was free and now is ours, and one that gives it back.
    Advisory {
        /// Takes the lock, without waiting.
        take: String,
        /// Gives it back.
        release: String,
    },
    /// By a row that says so: the query locks the row for this transaction, and answers whether the tool has it.
    Row(String),
}

impl Place {
    /// A table of the tool's, as statements write it.
    pub fn table(&self, name: &str) -> String {
        self.table_in(self.schema.as_deref(), name)
    }

    /// The same for a table in another schema.
    pub fn table_in(&self, schema: Option<&str>, name: &str) -> String {
        self.dialect.history_name(&HistoryTable { schema: schema.map(str::to_owned), name: name.to_owned() })
    }

    /// A string literal.
    pub fn literal(&self, text: &str) -> String {
        self.dialect.literal(text)
    }

    /// An identifier, quoted.
    pub fn quote(&self, name: &str) -> String {
        self.dialect.quote(name)
    }

    /// Whether it is this product.
    pub fn is(&self, database: &str) -> bool {
        self.dialect.name() == database
    }

    /// Whether it is MySQL or MariaDB.
    pub fn is_mysql(&self) -> bool {
        matches!(self.dialect.name(), "mysql" | "mariadb")
    }

    /// A literal for bytes, given in hexadecimal digits.
    pub fn bytes(&self, hex: &str) -> String {
        if self.is("postgres") { format!("'\\x{hex}'::bytea") } else { format!("X'{hex}'") }
    }

    /// An expression that writes a column of bytes in hexadecimal digits.
    pub fn hex(&self, column: &str) -> String {
        if self.is("postgres") { format!("encode({column}, 'hex')") } else { format!("lower(hex({column}))") }
    }

    /// A literal for a truth.
    pub fn truth(&self, value: bool) -> &'static str {
        match (self.is("postgres"), value) {
            (true, true) => "true",
            (true, false) => "false",
            (false, true) => "1",
            (false, false) => "0",
        }
    }

    /// An expression for the present moment as RFC 3339 has it.
    pub fn rfc3339(&self) -> &'static str {
        if self.is("postgres") {
            "to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
        } else if self.is_mysql() {
            "DATE_FORMAT(UTC_TIMESTAMP(6), '%Y-%m-%dT%H:%i:%s.%fZ')"
        } else {
            "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')"
        }
    }

    /// The table's columns in small letters; none where there is no such table.
    ///
    /// # Errors
    ///
    /// When the server refuses.
    pub async fn columns(
        &self,
        session: &mut dyn Session,
        schema: Option<&str>,
        table: &str,
    ) -> Result<Vec<String>, SqlError> {
        let sql = if self.is("sqlite") {
            let schema = schema.unwrap_or("main");
            // One that is not attached has no tables, and must not be asked about them.
            let attached = format!("SELECT 1 FROM pragma_database_list WHERE name = {}", self.literal(schema));
            if session.query(&attached).await?.is_empty() {
                return Ok(Vec::new());
            }
            format!("SELECT lower(name) FROM pragma_table_info({}, {})", self.literal(table), self.literal(schema))
        } else {
            // MySQL calls a schema what others call a database.
            let schema = schema.or(self.schema.as_deref()).unwrap_or(&self.database);
            format!(
                "SELECT lower(column_name) FROM information_schema.columns WHERE table_schema = {} AND table_name = {}",
                self.literal(schema),
                self.literal(table)
            )
        };
        Ok(session.query(&sql).await?.into_iter().flatten().flatten().map(String::from).collect())
    }

    /// Whether a table of one of these names, which are in small letters, is anywhere in this database.
    ///
    /// # Errors
    ///
    /// When the server refuses.
    pub async fn any_table(&self, session: &mut dyn Session, names: &[&str]) -> Result<bool, SqlError> {
        let names = names.iter().map(|name| self.literal(name)).collect::<Vec<_>>().join(", ");
        let sql = if self.is("sqlite") {
            format!("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND lower(name) IN ({names}) LIMIT 1")
        } else if self.is("postgres") {
            format!("SELECT 1 FROM pg_catalog.pg_class WHERE relkind IN ('r', 'p') AND relname IN ({names}) LIMIT 1")
        } else {
            format!(
                "SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = {} AND lower(TABLE_NAME) IN ({names}) LIMIT 1",
                self.literal(&self.database)
            )
        };
        Ok(!session.query(&sql).await?.is_empty())
    }

    /// Whether a table has all of these columns.
    ///
    /// # Errors
    ///
    /// When the server refuses.
    pub async fn has(&self, session: &mut dyn Session, table: &str, columns: &[&str]) -> Result<bool, SqlError> {
        let found = self.columns(session, None, table).await?;
        Ok(columns.iter().all(|column| found.iter().any(|found| found == column)))
    }

    /// A statement that writes a row unless there is one that fits the condition.
    pub fn insert_once(&self, table: &str, columns: &[&str], values: &[String], unless: &str) -> String {
        // MySQL wants a table after FROM, and one that it is not writing.
        let from = if self.is_mysql() { " FROM DUAL" } else { "" };
        let columns: Vec<String> = columns.iter().map(|column| self.quote(column)).collect();
        format!(
            "INSERT INTO {table} ({}) SELECT {}{from} WHERE NOT EXISTS (SELECT 1 FROM (SELECT * FROM {table}) present WHERE {unless})",
            columns.join(", "),
            values.join(", ")
        )
    }
}
