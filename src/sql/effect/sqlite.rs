//! SQLite: nearly everything is transactional; some pragmas are not.

use super::{Control, Cursor, Effect};

pub(super) fn effect(mut cursor: Cursor<'_>) -> Effect {
    let first = cursor.keyword(0);
    cursor.step();
    match &*first {
        "BEGIN" => Effect::Control(Control::Begin),
        "COMMIT" | "END" => Effect::Control(Control::Commit),
        "ROLLBACK" if !cursor.has("TO") => Effect::Control(Control::Rollback),
        "VACUUM" => Effect::OutsideOnly { what: "VACUUM" },
        "PRAGMA" => pragma(cursor),
        _ => Effect::Transactional,
    }
}

/// <https://www.sqlite.org/pragma.html>; a pragma without a value only asks.
fn pragma(mut cursor: Cursor<'_>) -> Effect {
    if cursor.keyword(1).starts_with('.') {
        cursor.at += 2;
    }
    let name = cursor.keyword(0);
    cursor.step();
    let sets = cursor.sees_any(&["=", "("]);
    match &*name {
        "FOREIGN_KEYS" if sets => Effect::IdleInside { what: "PRAGMA foreign_keys" },
        "JOURNAL_MODE" if sets => Effect::OutsideOnly { what: "PRAGMA journal_mode" },
        "SYNCHRONOUS" if sets => Effect::OutsideOnly { what: "PRAGMA synchronous" },
        "TEMP_STORE" if sets => Effect::OutsideOnly { what: "PRAGMA temp_store" },
        "WAL_CHECKPOINT" => Effect::OutsideOnly { what: "PRAGMA wal_checkpoint" },
        _ => Effect::Transactional,
    }
}
