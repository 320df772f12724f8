//! Any migrations are judged under every rule on every database, and findings and fixes are in their texts. What follows a
//! line `-- next` is another migration, and what follows a line `-- down` its way back.
#![no_main]

use coexist::databases;
use coexist_fuzz::findings;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let migrations = findings::migrations(text.split("-- next\n").take(4));
    for (number, database) in databases::ALL.iter().enumerate() {
        let dialect = database.dialect();
        let linted = findings::are_sound(&migrations, number % 2, dialect);
        // What takes long is asked for one of them, which may be any.
        if number != text.len() % databases::ALL.len() {
            continue;
        }
        findings::can_be_written(&linted);
        findings::are_the_same_again(&linted, number % 2, dialect);
        findings::changes_lie_in_their_scripts(&migrations, dialect);
        if text.len() < 1000 {
            findings::fixes_do_no_harm(&migrations, dialect);
        }
    }
});
