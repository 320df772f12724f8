//! Any text is cut into tokens that cover it and statements that are in order, on every database.
#![no_main]

use coexist::sql::{Lexis, Statements, Tokens};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for lexis in Lexis::ALL {
        let mut at = 0;
        for token in Tokens::new(text, lexis) {
            assert_eq!(token.start(), at);
            assert!(token.end() > at && text.is_char_boundary(token.end()));
            at = token.end();
        }
        assert_eq!(at, text.len());
        let mut end = 0;
        for statement in Statements::new(text, lexis).map_while(Result::ok) {
            assert!(statement.span.start >= end && statement.span.start < statement.span.end);
            assert!(!statement.of(text).is_empty());
            end = statement.span.end;
        }
    }
});
