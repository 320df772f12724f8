//! The server's error numbers in our words, and where in a statement an error is.

use std::ops::Range;

use ecow::EcoString;
use sqlx::mysql::MySqlDatabaseError;

use super::dialect::{GUARD, SAVEPOINT};
use crate::databases::{ErrorKind, SqlError};

/// The driver's error, as that of this statement.
pub(super) fn from_driver(error: &sqlx::Error, statement: &str) -> SqlError {
    let sqlx::Error::Database(database) = error else {
        // Whatever else the driver says, what it and the server think of the connection may differ from now on.
        return SqlError::new(ErrorKind::ConnectionLost, format!("the connection to the server broke: {error}"));
    };
    let refused = database.downcast_ref::<MySqlDatabaseError>();
    let mut error = SqlError::new(kind(refused.number(), refused.message(), statement), refused.message());
    error.code = Some(refused.number().to_string());
    if error.kind == ErrorKind::TransactionEnded {
        error.detail = Some(error.message);
        error.message = "the script ended the transaction that it was run in".to_owned();
    }
    error
}

/// The refusal that a row of `OPTIMIZE TABLE` and the like tells of, if it does: table, operation, kind of message, message.
pub(super) fn from_row(row: &[Option<EcoString>]) -> Option<SqlError> {
    let [Some(table), Some(_), Some(kind), Some(message)] = row else { return None };
    if !kind.eq_ignore_ascii_case("error") {
        return None;
    }
    // Such a row has no number, and its words may be in another language: then it is a refusal like any other.
    let known = [
        ("Lock wait timeout", ErrorKind::LockTimeout),
        ("Deadlock found", ErrorKind::Deadlock),
        ("max_statement_time exceeded", ErrorKind::StatementTimeout),
        ("maximum statement execution time exceeded", ErrorKind::StatementTimeout),
        ("Query execution was interrupted", ErrorKind::Cancelled),
        ("is full", ErrorKind::Full),
    ];
    let kind = known.iter().find(|(words, _)| message.contains(words)).map_or(ErrorKind::Other, |(_, kind)| *kind);
    let message = if message.contains(table.as_str()) { message.to_string() } else { format!("{table}: {message}") };
    Some(SqlError::new(kind, message))
}

fn kind(number: u16, message: &str, statement: &str) -> ErrorKind {
    match number {
        // 3572 is NOWAIT's.
        // 1684: the catalog was asked for a table that somebody is changing.
        1205 | 1684 | 3572 => ErrorKind::LockTimeout,
        1213 | 1614 | 3058 => ErrorKind::Deadlock,
        // MariaDB's answer to a conflict under `innodb_snapshot_isolation`.
        1020 => ErrorKind::Serialization,
        1969 | 3024 => ErrorKind::StatementTimeout,
        1317 => ErrorKind::Cancelled,
        // Shutdown, a network the server gave up, a session that was killed or idle for too long.
        1053 | 1077..=1080 | 1158..=1161 | 1927 | 2006 | 2013 | 2055 | 3169 | 4031 => ErrorKind::ConnectionLost,
        1022 | 1062 | 1169 | 1586 | 1859 => ErrorKind::UniqueViolation,
        1690 if is_guard(statement) => ErrorKind::GuardFailed,
        1305 if message.contains(SAVEPOINT) => ErrorKind::TransactionEnded,
        1051 | 1146 => ErrorKind::NoSuchTable,
        1021 | 1114 | 3019 => ErrorKind::Full,
        // 28 is the system's ENOSPC.
        3 | 1026 | 1030 if message.contains("28 \"") || message.contains("error 28 ") => ErrorKind::Full,
        1290 if message.contains("read-only") || message.contains("read_only") => ErrorKind::ReadOnly,
        1036 | 1792 | 1836 | 1874 => ErrorKind::ReadOnly,
        _ => ErrorKind::Other,
    }
}

fn is_guard(statement: &str) -> bool {
    statement.contains(GUARD)
}

