//! Why a folder cannot be converted.

use std::io;
use std::path::PathBuf;

use super::super::Error;
use super::targets;

/// Why a folder is not converted; nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum ConvertError {
    /// A folder cannot be read.
    #[error(transparent)]
    Folder(#[from] Error),
    /// There is nothing to convert.
    #[error("`{}` has no migrations; name another folder with `--dir`, or say `--recursive`", path.display())]
    Empty {
        /// The folder.
        path: PathBuf,
    },
    /// The folder has this layout.
    #[error("the folder is laid out as `{layout}` already")]
    Same {
        /// The layout.
        layout: &'static str,
    },
    /// Folders are not written in this layout.
    #[error("folders are not written as `{layout}`; those that are: {}", targets().join(", "))]
    NotWritten {
        /// The layout.
        layout: &'static str,
    },
    /// The layout cannot have what is in the folder.
    #[error("`{to}` cannot have what is in the folder:{}", list(refused))]
    Refused {
        /// The layout.
        to: &'static str,
        /// Which migrations, and why.
        refused: Vec<(String, String)>,
    },
    /// What was written reads otherwise.
    #[error("read as `{to}`, the folder would not be the same:{}", list(differences))]
    Differs {
        /// The layout.
        to: &'static str,
        /// Which migrations, and what is not the same.
        differences: Vec<(String, String)>,
    },
    /// Something is there.
    #[error("`{}` is there already; name a folder that is not, or is empty", path.display())]
    Occupied {
        /// The folder.
        path: PathBuf,
    },
    /// The file system said no.
    #[error("cannot write `{}`: {source}", path.display())]
    Unwritable {
        /// What was to be written.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

fn list(why: &[(String, String)]) -> String {
    why.iter().map(|(migration, why)| format!("\n  {migration}: {why}")).collect()
}
