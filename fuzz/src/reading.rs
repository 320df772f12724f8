//! Reading: every statement is read, and what is read lies in it.

use coexist::sql::{self, Lexis, Statement, Statements, ddl};

use crate::spans;

/// Reads every statement, and asks of it all that the runner asks.
pub fn what_is_read_lies_in_its_statement(text: &str, lexis: &Lexis) {
    let statements: Vec<Statement> = Statements::new(text, lexis).map_while(Result::ok).collect();
    for statement in &statements {
        let reading = ddl::read(statement, text, lexis);
        assert_eq!(reading.span, statement.span);
        for (start, end) in spans(&reading) {
            assert!(start >= statement.span.start && end <= statement.span.end, "{start}..{end} in {reading:?}");
            assert!(text.get(start..end).is_some(), "{start}..{end} in {reading:?}");
        }
        assert_eq!(reading, ddl::read(statement, text, lexis));
        for (start, end) in spans(&sql::effect(statement, text, lexis)) {
            assert!(start >= statement.span.start && end <= statement.span.end && text.get(start..end).is_some());
        }
        for (start, end) in spans(&sql::leaves(statement, text, lexis)) {
            assert!(start >= statement.span.start && end <= statement.span.end && text.get(start..end).is_some());
        }
        sql::may_change_session(statement, text, lexis);
    }
    sql::transaction_pairs(&statements, text, lexis);
    for version in [50_700, 80_036, 101_100] {
        let read = sql::read_by(text, lexis, version);
        assert_eq!(read.len(), text.len());
        assert_eq!(read.matches('\n').count(), text.matches('\n').count());
    }
}
