//! Any text is cut into tokens that cover it and statements that are in order, on every database; nothing is lost.
#![no_main]

use coexist::sql::Lexis;
use coexist_fuzz::splitting;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for lexis in Lexis::ALL {
        splitting::tokens_cover(text, lexis);
        splitting::nothing_is_skipped(text, lexis);
        splitting::a_statement_stays_one(text, lexis);
    }
});