/// Finds where in its part a syntax error is, by the text that the server quotes from there on, and rewrites the message: what
/// it quotes may go on into the next part, and it counts lines from the start of the part.
pub(super) fn locate(error: &mut SqlError, message: &str, part: Range<usize>) {
    let Some((before, quoted, line)) = quotation(&error.message) else { return };
    let text = &message[part.clone()];
    let skipped = text.len() - text.trim_start().len();
    let on_line =
        |offset: usize| text[skipped..offset.max(skipped)].bytes().filter(|byte| *byte == b'\n').count() + 1 == line;
    let position = if quoted.is_empty() {
        text.trim_end().len()
    } else {
        let here = |offset: &usize| message[part.start + offset..].starts_with(quoted);
        // The semicolon that we put behind it, on a line of its own.
        let after = (text.len() + 1).min(message.len() - part.start);
        let mut found: Vec<usize> =
            text.char_indices().map(|(offset, _)| offset).chain([text.len(), after]).filter(here).collect();
        if found.len() > 1 {
            found.retain(|offset| on_line(*offset));
        }
        let [position] = found[..] else {
            // What follows the part is none of the reader's business in any case.
            let own = quoted.split("\n;\n").next().unwrap_or_default().trim_end();
            error.message = format!("{before}near '{own}' at line {line}");
            return;
        };
        position
    };
    let ours = &quoted[..quoted.len().min(text.len().saturating_sub(position))];
    error.message = format!("{before}near '{}'", ours.trim_end());
    error.position = Some(position.min(text.trim_end().len()));
}

/// `… near 'quoted' at line 3` in its parts.
fn quotation(message: &str) -> Option<(&str, &str, usize)> {
    let (rest, line) = message.rsplit_once("' at line ")?;
    let (before, quoted) = rest.split_once("near '")?;
    Some((before, quoted, line.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn located(message: &str, parts: &[&str], part: usize) -> (String, Option<usize>) {
        let sent = parts.join("\n;\n");
        let start = parts[..part].iter().map(|part| part.len() + 3).sum();
        let mut error = SqlError::new(ErrorKind::Other, message);
        locate(&mut error, &sent, start..start + parts[part].len());
        (error.message, error.position)
    }

    #[test]
    fn a_syntax_error_is_found_by_what_follows_it() {
        let parts = ["select 1", "create table t (\n  id int,\n  nonsense)", "update h set n = 1"];
        let near = |text: &str, line| format!("You have an error; near '{text}' at line {line}");
        assert_eq!(
            located(&near(")\n;\nupdate h set n = 1", 3), &parts, 1),
            ("You have an error; near ')'".to_owned(), Some(37))
        );
        assert_eq!(located(&near("nonsense)\n;\nupdate", 3), &parts, 1).1, Some(29));
        assert_eq!(located(&near("", 1), &parts, 2).1, Some(18));
    }

    #[test]
    fn the_end_of_a_part_is_not_the_next_part() {
        let parts = ["create table", "update h"];
        let message = "near ';\nupdate h' at line 2";
        let (message, position) = located(message, &parts, 0);
        assert_eq!((message.as_str(), position), ("near ''", Some(12)));
    }

    #[test]
    fn a_doubtful_place_is_none() {
        let parts = ["select a b c, a b c"];
        let message = "near 'x' at line 1";
        assert_eq!(located(message, &parts, 0), (message.to_owned(), None));
        assert_eq!(located("no such thing", &parts, 0).1, None);
    }

    #[test]
    fn only_our_guard_is_a_guard() {
        assert_eq!(kind(1690, "", "SELECT IF(1, 1, 2) /* migrate: guard */"), ErrorKind::GuardFailed);
        assert_eq!(kind(1690, "", "SELECT EXP(1000)"), ErrorKind::Other);
        assert_eq!(kind(1305, "SAVEPOINT coexist_open does not exist", ""), ErrorKind::TransactionEnded);
        assert_eq!(kind(1305, "PROCEDURE p does not exist", ""), ErrorKind::Other);
    }
}
