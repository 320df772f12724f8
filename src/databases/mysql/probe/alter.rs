//! What an `ALTER TABLE` can be recognised by.

use super::expression::{self, column_exists, constraints, if_seen, index_exists, table_exists};
use crate::databases::mysql::reader::{Name, Reader};

/// What of a table's definition is looked at, beside its columns and options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Aspects {
    pub indexes: bool,
    pub constraints: bool,
    pub partitions: bool,
}

impl Aspects {
    pub const ALL: Aspects = Aspects { indexes: true, constraints: true, partitions: true };

    /// Those that a statement with these words may change.
    fn of(reader: &Reader<'_>) -> Self {
        let constraints = reader.has_ahead(&["CONSTRAINT", "FOREIGN", "REFERENCES", "CHECK"]);
        let keys = ["INDEX", "KEY", "KEYS", "UNIQUE", "PRIMARY", "FULLTEXT", "SPATIAL", "VECTOR", "SERIAL"];
        Aspects {
            indexes: constraints || reader.has_ahead(&keys),
            constraints,
            partitions: reader.has_ahead(&["PARTITION", "PARTITIONS", "PARTITIONING", "SUBPARTITION"]),
        }
    }
}

/// The name of every primary key's index.
const PRIMARY: &str = "PRIMARY";

/// Something that is there before an action and not after it, or the other way round.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Mark {
    kind: Kind,
    name: String,
    /// Whether the action does nothing when it finds things done.
    conditional: bool,
    /// Whether it is there afterwards.
    added: bool,
}

/// In the order of what they cost to look up; but of a table that gets another name, only that tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Table,
    Index,
    Constraint,
    Column,
}

/// The expression that a statement changes, read from behind the table's name.
pub(super) fn change_of(table: &Name, reader: &mut Reader<'_>) -> String {
    let swaps_rows = reader.has_ahead(&["EXCHANGE", "TRUNCATE"]);
    let aspects = Aspects::of(reader);
    if swaps_rows {
        return expression::storage(table, Some(expression::definition(table, aspects)));
    }
    let seen = match mark(reader) {
        Some(Mark { kind: Kind::Index, name, .. }) => index_exists(table, &name),
        Some(Mark { kind: Kind::Column, name, .. }) => column_exists(table, &name),
        Some(Mark { kind: Kind::Constraint, name, .. }) => constraints(table, &name),
        // The old name: it is the one that the table has before.
        Some(Mark { kind: Kind::Table, .. }) => return table_exists(table),
        None => expression::definition(table, aspects),
    };
    if_seen(table, &seen)
}

/// The name of a column or an index that was not there before the statement, if that is what it is recognised by.
pub(super) fn addition(reader: &mut Reader<'_>) -> Option<String> {
    let mark = mark(reader)?;
    (mark.added && mark.name != PRIMARY && matches!(mark.kind, Kind::Index | Kind::Column)).then_some(mark.name)
}

/// The one thing that the statement is recognised by.
fn mark(reader: &mut Reader<'_>) -> Option<Mark> {
    let mut marks = Vec::new();
    while !reader.is_at_end() {
        action(&mut reader.item(), &mut marks);
    }
    let alone = |mark: &&Mark| {
        !mark.conditional
            && marks.iter().filter(|other| other.kind == mark.kind && same(&other.name, &mark.name)).count() == 1
    };
    marks.iter().filter(alone).min_by_key(|mark| mark.kind).cloned()
}

fn same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

/// Adds what an action can be recognised by; nothing where it cannot.
fn action(reader: &mut Reader<'_>, marks: &mut Vec<Mark>) {
    if reader.take("WAIT") {
        // MariaDB: `ALTER TABLE t WAIT 5 ADD …`.
        reader.skip();
    }
    reader.take("NOWAIT");
    if reader.take("ADD") {
        add(reader, marks);
    } else if reader.take("DROP") {
        drop(reader, marks);
    } else if reader.take("RENAME") {
        rename(reader, marks);
    } else if reader.take("CHANGE") {
        reader.take("COLUMN");
        let conditional = reader.take_all(&["IF", "EXISTS"]);
        both(reader, marks, Kind::Column, conditional);
    }
}

