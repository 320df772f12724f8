//! The hash chain over the entries.
//!
//! It shows that rows were edited, deleted, inserted or reordered. Whoever can write the table can also compute the
//! chain anew, so that it proves something only against a head that was kept elsewhere (`verify --head`).

use super::Entry;
use crate::migration::{Checksum, Id};

/// The hash before the first entry.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// What an entry's link is made of; everything that is known when the entry is first written and never changes after.
pub(super) struct Link<'a> {
    pub seq: u64,
    pub kind: &'a str,
    pub id: Option<&'a Id>,
    pub name: &'a str,
    pub checksum: Option<&'a str>,
    pub down_checksum: Option<&'a str>,
    pub tag: Option<&'a str>,
    pub release: Option<&'a str>,
}

impl Link<'_> {
    /// The link's hash, given that of the entry before it.
    pub fn hash(&self, before: &str) -> Checksum {
        let mut text = Vec::with_capacity(512);
        let mut add = |part: &str| {
            text.extend_from_slice(&(part.len() as u64).to_be_bytes());
            text.extend_from_slice(part.as_bytes());
        };
        add("migrate.v1");
        add(before);
        add(&self.seq.to_string());
        add(self.kind);
        add(&self.id.map(Id::to_string).unwrap_or_default());
        for part in [Some(self.name), self.checksum, self.down_checksum, self.tag, self.release] {
            add(part.unwrap_or_default());
        }
        Checksum::of_bytes(&text)
    }
}

/// The hash that an entry should have, given that of the entry before it.
pub(super) fn hash(before: &str, entry: &Entry) -> Checksum {
    Link {
        seq: entry.seq,
        kind: entry.kind.word(),
        id: entry.id.as_ref(),
        name: &entry.name,
        checksum: entry.checksum.as_ref().map(|(_, checksum)| checksum.as_str()),
        down_checksum: entry.down_checksum.as_deref(),
        tag: entry.tag.as_deref(),
        release: entry.release.as_deref(),
    }
    .hash(before)
}
