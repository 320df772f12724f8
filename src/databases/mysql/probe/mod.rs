//! What tells whether a schema statement took effect: an expression over `information_schema` that looks at exactly what
//! the statement names, and so costs little.
//!
//! A schema statement is atomic: it is enough to look at one thing that it changes. Where no single thing can be named, the
//! whole definition of the table is looked at. A statement that changes nothing of that can run twice.

mod alter;
mod expression;

use super::reader::{Name, Reader};
use crate::databases::Probe;
use crate::sql::{Grammar, Lexis};
use expression::{database_exists, event_exists, if_seen, index_exists, routine_exists, table_exists, trigger_exists};

/// Statements that may run again: what they do is the same twice, or over with the session.
const AGAIN: &[&str] = &[
    "OPTIMIZE",
    "CHECK",
    "CHECKSUM",
    "REPAIR",
    "FLUSH",
    "RESET",
    "CACHE",
    "GRANT",
    "SET",
    "USE",
    "LOCK",
    "UNLOCK",
    "PREPARE",
    "DEALLOCATE",
    "SELECT",
    "SHOW",
    "DESC",
    "DESCRIBE",
    "EXPLAIN",
    "HELP",
    "VALUES",
    "TABLE",
    "START",
    "STOP",
    "CHANGE",
    "PURGE",
    "KILL",
    "BACKUP",
    "HANDLER",
    "COMMIT",
    "ROLLBACK",
    "SAVEPOINT",
    "RELEASE",
];

/// Statements that change rows. They belong into a transaction with their record, where nobody needs to ask.
const ROWS: &[&str] = &["INSERT", "UPDATE", "DELETE", "REPLACE", "LOAD", "WITH", "IMPORT"];

/// Statements that may do anything.
const OPAQUE: &[&str] = &["CALL", "EXECUTE", "DO", "BEGIN", "IF", "CASE", "LOOP", "WHILE", "REPEAT", "FOR", "XA"];

/// What a schema statement is about, in the words that name it.
const KINDS: &[&str] = &[
    "TABLE",
    "TABLES",
    "INDEX",
    "VIEW",
    "PROCEDURE",
    "FUNCTION",
    "PACKAGE",
    "TRIGGER",
    "EVENT",
    "DATABASE",
    "SCHEMA",
    "SEQUENCE",
    "USER",
    "ROLE",
    "SERVER",
    "TABLESPACE",
    "UNDO",
    "LOGFILE",
    "RESOURCE",
    "SPATIAL",
    "PREPARE",
    "INSTANCE",
    "LIBRARY",
];

const CHANGED_ROWS: &str = "changed rows leave no trace in the catalog";

const ACCOUNTS: &str = "accounts are not in the part of the catalog that every login can read";

/// What tells whether this statement took effect.
pub(super) fn probe(statement: &str, lexis: &'static Lexis) -> Probe {
    let mut reader = Reader::new(statement, lexis);
    read(&mut reader).unwrap_or_else(|| Probe::Unknown("`migrate` cannot tell what the statement names".to_owned()))
}

/// Whether the statement may do a part of its work before it is refused, and the catalog cannot tell: it runs a body of
/// several others, it drops a database table by table, or it names several accounts. Where the catalog can, as of several
/// tables, it is asked.
pub(super) fn may_end_halfway(statement: &str, lexis: &'static Lexis) -> bool {
    let mut reader = Reader::new(statement, lexis);
    if reader.sees(OPAQUE) {
        return true;
    }
    if reader.sees(&["GRANT", "REVOKE"]) {
        // MySQL grants to all of them or to none.
        return lexis.grammar == Grammar::MariaDb && reader.skip_to(&["TO", "FROM"]) && reader.skip_to_symbol(",");
    }
    let replaces = reader.take_all(&["CREATE", "OR", "REPLACE"]);
    let drops = reader.take("DROP");
    if drops || replaces {
        let database = reader.take("DATABASE") || reader.take("SCHEMA");
        if database {
            return true;
        }
    }
    let changes = drops || replaces || ["CREATE", "ALTER", "RENAME"].iter().any(|word| reader.take(word));
    changes && (reader.take("USER") || reader.take("ROLE")) && reader.skip_to_symbol(",")
}

