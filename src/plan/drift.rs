//! Where files and history disagree, and what of it may be tolerated.

use std::fmt;
use std::path::PathBuf;

use crate::lint::{Finding, Severity};
use crate::migration::{Id, title};

use super::{Direction, Unrunnable};

/// One disagreement between files and history.
#[derive(Clone, Debug, PartialEq)]
pub enum Drift {
    /// The file is not the one that was applied.
    Changed {
        /// Which migration.
        id: Id,
        /// Its name.
        name: String,
        /// The file.
        path: PathBuf,
        /// The checksum in the history.
        recorded: String,
        /// The checksum of the file.
        found: String,
        /// The entry that stored the script as it was applied.
        scripts: u64,
    },
    /// Its down script is not the one that was stored when it was applied.
    ChangedDown {
        /// Which migration.
        id: Id,
        /// Its name.
        name: String,
        /// The file.
        path: PathBuf,
        /// The entry that stored the other.
        scripts: u64,
        /// Whether the next `up` runs it again, and stores the file's.
        again: bool,
    },
    /// It is applied, and there is no file for it, although there are files for later ones.
    Missing {
        /// Which migration.
        id: Id,
        /// Its name.
        name: String,
    },
    /// It is applied, and every file is older: the database is ahead of these files.
    Ahead {
        /// Which migration.
        id: Id,
        /// Its name.
        name: String,
        /// Whether it was recorded that old code can run on it.
        compatible: Option<bool>,
    },
    /// Its file appeared after a later one had been applied.
    OutOfOrder {
        /// Which migration.
        id: Id,
        /// Its name.
        name: String,
        /// Its file.
        path: PathBuf,
        /// The later ones, applied already, that touch what it touches, with what both touch; empty when none does.
        conflicts: Vec<(Id, String)>,
        /// The newest applied.
        newest: Id,
    },
    /// Its work began and has no result.
    Unfinished {
        /// Which migration.
        id: Id,
        /// Its name.
        name: String,
        /// How many statements are done.
        done: usize,
        /// Of how many.
        of: usize,
    },
    /// Somebody edited, inserted, deleted or reordered rows of the history by hand.
    BrokenChain {
        /// The first row that does not fit.
        seq: u64,
    },
    /// Somebody changed a script that the history stored: it is not the one that its checksum was taken of.
    ChangedInHistory {
        /// Which migration.
        id: Id,
        /// Its name.
        name: String,
        /// The row that has it.
        seq: u64,
        /// Which of the two scripts it is.
        direction: Direction,
    },
}

impl Drift {
    /// The word for it in JSON and in `status`.
    pub fn word(&self) -> &'static str {
        match self {
            Drift::Changed { .. } => "changed",
            Drift::ChangedDown { .. } => "changed down script",
            Drift::Missing { .. } => "missing",
            Drift::Ahead { .. } => "ahead",
            Drift::OutOfOrder { .. } => "out of order",
            Drift::Unfinished { .. } => "unfinished",
            Drift::BrokenChain { .. } => "broken chain",
            Drift::ChangedInHistory { .. } => "changed in the history",
        }
    }

    /// The migration it is about, if it is about one.
    pub fn id(&self) -> Option<&Id> {
        match self {
            Drift::Changed { id, .. }
            | Drift::ChangedDown { id, .. }
            | Drift::Missing { id, .. }
            | Drift::Ahead { id, .. }
            | Drift::OutOfOrder { id, .. }
            | Drift::Unfinished { id, .. }
            | Drift::ChangedInHistory { id, .. } => Some(id),
            Drift::BrokenChain { .. } => None,
        }
    }

    /// The script that was edited, and the entry that has it as it was, where that is what it is about.
    pub fn edited(&self) -> Option<(&Id, Direction, u64)> {
        match self {
            Drift::Changed { id, scripts, .. } => Some((id, Direction::Up, *scripts)),
            Drift::ChangedDown { id, scripts, .. } => Some((id, Direction::Down, *scripts)),
            _ => None,
        }
    }

    /// The next step for whoever must mend it.
    pub fn hint(&self) -> String {
        match self {
            Drift::Changed { id, .. } => format!(
                "restore the file and write the change as a new migration; `migrate verify` shows the difference; if the edit changes nothing that matters, `migrate repair {id}` accepts it"
            ),
            Drift::ChangedDown { again: true, .. } => {
                "`migrate up` runs the migration again and records the folder's; `migrate down` asks for `--use file` or `--use stored` until then".to_owned()
            }
            Drift::ChangedDown { id, .. } => format!(
                "if the folder's is right, `migrate repair {id}` records it; `migrate down` asks for `--use file` or `--use stored` until then"
            ),
            Drift::Missing { id, .. } => format!(
                "restore its file from version control; if it is gone for good, `migrate down` can undo it by the script that was stored, if one was, with whatever came after it, and `migrate repair --forget {id}` forgets it"
            ),
            Drift::Ahead { .. } => {
                "deploy the newer files, go back with `migrate down --to NAME`, or allow it with `[run] ahead = \"allow\"`".to_owned()
            }
            Drift::OutOfOrder { conflicts, .. } if conflicts.is_empty() => {
                "it touches nothing that a later one touched, so that `up` applies it unless `[run] out_of_order = \"error\"`; a newer version in its name puts it behind them".to_owned()
            }
            Drift::OutOfOrder { .. } => {
                "rename the file to a newer version, or allow it with `[run] out_of_order = \"allow\"`".to_owned()
            }
            Drift::Unfinished { id, .. } => format!(
                "run `migrate up` to let it finish, or record what happened with `migrate resolve {id} --applied` or `--reverted`"
            ),
            Drift::BrokenChain { .. } => "compare the table with a backup or with a head that was kept elsewhere".to_owned(),
            Drift::ChangedInHistory { seq, direction: Direction::Down, .. } => format!(
                "it is not run: restore row {seq} from a backup, or restore the migration's files and undo it from there with `migrate down --use file`"
            ),
            Drift::ChangedInHistory { seq, .. } => format!(
                "it is not run: restore row {seq} from a backup, and find out who can write to the table"
            ),
        }
    }
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Drift::Changed { id, name, path, .. } => {
                write!(f, "`{}` was edited after it had been applied (`{}`)", title(id, name), path.display())
            }
            Drift::ChangedDown { id, name, path, .. } => {
                let title = title(id, name);
                write!(f, "the down script of `{title}` was edited after it had been stored (`{}`)", path.display())
            }
            Drift::Missing { id, name } => write!(f, "`{}` is applied, but its file is missing", title(id, name)),
            Drift::Ahead { id, name, compatible } => {
                let note = match compatible {
                    Some(true) => "recorded as compatible with older code",
                    Some(false) => "recorded as not compatible with older code",
                    None => "not recorded whether older code can run on it",
                };
                write!(f, "`{}` is applied, but is newer than every file here ({note})", title(id, name))
            }
            Drift::OutOfOrder { id, name, newest, conflicts, .. } => {
                write!(f, "`{}` comes before `{newest}`, which is already applied", title(id, name))?;
                if let Some((other, what)) = conflicts.first() {
                    write!(f, ", and `{other}` touches {what}, too")?;
                }
                Ok(())
            }
            Drift::Unfinished { id, name, done, of } => {
                write!(f, "`{}` is half-done: {done} of {of} statements are known to have run", title(id, name))
            }
            Drift::BrokenChain { seq } => write!(f, "row {seq} of the history does not fit the row before it"),
            Drift::ChangedInHistory { id, name, seq, direction } => {
                let which = direction.column();
                write!(
                    f,
                    "`{}`: `{which}` in row {seq} of the history was changed after it had been stored",
                    title(id, name)
                )
            }
        }
    }
}

