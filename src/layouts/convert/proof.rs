//! That a folder in another layout is the same: what is read in both is compared, migration by migration.

use super::draft::{own_transaction, statements, stepwise};
use super::{Body, Conversion, ConvertError, Draft};
use crate::layouts::Folder;
use crate::migration::Script;
use crate::sql::Lexis;

impl Conversion<'_> {
    /// How many statements both have.
    pub(super) fn prove(&self, drafts: &[Draft], written: &Folder) -> Result<usize, ConvertError> {
        let (raw, meant) = (self.read(written, self.to, false)?, self.read(written, self.to, true)?);
        let lexis = self.dialect.lexis();
        let mut differences = Vec::new();
        if raw.migrations.len() != drafts.len() {
            let message = format!("{} migrations become {}", drafts.len(), raw.migrations.len());
            differences.push(("all".to_owned(), message));
        }
        for (draft, (raw, meant)) in drafts.iter().zip(raw.migrations.iter().zip(&meant.migrations)) {
            let mut differs = |what: String| differences.push((draft.title(), what));
            if draft.id != raw.id || draft.name != raw.name {
                differs(format!("it would be `{}`, or another would come before it", raw.title()));
                continue;
            }
            let downs = match (&draft.down, &raw.down, &meant.down) {
                (Some(part), Some(raw), Some(meant)) => Some((part, raw, meant)),
                (None, None, None) => None,
                _ => {
                    differs("its way back would be lost, or come from nowhere".to_owned());
                    continue;
                }
            };
            for (part, raw, meant) in [(&draft.up, &raw.up, &meant.up)].into_iter().chain(downs) {
                if let Some(what) = difference(part, raw, meant, lexis) {
                    differs(format!(
                        "{what}, in `{}`",
                        raw.path.strip_prefix(written.root()).unwrap_or(&raw.path).display()
                    ));
                }
            }
        }
        match differences.is_empty() {
            true => Ok(drafts.iter().flat_map(Draft::parts).map(|part| part.before.len()).sum()),
            false => Err(ConvertError::Differs { to: self.to.name(), differences }),
        }
    }
}

/// What is not the same about a script, if anything is.
fn difference(part: &Body, raw: &Script, meant: &Script, lexis: &Lexis) -> Option<String> {
    match (statements(raw, lexis), statements(meant, lexis)) {
        (Err(why), _) | (_, Err(why)) => return Some(why),
        (Ok(now), _) if now != part.before => return Some("its statements would be others".to_owned()),
        (_, Ok(now)) if now != part.meant => return Some("other placeholders would be replaced".to_owned()),
        _ => {}
    }
    if stepwise(raw, lexis) != part.no_transaction {
        return Some("it would run in another way: in a transaction or outside of one".to_owned());
    }
    let own = own_transaction(raw, lexis);
    (own != part.own_transaction).then(|| "its own BEGIN and COMMIT would mean something else".to_owned())
}
