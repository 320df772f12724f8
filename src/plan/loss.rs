//! Which of a step's statements lose data, in words.

use crate::sql::ddl::{self, ActionKind, ObjectKind, Reading, Verb};
use crate::sql::{Lexis, Span, Statement, StatementKind};

use super::Prepared;

impl Prepared {
    /// What is lost for good when it runs, a clause each.
    pub fn losses(&self) -> Vec<String> {
        let text = &self.step.script.text;
        self.pieces.iter().filter_map(|piece| loss(text, piece.span, self.lexis)).collect()
    }
}

/// What a statement loses: rows, columns, tables. Views, indexes and the like can be made again.
fn loss(text: &str, span: Span, lexis: &Lexis) -> Option<String> {
    let statement = Statement { span, kind: StatementKind::Sql };
    let reading = ddl::read(&statement, text, lexis);
    match (reading.verb, reading.object) {
        (Verb::Drop, Some(ObjectKind::Table)) => Some(format!("drops table {}", names(&reading))),
        (Verb::Drop, Some(ObjectKind::Schema)) => Some(format!("drops schema {}", names(&reading))),
        (Verb::Drop, Some(ObjectKind::Database)) => Some(format!("drops database {}", names(&reading))),
        (Verb::Truncate, _) => Some(format!("empties {}", names(&reading))),
        (Verb::Delete, _) => Some(format!("deletes rows: {}", first_words(span.of(text)))),
        (Verb::Alter, Some(ObjectKind::Table)) => {
            let dropped: Vec<&str> = reading
                .actions()
                .iter()
                .filter_map(|action| match &action.kind {
                    ActionKind::DropColumn { column, .. } => Some(column.value.as_str()),
                    _ => None,
                })
                .collect();
            (!dropped.is_empty()).then(|| format!("drops column {} of {}", dropped.join(", "), names(&reading)))
        }
        _ => None,
    }
}

fn names(reading: &Reading) -> String {
    reading.names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn first_words(sql: &str) -> String {
    sql.split_whitespace().take(8).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_columns_and_rows_are_losses() {
        let loss = |sql: &str| loss(sql, Span::new(0, sql.len()), &Lexis::POSTGRES);
        assert_eq!(loss("drop table if exists app.orders").as_deref(), Some("drops table app.orders"));
        assert_eq!(loss("alter table t drop column if exists a, drop b").as_deref(), Some("drops column a, b of t"));
        assert_eq!(loss("alter table t drop constraint c, alter column x drop not null"), None);
        assert_eq!(loss("truncate t").as_deref(), Some("empties t"));
        assert_eq!(loss("delete from t where a = 1").as_deref(), Some("deletes rows: delete from t where a = 1"));
        assert_eq!(loss("drop index i"), None);
    }
}
