//! Every statement of any text is read, and what is read lies inside the statement.
#![no_main]

use coexist::sql::Lexis;
use coexist_fuzz::reading;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for lexis in Lexis::ALL {
        reading::what_is_read_lies_in_its_statement(text, lexis);
    }
});
