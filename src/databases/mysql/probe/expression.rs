//! Expressions over `information_schema`. The schema and the name are constants in each, so that the server opens no more
//! than it must; what one of the two servers does not have stands in comments that the other does not read.

use crate::databases::LEFT;
use crate::databases::mysql::dialect::literal;
use crate::databases::mysql::reader::Name;

use super::alter::Aspects;

fn schema(name: &Name) -> String {
    name.schema.as_deref().map_or_else(|| "DATABASE()".to_owned(), literal)
}

/// Whether there is a row in a table of the catalog.
fn exists(table: &str, schema_column: &str, name_column: &str, name: &Name, more: &str) -> String {
    format!(
        "EXISTS (SELECT 1 FROM information_schema.{table} WHERE {schema_column} = {} AND {name_column} = {}{more})",
        schema(name),
        literal(&name.name)
    )
}

pub(super) fn table_exists(name: &Name) -> String {
    exists("TABLES", "TABLE_SCHEMA", "TABLE_NAME", name, "")
}

pub(super) fn index_exists(table: &Name, index: &str) -> String {
    exists("STATISTICS", "TABLE_SCHEMA", "TABLE_NAME", table, &format!(" AND INDEX_NAME = {}", literal(index)))
}

pub(super) fn column_exists(table: &Name, column: &str) -> String {
    exists("COLUMNS", "TABLE_SCHEMA", "TABLE_NAME", table, &format!(" AND COLUMN_NAME = {}", literal(column)))
}

/// How many constraints have this name: one of each type may.
pub(super) fn constraints(table: &Name, constraint: &str) -> String {
    format!(
        "(SELECT COUNT(*) FROM information_schema.TABLE_CONSTRAINTS WHERE TABLE_SCHEMA = {} AND TABLE_NAME = {} AND CONSTRAINT_NAME = {})",
        schema(table),
        literal(&table.name),
        literal(constraint)
    )
}

/// An expression about a table, or null where this login does not see what the table is made of: it would find nothing
/// before and nothing after.
pub(super) fn if_seen(table: &Name, expression: &str) -> String {
    format!("IF({}, {expression}, NULL)", exists("COLUMNS", "TABLE_SCHEMA", "TABLE_NAME", table, ""))
}

/// What there is of these tables: `left` so many, or nothing.
pub(super) fn left_of(names: &[Name]) -> String {
    let count = names.iter().map(table_exists).collect::<Vec<_>>().join(" + ");
    format!("IF({count}, CONCAT('{LEFT}', {count}), '0')")
}

/// What becomes another when a table is made in the place of one that was there; `left` where there is none. Who may not see
/// how it is stored sees when it was made.
pub(super) fn replaced(table: &Name) -> String {
    let made = format!(
        "(SELECT CONCAT('made ', CREATE_TIME) FROM information_schema.TABLES WHERE TABLE_SCHEMA = {} AND TABLE_NAME = {})",
        schema(table),
        literal(&table.name)
    );
    format!("IF({}, COALESCE({}, {made}), '{LEFT}to be made')", table_exists(table), storage(table, None))
}

pub(super) fn routine_exists(kind: &str, name: &Name) -> String {
    let more = format!(" AND ROUTINE_TYPE LIKE '{kind}%'");
    exists("ROUTINES", "ROUTINE_SCHEMA", "ROUTINE_NAME", name, &more)
}

pub(super) fn trigger_exists(name: &Name) -> String {
    exists("TRIGGERS", "TRIGGER_SCHEMA", "TRIGGER_NAME", name, "")
}

pub(super) fn event_exists(name: &Name) -> String {
    exists("EVENTS", "EVENT_SCHEMA", "EVENT_NAME", name, "")
}

pub(super) fn database_exists(name: &Name) -> String {
    format!("EXISTS (SELECT 1 FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = {})", literal(&name.name))
}

pub(super) fn plugin_exists(name: &str) -> String {
    format!("EXISTS (SELECT 1 FROM information_schema.PLUGINS WHERE PLUGIN_NAME = {})", literal(name))
}

/// What becomes another when rows are thrown away or swapped with their table: InnoDB's numbers of the table and its
/// partitions. Null for who may not see them (it takes the right `PROCESS`).
pub(super) fn storage(table: &Name, definition: Option<String>) -> String {
    let schema = match &table.schema {
        Some(schema) => literal(&stored_as(schema)),
        None => "REGEXP_REPLACE(REPLACE(DATABASE(), '_', '|_'), '[^0-9A-Za-z_|]', '@%')".to_owned(),
    };
    let path =
        |end: &str| format!("CONCAT({schema}, {}) ESCAPE '|'", literal(&format!("/{}{end}", stored_as(&table.name))));
    let (whole, partition) = (path(""), path("#%"));
    let before = definition.map(|definition| format!("{definition}, ' ', ")).unwrap_or_default();
    format!(
        "IF(EXISTS (SELECT 1 FROM information_schema.USER_PRIVILEGES WHERE PRIVILEGE_TYPE = 'PROCESS' \
         AND GRANTEE = CONCAT('''', SUBSTRING_INDEX(CURRENT_USER(), '@', 1), '''@''', SUBSTRING_INDEX(CURRENT_USER(), '@', -1), '''')), \
         (SELECT CONCAT({before}'storage ', SUM(TABLE_ID)) FROM information_schema./*M! INNODB_SYS_TABLES *//*!80000 INNODB_TABLES */ \
         WHERE NAME LIKE {whole} OR NAME LIKE {partition}), NULL)"
    )
}

