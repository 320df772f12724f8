//! How statements are handed over to SQLite's driver, and what comes back.

use ecow::eco_format;
use futures_util::TryStreamExt;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, Column as _, Either, Row as _, TypeInfo, ValueRef};

use super::super::{Row, Severity};
use super::observer::Cancellation;
use crate::databases::Notice;
use crate::sql::{Lexis, Tokens};

/// What a statement does to the transaction.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    /// It says nothing at all.
    None,
    Begin,
    Commit,
    Rollback,
    Other,
}

impl Verb {
    pub fn of(sql: &str) -> Self {
        let mut tokens = Tokens::new(sql, &Lexis::SQLITE).code();
        let Some(first) = tokens.next() else { return Verb::None };
        let is = |word| first.is_word(sql, word);
        match () {
            () if is("BEGIN") => Verb::Begin,
            () if is("COMMIT") || is("END") => Verb::Commit,
            // `ROLLBACK TO` a savepoint leaves the transaction open.
            () if is("ROLLBACK") && !tokens.any(|token| token.is_word(sql, "TO")) => Verb::Rollback,
            () => Verb::Other,
        }
    }
}

/// What stands between two parts. The semicolon follows at once: SQLite keeps the text of what it creates up to there.
pub(super) const BETWEEN: &str = ";\n";

/// How many statements are handed over at once; the driver keeps them all until the last is done.
const AT_ONCE: usize = 100;

/// Cuts parts into those that are handed over together: transactions, or what is left of them. After one that may end in
/// a comment, no semicolon would be seen.
pub(super) fn groups<'p, 's>(parts: &'p [&'s str]) -> impl Iterator<Item = &'p [&'s str]> {
    let comment = |sql: &str| sql.rsplit('\n').next().is_some_and(|line| line.contains("--"));
    parts
        .split_inclusive(move |sql| comment(sql) || matches!(Verb::of(sql), Verb::Commit | Verb::Rollback))
        .flat_map(|transaction| transaction.chunks(AT_ONCE))
}

/// What a row says that its statement did not do, though it was not refused: a checkpoint that others stood in the way of.
pub(super) fn shortfall(part: usize, row: &SqliteRow) -> Option<Notice> {
    let names = row.columns().iter().map(|column| column.name());
    let busy =
        names.eq(["busy", "log", "checkpointed"]) && row.try_get_unchecked::<i64, _>(0).is_ok_and(|busy| busy != 0);
    let message = "others are using the database: the write-ahead log was not emptied".to_owned();
    busy.then_some(Notice { part, severity: Severity::Warning, message })
}

/// Runs SQL, hands over its rows, each with how many statements were completed before it, and counts the statements that were completed.
pub(super) async fn drain(
    connection: &mut SqliteConnection,
    sql: &str,
    completed: &mut usize,
    cancellation: &Cancellation,
    mut heard: impl FnMut(usize, &SqliteRow) + Send,
) -> Result<(), sqlx::Error> {
    cancellation.begin();
    let mut answers = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_many(connection);
    while let Some(answer) = answers.try_next().await? {
        match answer {
            Either::Left(_) => {
                *completed += 1;
                cancellation.begin();
            }
            Either::Right(row) => heard(*completed, &row),
        }
    }
    Ok(())
}

pub(super) async fn ask(connection: &mut SqliteConnection, sql: &str) -> Result<Vec<Row>, sqlx::Error> {
    let rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(connection).await?;
    rows.iter().map(texts).collect()
}

/// Every value as SQLite's shell would write it.
fn texts(row: &SqliteRow) -> Result<Row, sqlx::Error> {
    (0..row.len())
        .map(|index| {
            let value = row.try_get_raw(index)?;
            if value.is_null() {
                return Ok(None);
            }
            let kind = value.type_info().name().to_owned();
            Ok(Some(match kind.as_str() {
                "INTEGER" => eco_format!("{}", row.try_get_unchecked::<i64, _>(index)?),
                "REAL" => eco_format!("{:?}", row.try_get_unchecked::<f64, _>(index)?),
                "BLOB" => String::from_utf8_lossy(row.try_get_unchecked::<&[u8], _>(index)?).into(),
                _ => row.try_get_unchecked::<&str, _>(index)?.into(),
            }))
        })
        .collect()
}