fn both(reader: &mut Reader<'_>, marks: &mut Vec<Mark>, kind: Kind, conditional: bool) {
    let Some(old) = reader.identifier() else { return };
    reader.take("TO");
    let Some(new) = reader.identifier() else { return };
    marks.push(Mark { kind, name: old, conditional, added: false });
    marks.push(Mark { kind, name: new, conditional, added: true });
}

fn add(reader: &mut Reader<'_>, marks: &mut Vec<Mark>) {
    if reader.sees(&["PARTITION", "PERIOD", "SYSTEM", "FOREIGN", "CHECK"]) {
        return;
    }
    if reader.take("CONSTRAINT") {
        let conditional = reader.take_all(&["IF", "NOT", "EXISTS"]);
        if reader.sees(&["PRIMARY", "UNIQUE", "FOREIGN", "CHECK"]) {
            return add(reader, marks);
        }
        let Some(name) = reader.identifier() else { return };
        if reader.take("UNIQUE") {
            // An index may have a name of its own, which then is the constraint's, too.
            let _ = reader.take("INDEX") || reader.take("KEY");
            if reader.peek() != Some("(") {
                return;
            }
        } else if reader.take("PRIMARY") {
            return marks.push(Mark { kind: Kind::Index, name: PRIMARY.to_owned(), conditional, added: true });
        }
        return marks.push(Mark { kind: Kind::Constraint, name, conditional, added: true });
    }
    if reader.take("PRIMARY") {
        return marks.push(Mark { kind: Kind::Index, name: PRIMARY.to_owned(), conditional: false, added: true });
    }
    let mut kind = Kind::Column;
    for word in ["UNIQUE", "FULLTEXT", "SPATIAL", "VECTOR", "INDEX", "KEY"] {
        if reader.take(word) {
            kind = Kind::Index;
        }
    }
    if kind == Kind::Column {
        reader.take("COLUMN");
    }
    let conditional = reader.take_all(&["IF", "NOT", "EXISTS"]);
    if kind == Kind::Column {
        reader.take_symbol("(");
    } else if reader.sees(&["USING"]) {
        return;
    }
    if let Some(name) = reader.identifier() {
        marks.push(Mark { kind, name, conditional, added: true });
    }
}

fn drop(reader: &mut Reader<'_>, marks: &mut Vec<Mark>) {
    if reader.sees(&["PARTITION", "PERIOD", "SYSTEM"]) {
        return;
    }
    if reader.take("PRIMARY") {
        return marks.push(Mark { kind: Kind::Index, name: PRIMARY.to_owned(), conditional: false, added: false });
    }
    let kind = if reader.take("INDEX") || reader.take("KEY") {
        Kind::Index
    } else if reader.take_all(&["FOREIGN", "KEY"]) || reader.take("CONSTRAINT") || reader.take("CHECK") {
        Kind::Constraint
    } else {
        reader.take("COLUMN");
        Kind::Column
    };
    let conditional = reader.take_all(&["IF", "EXISTS"]);
    if let Some(name) = reader.identifier() {
        marks.push(Mark { kind, name, conditional, added: false });
    }
}

fn rename(reader: &mut Reader<'_>, marks: &mut Vec<Mark>) {
    let kind = if reader.take("COLUMN") {
        Kind::Column
    } else if reader.take("INDEX") || reader.take("KEY") {
        Kind::Index
    } else {
        let _ = reader.take("TO") || reader.take("AS") || reader.take_symbol("=");
        return marks.extend(reader.name().map(|new| Mark {
            kind: Kind::Table,
            name: new.name,
            conditional: false,
            added: true,
        }));
    };
    let conditional = reader.take_all(&["IF", "EXISTS"]);
    both(reader, marks, kind, conditional);
}
