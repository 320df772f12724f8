//! `verify`: the history against the files, and against a head that was kept elsewhere.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;

use ecow::EcoString;

use crate::databases::SqlError;
use crate::history::{Applied, Detail, Entry, Kind, Scripts, StoredScript};
use crate::migration::{Id, Migration, Script};
use crate::plan::{self, Direction, Drift, Target};
use crate::run::event::Listener;

use super::{Error, Migrator, Read};

/// How many entries' scripts are held at once: each may be large.
const SCRIPTS_AT_ONCE: usize = 20;

/// What `verify` found.
#[derive(Clone, Debug)]
pub struct Verification {
    /// Where files and history disagree.
    pub drift: Vec<Drift>,
    /// What was edited, text by text.
    pub differences: Vec<Difference>,
    /// Whether the history ever had the head that was asked about; none when none was.
    pub head_known: Option<bool>,
    /// The history's last hash.
    pub head: String,
    /// How many migrations were compared.
    pub compared: usize,
}

/// How an edited file differs from what was stored when it was applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Which migration.
    pub id: Id,
    /// Which of its two scripts.
    pub direction: Direction,
    /// The file.
    pub path: PathBuf,
    /// What was stored; none where the history has no text.
    pub stored: Option<String>,
    /// What the file says.
    pub file: String,
}

impl Difference {
    /// How an edited script of this migration differs from the one that is stored.
    pub(super) fn of(file: &Migration, direction: Direction, stored: &Scripts) -> Option<Self> {
        let (script, stored) = match direction {
            Direction::Up => (&file.up, &stored.up),
            Direction::Down => (file.down.as_ref()?, &stored.down),
        };
        Some(Difference {
            id: file.id.clone(),
            direction,
            path: script.path.clone(),
            stored: stored.as_ref().map(|stored| Script::restored(&script.path, &stored.text).text.to_string()),
            file: script.text.to_string(),
        })
    }
}

impl Verification {
    /// Whether everything agrees. Pending migrations are no disagreement.
    pub fn is_clean(&self) -> bool {
        self.drift.is_empty() && self.head_known != Some(false)
    }
}

/// The head as the history writes it. A shortened one would prove less than it seems to.
fn whole_head(head: &str) -> Result<String, Error> {
    let head = head.trim().to_ascii_lowercase();
    if head.len() == 64 && head.chars().all(|c| c.is_ascii_hexdigit()) {
        return Ok(head);
    }
    let message = format!("`{}` is no head: 64 hexadecimal digits", head.escape_debug());
    Err(Error::usage(message, "give what `migrate up` printed last, as it stands; `migrate log` shows every one"))
}

impl Migrator {
    /// Compares the history with the files, and with a hash that `up` printed once.
    ///
    /// # Errors
    ///
    /// When the server cannot be reached or refuses.
    pub async fn verify(&self, head: Option<&str>, listener: &mut Listener<'_>) -> Result<Verification, Error> {
        let head = head.map(whole_head).transpose()?;
        let mut read = self.read(Detail::Deciding, listener).await?;
        let mut plan = plan::up(&self.migrations, &read.history, &Target::All, self.lexis())?;
        let edited: Vec<(&Id, Direction, u64)> = plan.drift.iter().filter_map(Drift::edited).collect();
        // Both scripts of a migration are in one entry.
        let seqs: BTreeSet<u64> = edited.iter().map(|(_, _, seq)| *seq).collect();
        let seqs: Vec<u64> = seqs.into_iter().collect();
        let stored = match &mut read.session {
            Some((session, store)) => store.scripts(&mut **session, &seqs).await,
            None => Ok(Vec::new()),
        };
        let changed_in_history = changed_in_history(&mut read).await;
        let history = read.close().await;
        let refused = |error| Error::Sql { doing: "read the stored scripts", error };
        let stored = stored.map_err(refused)?;
        let files = plan::by_id(&self.migrations);
        let stored: HashMap<u64, Scripts> = seqs.into_iter().zip(stored).collect();
        let difference = |(id, direction, seq)| Difference::of(files.get(id)?, direction, stored.get(&seq)?);
        let differences = edited.into_iter().filter_map(difference).collect();
        plan.drift.retain(|drift| !self.merely_waits(drift));
        plan.drift.extend(changed_in_history.map_err(refused)?);
        Ok(Verification {
            differences,
            head_known: head.map(|head| history.contains_head(&head)),
            head: history.head().hash,
            compared: history.applied().filter(|applied| files.contains_key(&applied.id)).count(),
            drift: plan.drift,
        })
    }
}

/// A row of the history whose scripts may yet be run, and which of them it had.
struct Row<'h> {
    id: &'h Id,
    name: &'h EcoString,
    seq: u64,
    up: bool,
    down: bool,
}

impl<'h> Row<'h> {
    /// Those of a migration that is applied: the newest with its up script, and with its down script.
    fn of(applied: &'h Applied) -> impl Iterator<Item = Row<'h>> {
        let (up_script, down_script) = (applied.up_script, applied.down_script);
        let row = move |seq: u64| Row {
            id: &applied.id,
            name: &applied.name,
            seq,
            // What was adopted may be known by its checksum alone.
            up: seq == up_script && applied.kind == Kind::Apply,
            down: seq == down_script && applied.down_checksum.is_some(),
        };
        std::iter::once(up_script).chain(Some(down_script).filter(move |seq| *seq != up_script)).map(row)
    }

    fn of_unfinished(entry: &'h Entry) -> Option<Row<'h>> {
        let (up, down) = (entry.kind == Kind::Apply, entry.down_checksum.is_some());
        Some(Row { id: entry.id.as_ref()?, name: &entry.name, seq: entry.seq, up, down })
    }

    fn changed(&self, scripts: &Scripts) -> impl Iterator<Item = Drift> {
        let differs = |script: &Option<StoredScript>, had| script.as_ref().map_or(had, |script| !script.is_intact);
        let up = differs(&scripts.up, self.up).then_some(Direction::Up);
        let down = differs(&scripts.down, self.down).then_some(Direction::Down);
        let drift = |direction| Drift::ChangedInHistory {
            id: self.id.clone(),
            name: self.name.to_string(),
            seq: self.seq,
            direction,
        };
        up.into_iter().chain(down).map(drift)
    }
}

/// The scripts that the history would run, `down` or what goes on with a half-done migration, and that are not what was
/// stored, or are gone.
async fn changed_in_history(read: &mut Read) -> Result<Vec<Drift>, SqlError> {
    let Some((session, store)) = &mut read.session else { return Ok(Vec::new()) };
    let applied = read.history.applied().flat_map(Row::of);
    let rows: Vec<_> = applied.chain(read.history.unfinished().and_then(Row::of_unfinished)).collect();
    let mut changed = Vec::new();
    for some in rows.chunks(SCRIPTS_AT_ONCE) {
        let seqs: Vec<u64> = some.iter().map(|row| row.seq).collect();
        let scripts = store.scripts(&mut **session, &seqs).await?;
        changed.extend(some.iter().zip(&scripts).flat_map(|(row, scripts)| row.changed(scripts)));
    }
    Ok(changed)
}
