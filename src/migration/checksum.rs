//! Checksums: SHA-256 over the normalised text, so that a checkout's line ends never matter.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

/// The checksum of a script; its [algorithm](Checksum::ALGORITHM) is stored beside it in the history.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Checksum([u8; 32]);

/// Each byte's two digits: a folder's checksums are written and compared by the thousand.
const HEXADECIMAL: [[u8; 2]; 256] = {
    let digits = b"0123456789abcdef";
    let (mut table, mut byte) = ([[0; 2]; 256], 0);
    while byte < 256 {
        table[byte] = [digits[byte >> 4], digits[byte & 15]];
        byte += 1;
    }
    table
};

impl Checksum {
    /// What the history calls the way these are computed.
    pub const ALGORITHM: &'static str = "sha256";

    /// The checksum of a text, which is normalised first if it is not yet.
    pub fn of(text: &str) -> Self {
        Self::of_bytes(normalise(text).as_bytes())
    }

    /// The SHA-256 of bytes as they are.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Checksum(Sha256::digest(bytes).into())
    }

    /// Whether these are its hexadecimal digits.
    pub fn is_written(&self, digits: &str) -> bool {
        let pairs = digits.as_bytes().as_chunks().0;
        digits.len() == 64 && self.0.iter().zip(pairs).all(|(byte, pair)| HEXADECIMAL[usize::from(*byte)] == *pair)
    }

    fn digits(&self) -> [u8; 64] {
        let mut digits = [0; 64];
        for (pair, byte) in digits.as_chunks_mut().0.iter_mut().zip(self.0) {
            *pair = HEXADECIMAL[usize::from(byte)];
        }
        digits
    }

    /// The first eight bytes as a number: enough to name a lock.
    pub fn head(&self) -> u64 {
        let mut head = [0; 8];
        head.copy_from_slice(&self.0[..8]);
        u64::from_be_bytes(head)
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(std::str::from_utf8(&self.digits()).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// The text is not 64 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a SHA-256 checksum")]
pub struct ChecksumError(String);

impl FromStr for Checksum {
    type Err = ChecksumError;

    fn from_str(text: &str) -> Result<Self, ChecksumError> {
        let wrong = || ChecksumError(text.to_owned());
        if text.len() != 64 || !text.is_ascii() {
            return Err(wrong());
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| wrong())?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| wrong())?;
        }
        Ok(Checksum(bytes))
    }
}

/// A text without its byte order mark and with every line end written as a line feed.
///
/// Git rewrites line ends inside string literals, too, so that what runs must be the same
/// normalised text on every machine.
pub fn normalise(text: &str) -> Cow<'_, str> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if !text.contains('\r') {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_and_byte_order_mark_do_not_count() {
        let unix = Checksum::of("create table t (a int);\n-- end\n");
        assert_eq!(unix, Checksum::of("create table t (a int);\r\n-- end\r\n"));
        assert_eq!(unix, Checksum::of("\u{feff}create table t (a int);\n-- end\n"));
        assert_eq!(unix, Checksum::of("create table t (a int);\r-- end\r"));
        assert_ne!(unix, Checksum::of("create table t (a int);\n-- end"));
    }

    #[test]
    fn is_the_well_known_function_and_reads_back() {
        let abc = Checksum::of("abc");
        assert_eq!(abc.to_string(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(abc.to_string().parse(), Ok(abc));
        assert!(abc.is_written(&abc.to_string()) && !abc.is_written("ba78"));
        assert!("ba78".parse::<Checksum>().is_err());
        assert_eq!(abc.head(), 0xba78_16bf_8f01_cfea);
    }
}
