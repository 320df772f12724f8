//! Which of a step's statements lose data, in words.

use crate::sql::{Lexis, Statement, StatementKind};

use super::Prepared;

impl Prepared {
    /// What is lost for good when it runs, a clause each.
    pub fn losses(&self) -> Vec<String> {
        let text = &self.step.script.text;
        self.pieces.iter().filter_map(|piece| loss(piece.span.of(text), self.lexis)).collect()
    }
}

/// What a statement loses: rows, columns, tables. Views, indexes and the like can be made again.
fn loss(sql: &str, lexis: &Lexis) -> Option<String> {
    let whole = crate::sql::Span::new(0, sql.len());
    let statement = Statement { span: whole, kind: StatementKind::Sql };
    let words: Vec<String> =
        statement.tokens(sql, lexis).code().take(4096).map(|token| token.of(sql).to_owned()).collect();
    let upper: Vec<String> = words.iter().map(|word| word.to_ascii_uppercase()).collect();
    let at = |index: usize| upper.get(index).map_or("", String::as_str);
    let named = |from: usize| {
        let rest = words.iter().enumerate().skip(from);
        let mut rest = rest.skip_while(|(index, _)| matches!(at(*index), "IF" | "NOT" | "EXISTS" | "ONLY"));
        let mut name = rest.next().map(|(_, word)| word.clone()).unwrap_or_default();
        while let Some((_, dot)) = rest.next()
            && dot == "."
        {
            name = format!("{name}.{}", rest.next().map(|(_, word)| word.as_str()).unwrap_or_default());
        }
        name
    };
    match (at(0), at(1)) {
        ("DROP", kind @ ("TABLE" | "SCHEMA" | "DATABASE")) => {
            Some(format!("drops {} {}", kind.to_ascii_lowercase(), named(2)))
        }
        ("DROP", "MATERIALIZED") => None,
        ("TRUNCATE", "TABLE") => Some(format!("empties {}", named(2))),
        ("TRUNCATE", _) => Some(format!("empties {}", named(1))),
        ("DELETE", "FROM") => Some(format!("deletes rows of {}", named(2))),
        ("ALTER", "TABLE") => {
            let dropped: Vec<String> = (2..words.len())
                .filter(|index| at(*index) == "DROP" && !KEPT.contains(&at(index + 1)))
                .map(|index| named(if at(index + 1) == "COLUMN" { index + 2 } else { index + 1 }))
                .collect();
            (!dropped.is_empty()).then(|| format!("drops column {} of {}", dropped.join(", "), named(2)))
        }
        _ => None,
    }
}

/// What `ALTER TABLE … DROP` may be followed by without losing rows or columns.
const KEPT: [&str; 14] = [
    "CONSTRAINT",
    "INDEX",
    "KEY",
    "PRIMARY",
    "FOREIGN",
    "CHECK",
    "DEFAULT",
    "NOT",
    "IDENTITY",
    "EXPRESSION",
    "PERIOD",
    "SYSTEM",
    "UNIQUE",
    "",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_columns_and_rows_are_losses() {
        let loss = |sql: &str| loss(sql, &Lexis::POSTGRES);
        assert_eq!(loss("drop table if exists app.orders").as_deref(), Some("drops table app.orders"));
        assert_eq!(loss("alter table t drop column if exists a, drop b").as_deref(), Some("drops column a, b of t"));
        assert_eq!(loss("alter table t drop constraint c, alter column x drop not null"), None);
        assert_eq!(loss("truncate t").as_deref(), Some("empties t"));
        assert_eq!(loss("delete from t where a = 1").as_deref(), Some("deletes rows of t"));
        assert_eq!(loss("drop index i"), None);
    }
}
