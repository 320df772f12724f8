//! What a finding is known by from one commit to the next, whatever is written above it.

use std::collections::HashMap;

use super::located::Located;
use crate::migration::Checksum;

/// How much of the script's text counts.
const LONGEST: usize = 512;

/// Gives findings of one report their fingerprints.
#[derive(Default)]
pub(super) struct Fingerprints {
    seen: HashMap<Checksum, usize>,
}

impl Fingerprints {
    /// The fingerprint of the next finding: of rule, file, message and the text that it is about, not of its line.
    pub fn next(&mut self, located: &Located<'_>) -> String {
        let finding = located.finding;
        let text = finding.span.of(&located.script.text);
        let text = &text[..text.floor_char_boundary(LONGEST)];
        let words: Vec<&str> = text.split_whitespace().collect();
        let file = located.file().replace('\\', "/");
        let whole = [finding.rule, &file, &finding.message, &words.join(" ")].join("\0");
        let checksum = Checksum::of_bytes(whole.as_bytes());
        let count = self.seen.entry(checksum).or_default();
        *count += 1;
        match *count {
            1 => checksum.to_string(),
            // The same again, further below.
            again => Checksum::of_bytes(format!("{checksum}\0{again}").as_bytes()).to_string(),
        }
    }
}
