//! Times as people write them: `300ms`, `2s`, `10m`, `1h`, or a plain number of seconds.

use std::time::Duration;

/// The time that a word means; `none` and `off` mean no limit.
pub fn parse(word: &str) -> Result<Option<Duration>, String> {
    let word = word.trim();
    if matches!(word, "none" | "off") {
        return Ok(None);
    }
    let digits = word.find(|c: char| !c.is_ascii_digit()).unwrap_or(word.len());
    let number: u64 = word[..digits].parse().map_err(|_| wrong(word))?;
    let milliseconds = match &word[digits..] {
        "ms" => number,
        "" | "s" => number.saturating_mul(1000),
        "m" | "min" => number.saturating_mul(60_000),
        "h" => number.saturating_mul(3_600_000),
        _ => return Err(wrong(word)),
    };
    Ok(Some(Duration::from_millis(milliseconds)))
}

fn wrong(word: &str) -> String {
    format!("`{word}` is no time: write `300ms`, `2s`, `10m`, `1h` or `none`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units() {
        assert_eq!(parse("300ms"), Ok(Some(Duration::from_millis(300))));
        assert_eq!(parse("15"), Ok(Some(Duration::from_secs(15))));
        assert_eq!(parse("2h"), Ok(Some(Duration::from_secs(7200))));
        assert_eq!(parse("none"), Ok(None));
        assert!(parse("soon").is_err());
        assert!(parse("5 apples").is_err());
    }
}
