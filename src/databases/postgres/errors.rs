//! The server's refusals in words that no database owns.

use std::borrow::Cow;

use sqlx::postgres::{PgDatabaseError, PgErrorPosition, PgSeverity};

use super::super::{BatchError, ErrorKind, SqlError};
use super::dialect::GUARD;

/// A driver's error. Positions are left to the caller, who knows what was sent.
pub(super) fn sql_error(error: &sqlx::Error) -> SqlError {
    match server_error(error) {
        Some(said) => from_server(said),
        None if is_unreadable(error) => {
            let message = "the server refused it in words that are not UTF-8: leave `client_encoding` alone, and keep the script in UTF-8";
            SqlError::new(ErrorKind::Other, message)
        }
        // Whatever else goes wrong, the conversation is out of step and the connection of no more use.
        None => SqlError::new(ErrorKind::ConnectionLost, format!("the connection was lost: {}", reason(error))),
    }
}

/// Whether the server refused something in words that the driver could not read, as a script changed the encoding. It was
/// read to its end all the same, and the conversation goes on; of what is no refusal that cannot be said.
fn is_unreadable(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Protocol(message) if message.contains("ErrorResponse") && message.contains("non-UTF-8"))
}

/// What the server itself said.
pub(super) fn server_error(error: &sqlx::Error) -> Option<&PgDatabaseError> {
    error.as_database_error()?.try_downcast_ref::<PgDatabaseError>()
}

/// A driver's error without the driver's words.
pub(super) fn reason(error: &sqlx::Error) -> Cow<'static, str> {
    match error {
        sqlx::Error::Io(error) => match error.kind() {
            std::io::ErrorKind::UnexpectedEof => "the server closed it".into(),
            _ => error.to_string().into(),
        },
        sqlx::Error::Protocol(message) => format!("unexpected answer ({message})").into(),
        sqlx::Error::Tls(error) => format!("TLS: {error}").into(),
        other => other.to_string().into(),
    }
}

fn from_server(said: &PgDatabaseError) -> SqlError {
    let mut context = said.r#where().map(str::to_owned);
    if let Some(PgErrorPosition::Internal { position, query }) = said.position() {
        let inner = format!("at character {position} of: {query}");
        context = Some(context.map_or(inner.clone(), |context| format!("{inner}\n{context}")));
    }
    SqlError {
        kind: kind(said),
        code: Some(said.code().to_owned()),
        message: said.message().to_owned(),
        detail: said.detail().map(str::to_owned),
        hint: said.hint().map(str::to_owned),
        context,
        position: None,
    }
}

fn kind(said: &PgDatabaseError) -> ErrorKind {
    if matches!(said.severity(), PgSeverity::Fatal | PgSeverity::Panic) {
        return ErrorKind::ConnectionLost;
    }
    match said.code() {
        "55P03" => ErrorKind::LockTimeout,
        "40P01" => ErrorKind::Deadlock,
        "40001" => ErrorKind::Serialization,
        "57014" if said.message().contains("statement timeout") => ErrorKind::StatementTimeout,
        "57014" => ErrorKind::Cancelled,
        "57P01" | "57P02" | "57P03" | "57P04" | "57P05" => ErrorKind::ConnectionLost,
        code if code.starts_with("08") => ErrorKind::ConnectionLost,
        "23505" => ErrorKind::UniqueViolation,
        // The value stands in the message whatever the server's language.
        "22P02" if said.message().contains(GUARD) => ErrorKind::GuardFailed,
        "25P01" => ErrorKind::TransactionEnded,
        "42P01" => ErrorKind::NoSuchTable,
        "53100" => ErrorKind::Full,
        "25006" => ErrorKind::ReadOnly,
        _ => ErrorKind::Other,
    }
}

/// Which part of a message failed, when this many commands were completed before.
///
/// The server reads the whole message before it runs any of it, so a syntax error stands far behind what was
/// completed: its position tells, which counts characters of the whole message.
pub(super) fn batch_error(parts: &[&str], completed: usize, error: &sqlx::Error) -> BatchError {
    let mut sql = sql_error(error);
    let by_count = completed.min(parts.len().saturating_sub(1));
    let position = server_error(error).and_then(|said| match said.position() {
        Some(PgErrorPosition::Original(position)) => position.checked_sub(1),
        _ => None,
    });
    let Some((part, offset)) = position.and_then(|position| locate(parts, position)) else {
        return BatchError { part: by_count, ran: by_count, error: sql };
    };
    sql.position = Some(offset);
    BatchError { part, ran: by_count.min(part), error: sql }
}

/// What stands between two parts: on a line of its own, because a part may end in a comment.
pub(super) const BETWEEN: &str = "\n;\n";

/// The part that has this character of the whole message, counted from 0, and the byte in it.
fn locate(parts: &[&str], mut character: usize) -> Option<(usize, usize)> {
    for (index, part) in parts.iter().enumerate() {
        let length = part.chars().count();
        if character <= length {
            return Some((index, part.char_indices().nth(character).map_or(part.len(), |(at, _)| at)));
        }
        character = character.checked_sub(length + BETWEEN.len())?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_of_the_message_is_a_byte_of_a_part() {
        let parts = ["ab", "çd e", "f"];
        let message = parts.join(BETWEEN);
        for (index, part) in parts.iter().enumerate() {
            for (at, c) in part.char_indices() {
                let whole = message.char_indices().position(|(byte, other)| {
                    other == c && byte == parts[..index].iter().map(|p| p.len() + BETWEEN.len()).sum::<usize>() + at
                });
                assert_eq!(locate(&parts, whole.unwrap()), Some((index, at)));
            }
        }
        assert_eq!(locate(&parts, 2), Some((0, 2)));
        assert_eq!(locate(&parts, 99), None);
    }
}
