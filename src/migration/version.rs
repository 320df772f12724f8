//! Versions: leading digits of any length, compared as numbers and shown as written.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use ecow::EcoString;

/// A migration's version: numbers separated by `.` or `_`, each of any length.
///
/// `7`, `0007` and `007` are the same version; `1.10` is later than `1.9`.
#[derive(Clone, Debug)]
pub struct Version {
    written: EcoString,
    /// Where trailing parts begin that are zero and do not count (`2.0` is `2`).
    end: usize,
}

/// Whether this stands between the numbers.
fn separates(byte: &u8) -> bool {
    matches!(byte, b'.' | b'_')
}

/// The text is no version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a version: write digits, such as `0007`, `20261121093000` or `2.1`")]
pub struct VersionError(pub String);

impl Version {
    /// The version as the file name has it.
    pub fn as_str(&self) -> &str {
        &self.written
    }

    fn is_one_number(&self) -> bool {
        !self.written.bytes().any(|byte| separates(&byte))
    }

    /// The numbers that count, without their leading zeros.
    fn parts(&self) -> impl Iterator<Item = &[u8]> {
        self.written.as_bytes()[..self.end].split(separates).map(|part| {
            let zeros = part.iter().take_while(|digit| **digit == b'0').count();
            &part[zeros..]
        })
    }
}

impl Version {
    /// The version that a tool means which compares versions as texts. It runs `20240102` after every moment of the day
    /// before; as a number that would come before all of them, so that it is written as its first second.
    ///
    /// # Errors
    ///
    /// When the text is no version.
    pub fn of_text(text: &str) -> Result<Self, VersionError> {
        let is_day = (8..14).contains(&text.len()) && text.starts_with(['1', '2']) && !text.contains(['.', '_']);
        if is_day { format!("{text:0<14}").parse().map_err(|_| VersionError(text.to_owned())) } else { text.parse() }
    }
}

impl FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        let bytes = text.as_bytes();
        let digits = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
        if !bytes.split(separates).all(digits) {
            return Err(VersionError(text.to_owned()));
        }
        let mut end = text.len();
        while let Some(last) = bytes[..end].iter().rposition(separates)
            && bytes[last + 1..end].iter().all(|byte| *byte == b'0')
        {
            end = last;
        }
        Ok(Version { written: text.into(), end })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.written)
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        // Of two plain numbers with as many digits, the greater is the later text.
        if self.written.len() == other.written.len() && self.is_one_number() && other.is_one_number() {
            return self.written.cmp(&other.written);
        }
        let (mut ours, mut theirs) = (self.parts(), other.parts());
        loop {
            let order = match (ours.next(), theirs.next()) {
                (None, None) => return Ordering::Equal,
                (a, b) => a.map(|part| (part.len(), part)).cmp(&b.map(|part| (part.len(), part))),
            };
            if order.is_ne() {
                return order;
            }
        }
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.written == other.written || self.cmp(other).is_eq()
    }
}

impl Eq for Version {}

impl Hash for Version {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // Leading zeros leave the number as it is, and one that does not fit hashes as its end.
        let mut number = 0_u64;
        for byte in &self.written.as_bytes()[..self.end] {
            if separates(byte) {
                state.write_u64(std::mem::take(&mut number));
            } else {
                number = number.wrapping_mul(10).wrapping_add(u64::from(byte - b'0'));
            }
        }
        state.write_u64(number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        text.parse().unwrap()
    }

    #[test]
    fn leading_zeros_do_not_count() {
        assert_eq!(version("0007"), version("7"));
        assert_eq!(version("0"), version("000"));
        assert_eq!(version("0007").to_string(), "0007");
    }

    #[test]
    fn parts_compare_as_numbers_of_any_length() {
        assert!(version("9") < version("10"));
        assert!(version("1.9") < version("1.10"));
        assert!(version("1.0") == version("1") && version("0.0") == version("0") && version("1.0.1") > version("1"));
        assert!(version("1") < version("1.1"));
        assert!(version("99999999999999999999999998") < version("99999999999999999999999999"));
    }

    #[test]
    fn a_day_is_its_first_second_where_versions_are_texts() {
        let written = |text| Version::of_text(text).unwrap().to_string();
        assert_eq!(written("20240102"), "20240102000000");
        assert_eq!(written("202401021530"), "20240102153000");
        for text in ["1", "0007", "20240102153000", "00000000", "2.1234567"] {
            assert_eq!(written(text), text);
        }
        assert!(Version::of_text("20240102x").is_err());
    }

    #[test]
    fn words_are_no_versions() {
        for text in ["", "v1", "1.", "1..2", "1-2", "１"] {
            assert!(text.parse::<Version>().is_err(), "{text}");
        }
    }
}
