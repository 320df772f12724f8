//! Any text gives directives whose places are in it.
#![no_main]

use coexist::migration::Script;
use coexist::sql::Lexis;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let script = Script::new("fuzz.sql", text);
    for lexis in Lexis::ALL {
        let directives = script.directives(lexis);
        let places = directives.all.iter().map(|(span, _)| *span);
        for span in places.chain(directives.errors.iter().map(|error| error.span)) {
            assert!(script.text.get(span.start..span.end).is_some());
            script.lines().place(span.start);
        }
    }
});
