//! The reader of schema statements takes anything.

use coexist::sql::{Lexis, Span, Statements, ddl, effect, may_change_session};
use proptest::prelude::*;

fn statement() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "create",
        "alter",
        "drop",
        "table",
        "index",
        "type",
        "view",
        "column",
        "add",
        "constraint",
        "foreign key",
        "references",
        "primary key",
        "unique",
        "check",
        "(",
        ")",
        ",",
        "a",
        "\"b\"",
        "`c`",
        "'d'",
        "1",
        "not null",
        "null",
        "default",
        "case",
        "end",
        "generated always as",
        "identity",
        "collate",
        "set",
        "to",
        "rename",
        "on",
        "partition",
        "modify",
        "change",
        "first",
        "after",
        "if exists",
        "if not exists",
        "concurrently",
        "using",
        "[",
        "]",
        ".",
        "as",
        "select",
        "values",
        "with",
        "pragma",
        "=",
        "definer",
        "@",
        "statement",
        "for",
        "trigger",
        "do",
        "$$ begin end $$",
        "reindex",
        "truncate",
        "comment",
        "is",
        "insert into",
        "autocommit",
        "enum",
        "on delete",
    ]);
    prop::collection::vec(words, 0..25).prop_map(|words| words.join(" "))
}

/// Every place that a reading names lies inside its statement.
fn places(reading: &ddl::Reading) -> Vec<Span> {
    let names = reading.names.iter().map(ddl::QualifiedName::span);
    names.chain(reading.actions().iter().map(|action| action.span)).chain(reading.unknown()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn any_statement_is_read(text in statement()) {
        for lexis in Lexis::ALL {
            for statement in Statements::new(&text, lexis).map_while(Result::ok) {
                let reading = ddl::read(&statement, &text, lexis);
                for span in places(&reading) {
                    prop_assert!(statement.span.start <= span.start && span.end <= statement.span.end, "{text:?}");
                }
                effect(&statement, &text, lexis);
                may_change_session(&statement, &text, lexis);
            }
        }
    }
}
