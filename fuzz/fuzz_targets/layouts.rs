//! Any files are migrations in every layout, or an error, and are converted or refused.
#![no_main]

use coexist::databases;
use coexist_fuzz::folders;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let folder = folders::folder(text);
    for database in databases::ALL {
        folders::are_read_in_every_layout(&folder, *database);
    }
    if text.len() < 2000 {
        folders::are_converted_or_refused(&folder, databases::ALL[text.len() % databases::ALL.len()]);
    }
});
