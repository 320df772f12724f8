//! What is true of any text whatever; each fuzz target asks for a part of it.
//!
//! ```sh
//! cargo +nightly fuzz run split -- -dict=fuzz/sql.dict -max_len=20000 -timeout=25 -rss_limit_mb=1024
//! ```
//!
//! Begin with a corpus of real migrations: what comes of them reaches further than what comes of nothing.

pub mod findings;
pub mod folders;
pub mod reading;
pub mod splitting;

use std::fmt::Debug;

/// Every span in a value, wherever it is kept: so that none that is added later is forgotten.
fn spans(value: &impl Debug) -> Vec<(usize, usize)> {
    let shown = format!("{value:?}");
    let mut found = Vec::new();
    for part in shown.split("Span { start: ").skip(1) {
        let numbers = part.split_once(" }").and_then(|(both, _)| both.split_once(", end: "));
        // A string that looks like a span has no numbers, or those of a text that is as good as any.
        if let Some((Ok(start), Ok(end))) = numbers.map(|(start, end)| (start.parse(), end.parse())) {
            found.push((start, end));
        }
    }
    found
}
