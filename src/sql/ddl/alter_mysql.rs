//! Reads `ALTER` on MySQL and MariaDB.

use super::Reader;
use super::action::{Action, ActionKind, PartitionAction};
use super::column::column;
use super::constraint::{constraint, starts_constraint, starts_index, table_index};
use super::create::definer;
use super::definition::ConstraintKind;

use super::name::Names as _;
use super::object::object_kind;
use super::reading::{ObjectKind, Verb};
use crate::sql::cursor::Cursor;
use crate::sql::lex::Grammar;

/// Names and columns are read alike on both.
const GRAMMAR: Grammar = Grammar::MariaDb;

impl Reader<'_, '_> {
    pub(super) fn alter_mysql(&mut self) {
        loop {
            if self.cursor.sees_any(&["ONLINE", "OFFLINE", "IGNORE"]) {
                self.cursor.step();
            } else if self.cursor.sees("SQL SECURITY") {
                self.cursor.at += 3;
            } else if self.cursor.eat("ALGORITHM") || self.cursor.eat("DEFINER") {
                definer(&mut self.cursor);
            } else {
                break;
            }
        }
        let Some(object) = object_kind(&mut self.cursor, self.grammar) else { return };
        self.set(Verb::Alter, Some(object));
        self.reading.flags.if_exists = self.cursor.eat("IF EXISTS");
        self.name();
        let actions = match object {
            ObjectKind::Table => {
                if self.cursor.eat("WAIT") {
                    self.cursor.step();
                }
                self.cursor.eat("NOWAIT");
                parts(self.cursor).into_iter().flat_map(actions).collect()
            }
            ObjectKind::Event if self.cursor.has("RENAME TO") => {
                let mut found = self.cursor.find("RENAME TO").unwrap_or(self.cursor);
                let span = found.rest();
                found.at += 2;
                found.qualified(GRAMMAR).map(|to| Action { kind: ActionKind::RenameTo(to), span }).into_iter().collect()
            }
            _ => vec![Action { kind: ActionKind::Settings, span: self.cursor.rest() }],
        };
        self.actions(actions);
    }
}

