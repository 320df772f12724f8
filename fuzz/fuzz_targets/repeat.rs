//! What is said a thousand times takes a thousand times as long, not a million times: run it with `-timeout`. Two NUL bytes
//! cut the text into what comes before, what is repeated, and what comes after.
#![no_main]

use coexist::databases;
use coexist_fuzz::findings;
use libfuzzer_sys::fuzz_target;

/// The length of what is judged.
const LENGTH: usize = 16 << 10;

fuzz_target!(|text: &str| {
    let mut parts = text.splitn(3, '\0');
    let (Some(before), Some(unit), Some(after)) = (parts.next(), parts.next(), parts.next()) else { return };
    if unit.is_empty() || after.contains('\0') {
        return;
    }
    let mut long = before.to_owned();
    for number in 0..(LENGTH / unit.len()).max(1) {
        // `%` is another number each time, so that names are told apart.
        long += &unit.replace('%', &number.to_string());
    }
    long += after;
    let migrations = findings::migrations([&*long]);
    for database in databases::ALL {
        let linted = findings::are_sound(&migrations, 0, database.dialect());
        findings::can_be_written(&linted);
    }
});