/// A pattern for a name as InnoDB stores it, which is that of a file: `a-b` as `a@002db`. What is no ASCII has codes of the
/// server's own.
fn stored_as(name: &str) -> String {
    let mut stored = String::with_capacity(name.len());
    for character in name.chars() {
        match character {
            '_' => stored.push_str("|_"),
            _ if character.is_ascii_alphanumeric() => stored.push(character),
            _ if character.is_ascii() => stored.push_str(&format!("@{:04x}", u32::from(character))),
            _ => stored.push_str("@%"),
        }
    }
    stored
}

/// The definition of a table in these aspects: a number for each that changes with it.
pub(super) fn definition(table: &Name, aspects: Aspects) -> String {
    let mut parts = vec![
        digest(
            "TABLES",
            "TABLE_SCHEMA",
            table,
            "TABLE_TYPE ENGINE ROW_FORMAT TABLE_COLLATION CREATE_OPTIONS TABLE_COMMENT",
            "",
        ),
        digest(
            "COLUMNS",
            "TABLE_SCHEMA",
            table,
            "ORDINAL_POSITION COLUMN_NAME COLUMN_DEFAULT IS_NULLABLE COLUMN_TYPE CHARACTER_SET_NAME COLLATION_NAME EXTRA COLUMN_COMMENT GENERATION_EXPRESSION",
            "",
        ),
    ];
    if aspects.indexes {
        parts.push(digest(
            "STATISTICS",
            "TABLE_SCHEMA",
            table,
            "INDEX_NAME SEQ_IN_INDEX COLUMN_NAME NON_UNIQUE COLLATION SUB_PART INDEX_TYPE COMMENT INDEX_COMMENT",
            "/*M!, IGNORED *//*!80000 , IS_VISIBLE, QUOTE(EXPRESSION) */",
        ));
    }
    if aspects.constraints {
        parts.push(digest(
            "TABLE_CONSTRAINTS",
            "TABLE_SCHEMA",
            table,
            "CONSTRAINT_NAME CONSTRAINT_TYPE",
            "/*!80016 , ENFORCED */",
        ));
        parts.push(digest(
            "KEY_COLUMN_USAGE",
            "TABLE_SCHEMA",
            table,
            "CONSTRAINT_NAME ORDINAL_POSITION COLUMN_NAME REFERENCED_TABLE_SCHEMA REFERENCED_TABLE_NAME REFERENCED_COLUMN_NAME",
            "",
        ));
        parts.push(digest(
            "REFERENTIAL_CONSTRAINTS",
            "CONSTRAINT_SCHEMA",
            table,
            "CONSTRAINT_NAME UPDATE_RULE DELETE_RULE",
            "",
        ));
        parts.push(checks(table));
    }
    if aspects.partitions {
        parts.push(digest(
            "PARTITIONS",
            "TABLE_SCHEMA",
            table,
            "PARTITION_NAME PARTITION_ORDINAL_POSITION PARTITION_METHOD PARTITION_EXPRESSION PARTITION_DESCRIPTION PARTITION_COMMENT \
             SUBPARTITION_NAME SUBPARTITION_ORDINAL_POSITION SUBPARTITION_METHOD SUBPARTITION_EXPRESSION",
            "",
        ));
    }
    format!("CONCAT_WS(' ', {})", parts.join(", "))
}

/// One number for all rows about a table. Not GROUP_CONCAT, which the server cuts off.
fn digest(catalog: &str, schema_column: &str, table: &Name, columns: &str, more: &str) -> String {
    format!(
        "(SELECT {} FROM information_schema.{catalog} WHERE {schema_column} = {} AND TABLE_NAME = {})",
        number(columns, more),
        schema(table),
        literal(&table.name)
    )
}

fn number(columns: &str, more: &str) -> String {
    let quoted: Vec<String> = columns.split_whitespace().map(|column| format!("QUOTE({column})")).collect();
    format!(
        "CONCAT(COUNT(*), ':', HEX(BIT_XOR(CAST(CONV(LEFT(SHA2(CONCAT_WS(',', {}{more}), 256), 16), 16, 10) AS UNSIGNED))))",
        quoted.join(", ")
    )
}

/// MySQL's checks know only their names; MariaDB's their tables, too.
fn checks(table: &Name) -> String {
    let (schema, name) = (schema(table), literal(&table.name));
    format!(
        "(SELECT {} FROM information_schema.CHECK_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = {schema} /*M! AND TABLE_NAME = {name} */ \
         AND CONSTRAINT_NAME IN (SELECT c.CONSTRAINT_NAME FROM information_schema.TABLE_CONSTRAINTS c \
         WHERE c.TABLE_SCHEMA = {schema} AND c.TABLE_NAME = {name}))",
        number("CONSTRAINT_NAME CHECK_CLAUSE", "")
    )
}
