//! Every statement of any text is read, and what is read lies inside the statement.
#![no_main]

use coexist::sql::{Lexis, Statements, ddl, effect};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for lexis in Lexis::ALL {
        for statement in Statements::new(text, lexis).map_while(Result::ok) {
            let reading = ddl::read(&statement, text, lexis);
            assert_eq!(reading.span, statement.span);
            for name in &reading.names {
                assert!(text.get(name.span.start..name.span.end).is_some());
            }
            for action in reading.actions() {
                assert!(action.span.start >= statement.span.start && action.span.end <= statement.span.end);
                assert!(text.get(action.span.start..action.span.end).is_some());
            }
            effect(&statement, text, lexis);
        }
    }
});