/// The parts between commas, but for the commas of `DROP PARTITION a, b` and `REORGANIZE PARTITION a, b INTO (…)`.
fn parts(cursor: Cursor<'_>) -> Vec<Cursor<'_>> {
    let mut parts: Vec<Cursor<'_>> = Vec::new();
    let mut start = cursor.at;
    for part in cursor.parts() {
        let end = start + part.tokens.len();
        match parts.last_mut() {
            Some(last)
                if last.sees("REORGANIZE PARTITION")
                    || (part.tokens.len() == 1 && last.keyword(1).starts_with("PARTITION")) =>
            {
                last.tokens = &cursor.tokens[start - 1 - last.tokens.len()..end];
            }
            _ => parts.push(part),
        }
        start = end + 1;
    }
    parts
}

/// One part between commas; `ADD COLUMN (a INT, b INT)` is several actions, and so are options without commas.
fn actions(part: Cursor<'_>) -> Vec<Action> {
    let mut inside = part;
    if inside.eat("ADD") {
        inside.eat("COLUMN");
        inside.eat("IF NOT EXISTS");
        if let Some(group) = inside.group() {
            return group.parts().into_iter().map(|element| of(element, add(element))).collect();
        }
    }
    // What is done to partitions may follow the last action without a comma.
    if !part.sees_any(&["PARTITION", "ADD", "DROP", "EXCHANGE", "REORGANIZE", "REMOVE"])
        && let Some(partition) = part.find("PARTITION BY").or_else(|| part.find("REMOVE PARTITIONING"))
    {
        let before = Cursor { tokens: &part.tokens[..partition.at], ..part };
        return vec![of(before, action(before)), of(partition, action(partition))];
    }
    vec![of(part, action(part))]
}

fn of(part: Cursor<'_>, kind: Option<ActionKind>) -> Action {
    Action { kind: kind.unwrap_or(ActionKind::Unknown), span: part.rest() }
}

fn action(mut cursor: Cursor<'_>) -> Option<ActionKind> {
    let start = cursor;
    let verb = cursor.keyword(0);
    cursor.step();
    let partition = |action| Some(ActionKind::Partition(action));
    match &*verb {
        "ADD" if cursor.sees("PARTITION") => partition(PartitionAction::Add),
        "ADD" => add(cursor),
        "DROP" => drop_part(cursor),
        "MODIFY" => {
            cursor.eat("COLUMN");
            let if_exists = cursor.eat("IF EXISTS");
            let (column, position) = column(&mut cursor, GRAMMAR)?;
            Some(ActionKind::ModifyColumn { column, if_exists, position })
        }
        "CHANGE" => {
            cursor.eat("COLUMN");
            let if_exists = cursor.eat("IF EXISTS");
            let from = cursor.name(GRAMMAR)?;
            let (column, position) = column(&mut cursor, GRAMMAR)?;
            Some(ActionKind::ChangeColumn { from, column, if_exists, position })
        }
        "RENAME" => rename(cursor),
        "ALTER" => alter_part(cursor),
        "CONVERT" if cursor.sees("PARTITION") || cursor.sees("TABLE") => partition(PartitionAction::Convert),
        "CONVERT" => convert(cursor),
        "ALGORITHM" => {
            cursor.eat("=");
            Some(ActionKind::Algorithm(cursor.name(GRAMMAR)?))
        }
        "LOCK" => {
            cursor.eat("=");
            Some(ActionKind::Lock(cursor.name(GRAMMAR)?))
        }
        "FORCE" => Some(ActionKind::Force),
        "ORDER" => Some(ActionKind::OrderBy),
        "DISABLE" if cursor.sees("KEYS") => Some(ActionKind::Keys { enable: false }),
        "ENABLE" if cursor.sees("KEYS") => Some(ActionKind::Keys { enable: true }),
        "PARTITION" => partition(PartitionAction::By),
        "TRUNCATE" => partition(PartitionAction::Truncate),
        "COALESCE" => partition(PartitionAction::Coalesce),
        "REORGANIZE" => partition(PartitionAction::Reorganize),
        "EXCHANGE" => partition(PartitionAction::Exchange),
        "REMOVE" => partition(PartitionAction::Remove),
        "ANALYZE" => partition(PartitionAction::Analyze),
        "CHECK" => partition(PartitionAction::Check),
        "OPTIMIZE" => partition(PartitionAction::Optimize),
        "REBUILD" => partition(PartitionAction::Rebuild),
        "REPAIR" => partition(PartitionAction::Repair),
        "DISCARD" if cursor.sees("PARTITION") => partition(PartitionAction::Discard),
        "IMPORT" if cursor.sees("PARTITION") => partition(PartitionAction::Import),
        "DISCARD" | "IMPORT" => Some(ActionKind::Tablespace),
        "WITH" | "WITHOUT" if cursor.sees("VALIDATION") => Some(ActionKind::Validation { with: &*verb == "WITH" }),
        _ => option(start),
    }
}

fn add(mut cursor: Cursor<'_>) -> Option<ActionKind> {
    if cursor.sees("SYSTEM VERSIONING") {
        return Some(ActionKind::SystemVersioning { add: true });
    }
    if cursor.sees("PERIOD FOR") {
        return Some(ActionKind::Period { add: true });
    }
    let unnamed_unique = cursor.sees("UNIQUE");
    if starts_index(&cursor) || unnamed_unique {
        let if_not_exists = cursor.has("IF NOT EXISTS");
        return Some(ActionKind::AddIndex { index: table_index(&mut cursor, GRAMMAR), if_not_exists });
    }
    if starts_constraint(&cursor, GRAMMAR) {
        let if_not_exists = cursor.has("IF NOT EXISTS");
        let constraint = constraint(&mut cursor, GRAMMAR)?;
        return Some(ActionKind::AddConstraint { constraint, if_not_exists });
    }
    cursor.eat("COLUMN");
    let if_not_exists = cursor.eat("IF NOT EXISTS");
    let (column, position) = column(&mut cursor, GRAMMAR)?;
    Some(ActionKind::AddColumn { column, if_not_exists, position })
}

fn drop_part(mut cursor: Cursor<'_>) -> Option<ActionKind> {
    let word = cursor.keyword(0);
    let constraint = |name, kind, if_exists| ActionKind::DropConstraint { name, kind, if_exists, cascade: false };
    Some(match &*word {
        "PARTITION" => ActionKind::Partition(PartitionAction::Drop),
        "SYSTEM" if cursor.sees("SYSTEM VERSIONING") => ActionKind::SystemVersioning { add: false },
        "PERIOD" if cursor.sees("PERIOD FOR") => ActionKind::Period { add: false },
        "PRIMARY" => constraint(None, Some(ConstraintKind::PrimaryKey), false),
        "INDEX" | "KEY" => {
            cursor.step();
            let if_exists = cursor.eat("IF EXISTS");
            ActionKind::DropIndex { name: cursor.name(GRAMMAR)?, if_exists }
        }
        "FOREIGN" | "CHECK" | "CONSTRAINT" => {
            cursor.step();
            let foreign = cursor.eat("KEY");
            let kind = match &*word {
                "FOREIGN" if foreign => Some(ConstraintKind::ForeignKey),
                "CHECK" => Some(ConstraintKind::Check),
                _ => None,
            };
            let if_exists = cursor.eat("IF EXISTS");
            constraint(Some(cursor.name(GRAMMAR)?), kind, if_exists)
        }
        _ => {
            cursor.eat("COLUMN");
            let if_exists = cursor.eat("IF EXISTS");
            let column = cursor.name(GRAMMAR)?;
            ActionKind::DropColumn { column, if_exists, cascade: cursor.sees("CASCADE") }
        }
    })
}

fn rename(mut cursor: Cursor<'_>) -> Option<ActionKind> {
    let column = cursor.eat("COLUMN");
    let index = !column && (cursor.eat("INDEX") || cursor.eat("KEY"));
    if !column && !index {
        if !cursor.eat("TO") && !cursor.eat("AS") {
            cursor.eat("=");
        }
        return Some(ActionKind::RenameTo(cursor.qualified(GRAMMAR)?));
    }
    cursor.eat("IF EXISTS");
    let from = cursor.name(GRAMMAR)?;
    let to = cursor.eat("TO").then(|| cursor.name(GRAMMAR)).flatten()?;
    Some(if column { ActionKind::RenameColumn { from, to } } else { ActionKind::RenameIndex { from, to } })
}

fn alter_part(mut cursor: Cursor<'_>) -> Option<ActionKind> {
    if cursor.eat("INDEX") || cursor.eat("KEY") {
        cursor.eat("IF EXISTS");
        let name = cursor.name(GRAMMAR)?;
        let visible = match &*cursor.keyword(0) {
            "VISIBLE" => Some(true),
            "INVISIBLE" => Some(false),
            "NOT" if cursor.sees("NOT IGNORED") => Some(true),
            "IGNORED" => Some(false),
            _ => None,
        };
        return Some(ActionKind::AlterIndex { name, visible });
    }
    if cursor.eat("CHECK") || cursor.eat("CONSTRAINT") {
        return Some(ActionKind::AlterConstraint { name: cursor.name(GRAMMAR)? });
    }
    cursor.eat("COLUMN");
    cursor.eat("IF EXISTS");
    let column = cursor.name(GRAMMAR)?;
    Some(if cursor.eat("SET DEFAULT") {
        ActionKind::SetDefault { column, value: cursor.rest() }
    } else if cursor.sees("DROP DEFAULT") {
        ActionKind::DropDefault { column }
    } else if cursor.sees("SET VISIBLE") || cursor.sees("SET INVISIBLE") {
        ActionKind::SetVisible { column, visible: cursor.sees("SET VISIBLE") }
    } else {
        return None;
    })
}

fn convert(mut cursor: Cursor<'_>) -> Option<ActionKind> {
    if !(cursor.eat("TO CHARACTER SET") || cursor.eat("TO CHARSET")) {
        return None;
    }
    let charset = cursor.name(GRAMMAR);
    let collation = if cursor.eat("COLLATE") { cursor.name(GRAMMAR) } else { None };
    Some(ActionKind::ConvertTo { charset, collation })
}

/// An option of the table, such as `ENGINE = InnoDB`.
fn option(cursor: Cursor<'_>) -> Option<ActionKind> {
    const OPTIONS: &[&str] = &[
        "AUTOEXTEND_SIZE",
        "AUTO_INCREMENT",
        "AVG_ROW_LENGTH",
        "CHARACTER",
        "CHARSET",
        "CHECKSUM",
        "COLLATE",
        "COMMENT",
        "COMPRESSION",
        "CONNECTION",
        "DATA",
        "DEFAULT",
        "DELAY_KEY_WRITE",
        "ENCRYPTED",
        "ENCRYPTION",
        "ENCRYPTION_KEY_ID",
        "ENGINE",
        "ENGINE_ATTRIBUTE",
        "IETF_QUOTES",
        "INDEX",
        "INSERT_METHOD",
        "KEY_BLOCK_SIZE",
        "MAX_ROWS",
        "MIN_ROWS",
        "PACK_KEYS",
        "PAGE_CHECKSUM",
        "PAGE_COMPRESSED",
        "PAGE_COMPRESSION_LEVEL",
        "PASSWORD",
        "ROW_FORMAT",
        "SECONDARY_ENGINE",
        "SECONDARY_ENGINE_ATTRIBUTE",
        "SECONDARY_LOAD",
        "SECONDARY_UNLOAD",
        "SEQUENCE",
        "STATS_AUTO_RECALC",
        "STATS_PERSISTENT",
        "STATS_SAMPLE_PAGES",
        "STORAGE",
        "TABLESPACE",
        "TRANSACTIONAL",
        "TYPE",
        "UNION",
    ];
    let name = cursor.keyword(0);
    OPTIONS.contains(&&*name).then(|| ActionKind::TableOption { name: name.to_ascii_lowercase() })
}