/// How much of a kind of drift is tolerated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tolerance {
    /// None.
    Refuse,
    /// Where it was shown to be harmless: out of order and touching nothing that later ones touch; ahead and recorded
    /// as compatible.
    WhenHarmless,
    /// All of it.
    Allow,
}

/// What drift a run may go on with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// For files that appear after later ones were applied.
    pub out_of_order: Tolerance,
    /// For databases that are ahead of the files.
    pub ahead: Tolerance,
    /// Whether missing and changed files stop the run; `down` goes by the history and is not stopped.
    pub files_must_agree: bool,
    /// Whether an edited way back stops the run: where it would be run, and nobody said which of the two is meant.
    pub ways_back_must_agree: bool,
    /// The lightest finding of the linter that stops the run; none stops it when there is no threshold.
    pub threshold: Option<Severity>,
    /// Whether everything is to be one transaction, so that nothing can be run that cannot be in one.
    pub one_transaction: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Policy {
            one_transaction: false,
            threshold: Some(Severity::Error),
            out_of_order: Tolerance::WhenHarmless,
            ahead: Tolerance::WhenHarmless,
            files_must_agree: true,
            ways_back_must_agree: false,
        }
    }
}

impl Policy {
    /// Whether a run may go on in spite of this.
    pub fn tolerates(&self, drift: &Drift) -> bool {
        match drift {
            Drift::Changed { .. } | Drift::Missing { .. } => !self.files_must_agree,
            Drift::ChangedDown { .. } => !self.ways_back_must_agree,
            Drift::BrokenChain { .. } | Drift::ChangedInHistory { .. } | Drift::Unfinished { .. } => false,
            Drift::Ahead { compatible, .. } => match self.ahead {
                Tolerance::Refuse => false,
                Tolerance::WhenHarmless => *compatible == Some(true),
                Tolerance::Allow => true,
            },
            Drift::OutOfOrder { conflicts, .. } => match self.out_of_order {
                Tolerance::Refuse => false,
                Tolerance::WhenHarmless => conflicts.is_empty(),
                Tolerance::Allow => true,
            },
        }
    }
}

/// A plan may not be run.
#[derive(Clone, Debug)]
pub enum Refused {
    /// Files and history disagree.
    Drift(Vec<Drift>),
    /// Scripts cannot be run as they are.
    Unrunnable(Vec<Unrunnable>),
    /// The linter found what must not run.
    Findings(Vec<Finding>),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::Drift(drift) => {
                for (index, one) in drift.iter().enumerate() {
                    let separator = if index == 0 { "" } else { "\n" };
                    write!(f, "{separator}{one}")?;
                }
                Ok(())
            }
            Refused::Findings(findings) => {
                for (index, one) in findings.iter().enumerate() {
                    let separator = if index == 0 { "" } else { "\n" };
                    write!(f, "{separator}{}: {}", one.rule, one.message)?;
                }
                Ok(())
            }
            Refused::Unrunnable(scripts) => {
                for (index, one) in scripts.iter().enumerate() {
                    let separator = if index == 0 { "" } else { "\n" };
                    write!(f, "{separator}{one}")?;
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for Refused {}