/// The value that the expression certainly has before this statement, when these of the same script ran before it without a
/// pause: an index or a column is not there yet in a table that one of them made, if nothing since has named it.
pub(super) fn foreseen(earlier: &[&str], statement: &str, lexis: &'static Lexis) -> Option<&'static str> {
    let (table, name) = addition(&mut Reader::new(statement, lexis))?;
    for before in earlier.iter().rev() {
        let reader = Reader::new(before, lexis);
        if reader.mentions(&name) || !is_tame(&reader) {
            return None;
        }
        if creates(reader).is_some_and(|made| made == table) {
            return Some("0");
        }
    }
    None
}

/// The table that a statement adds an index or a column to, and the name of that.
fn addition(reader: &mut Reader<'_>) -> Option<(Name, String)> {
    if reader.take_all(&["ALTER", "TABLE"]) {
        let table = reader.name()?;
        return Some((table, alter::addition(reader)?));
    }
    reader.take("CREATE").then_some(())?;
    let _ = reader.take("UNIQUE") || reader.take("FULLTEXT") || reader.take("SPATIAL");
    reader.take("INDEX").then_some(())?;
    let index = reader.identifier()?;
    reader.take("ON").then_some(())?;
    Some((reader.name()?, index))
}

/// The table that a statement makes out of nothing but its own text.
fn creates(mut reader: Reader<'_>) -> Option<Name> {
    reader.take_all(&["CREATE", "TABLE"]).then_some(())?;
    let name = reader.name()?;
    (reader.take_symbol("(") && !reader.has_ahead(&["LIKE", "SELECT", "AS"])).then_some(name)
}

/// Whether a statement changes no more than the tables that it names, and keeps their names.
fn is_tame(reader: &Reader<'_>) -> bool {
    let mut reader = reader.clone();
    let table = reader.take_all(&["CREATE", "TABLE"]) || reader.take_all(&["ALTER", "TABLE"]);
    let _ = reader.take("CREATE") && (reader.take("UNIQUE") || reader.take("FULLTEXT") || reader.take("SPATIAL"));
    (table || reader.take("INDEX")) && !reader.has_ahead(&["RENAME", "EXCHANGE", "IF"])
}

fn read(reader: &mut Reader<'_>) -> Option<Probe> {
    if reader.peek() == Some("(") || reader.sees(AGAIN) {
        return Some(Probe::Rerun);
    }
    if reader.take("ANALYZE") {
        // MariaDB's `ANALYZE UPDATE …` carries the statement out.
        let of_tables = reader.sees(&["TABLE", "TABLES", "LOCAL", "NO_WRITE_TO_BINLOG"]);
        return if of_tables { Some(Probe::Rerun) } else { unknown(CHANGED_ROWS) };
    }
    if reader.sees(ROWS) {
        return unknown(CHANGED_ROWS);
    }
    if reader.sees(OPAQUE) {
        return unknown("what the statement does is not written in it");
    }
    if reader.take("CREATE") {
        return create(reader);
    }
    if reader.take("DROP") {
        return drop(reader);
    }
    if reader.take("ALTER") {
        return alter(reader);
    }
    if reader.take("RENAME") {
        return rename(reader);
    }
    if reader.take("TRUNCATE") {
        reader.take("TABLE");
        return Some(Probe::Fingerprint(expression::storage(&reader.name()?, None)));
    }
    if reader.sees(&["REVOKE"]) {
        return unknown(ACCOUNTS);
    }
    if reader.take("INSTALL") || reader.take("UNINSTALL") {
        return plugin(reader);
    }
    None
}

fn unknown(reason: &str) -> Option<Probe> {
    Some(Probe::Unknown(reason.to_owned()))
}

fn fingerprint(expression: String) -> Option<Probe> {
    Some(Probe::Fingerprint(expression))
}

/// Goes on to the word that says what the statement is about: past `DEFINER = …`, `UNIQUE`, `OR REPLACE` and the like.
fn kind(reader: &mut Reader<'_>) -> Option<String> {
    while !reader.sees(KINDS) {
        if reader.is_at_end() {
            return None;
        }
        reader.skip();
    }
    let kind = reader.peek()?.to_ascii_uppercase();
    reader.skip();
    Some(kind)
}

fn create(reader: &mut Reader<'_>) -> Option<Probe> {
    let replaces = reader.take_all(&["OR", "REPLACE"]);
    if reader.sees(&["TEMPORARY"]) || reader.take("SPATIAL") && reader.sees(&["REFERENCE"]) {
        return Some(Probe::Rerun);
    }
    let kind = kind(reader)?;
    reader.take("BODY");
    if reader.take_all(&["IF", "NOT", "EXISTS"]) {
        return Some(Probe::Rerun);
    }
    if replaces {
        return match kind.as_str() {
            "TABLE" | "SEQUENCE" => fingerprint(expression::replaced(&reader.name()?)),
            "DATABASE" | "SCHEMA" => unknown("a database that was replaced looks like one that was not"),
            _ => Some(Probe::Rerun),
        };
    }
    match kind.as_str() {
        "INDEX" => {
            let index = reader.identifier()?;
            // `USING BTREE` may come before the table.
            while !reader.take("ON") {
                if reader.is_at_end() {
                    return None;
                }
                reader.skip();
            }
            on_index(&reader.name()?, &index)
        }
        "USER" | "ROLE" => unknown(ACCOUNTS),
        "TABLE" | "SEQUENCE" | "VIEW" => fingerprint(table_exists(&reader.name()?)),
        kind => existence(kind, &reader.name()?),
    }
}

fn on_index(table: &Name, index: &str) -> Option<Probe> {
    fingerprint(if_seen(table, &index_exists(table, index)))
}

/// Whether something is there.
fn existence(kind: &str, name: &Name) -> Option<Probe> {
    fingerprint(match kind {
        "TABLE" | "TABLES" | "VIEW" | "SEQUENCE" => table_exists(name),
        "PROCEDURE" | "FUNCTION" | "PACKAGE" => routine_exists(kind, name),
        "TRIGGER" => trigger_exists(name),
        "EVENT" => event_exists(name),
        "DATABASE" | "SCHEMA" => database_exists(name),
        "SERVER" | "TABLESPACE" | "UNDO" | "LOGFILE" | "RESOURCE" | "LIBRARY" => {
            return unknown("the catalog does not show such things to every login");
        }
        _ => return None,
    })
}

fn drop(reader: &mut Reader<'_>) -> Option<Probe> {
    if reader.sees(&["TEMPORARY"]) || reader.take("SPATIAL") && reader.sees(&["REFERENCE"]) {
        return Some(Probe::Rerun);
    }
    let kind = kind(reader)?;
    reader.take("BODY");
    let conditional = reader.take_all(&["IF", "EXISTS"]);
    if ["TABLE", "TABLES", "VIEW", "SEQUENCE"].contains(&kind.as_str()) {
        return match &reader.names()?[..] {
            [_] if conditional => Some(Probe::Rerun),
            [one] => fingerprint(table_exists(one)),
            // MariaDB drops them one by one.
            several => fingerprint(expression::left_of(several)),
        };
    }
    if kind == "PREPARE" || conditional {
        return Some(Probe::Rerun);
    }
    match kind.as_str() {
        "INDEX" => {
            let index = reader.identifier()?;
            reader.take("ON").then_some(())?;
            on_index(&reader.name()?, &index)
        }
        "USER" | "ROLE" => unknown(ACCOUNTS),
        kind => existence(kind, &reader.name()?),
    }
}

fn alter(reader: &mut Reader<'_>) -> Option<Probe> {
    let kind = kind(reader)?;
    match kind.as_str() {
        "TABLE" => {
            reader.take_all(&["IF", "EXISTS"]);
            let table = reader.name()?;
            if reader.has_ahead(&["DISCARD", "IMPORT"]) {
                return unknown("the catalog does not tell whether a table's file was taken away or brought back");
            }
            fingerprint(alter::change_of(&table, reader))
        }
        "SEQUENCE" => fingerprint(expression::definition(&reader.name()?, alter::Aspects::ALL)),
        "EVENT" => {
            let event = reader.name()?;
            if !reader.has_ahead(&["RENAME"]) {
                return Some(Probe::Rerun);
            }
            fingerprint(event_exists(&event))
        }
        "USER" | "ROLE" if reader.has_ahead(&["RENAME"]) => unknown(ACCOUNTS),
        "VIEW" | "PROCEDURE" | "FUNCTION" | "DATABASE" | "SCHEMA" | "SERVER" | "USER" | "INSTANCE" | "LIBRARY" => {
            Some(Probe::Rerun)
        }
        _ => unknown("the catalog does not show such things to every login"),
    }
}

fn rename(reader: &mut Reader<'_>) -> Option<Probe> {
    if !reader.take("TABLE") && !reader.take("TABLES") {
        return unknown(ACCOUNTS);
    }
    reader.take_all(&["IF", "EXISTS"]);
    let mut pairs = Vec::new();
    loop {
        let old = reader.name()?;
        for word in ["WAIT", "NOWAIT"] {
            // MariaDB: how long to wait for the table.
            if reader.take(word) && word == "WAIT" {
                reader.skip();
            }
        }
        reader.take("TO").then_some(())?;
        pairs.push((old, reader.name()?));
        if !reader.take_symbol(",") {
            break;
        }
    }
    // Exactly: where names have two cases, a table may change from one to the other.
    let same = |one: &Name, other: &Name| one.name == other.name;
    // A name that is given up and not taken again tells by itself. In a swap every name stays, with another table behind it.
    let gone = pairs.iter().map(|(old, _)| old).find(|old| !pairs.iter().any(|(_, new)| same(old, new)));
    fingerprint(match gone {
        Some(old) => table_exists(old),
        None => expression::storage(&pairs[0].0, None),
    })
}

fn plugin(reader: &mut Reader<'_>) -> Option<Probe> {
    if !reader.take("PLUGIN") {
        return unknown("the catalog does not tell libraries and components apart");
    }
    if reader.take_all(&["IF", "EXISTS"]) || reader.take_all(&["IF", "NOT", "EXISTS"]) {
        return Some(Probe::Rerun);
    }
    fingerprint(expression::plugin_exists(&reader.identifier()?))
}

#[cfg(test)]
mod tests;
