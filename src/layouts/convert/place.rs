//! A folder that is written beside its place, and takes it when it is complete.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::ConvertError;

/// A folder beside the place that it is for. It is removed unless it takes the place.
pub(super) struct Beside {
    path: PathBuf,
}

impl Beside {
    pub(super) fn create(target: &Path) -> Result<Self, ConvertError> {
        let taken = match fs::read_dir(target) {
            Ok(mut entries) => entries.next().is_some(),
            Err(error) => error.kind() != io::ErrorKind::NotFound,
        };
        let name = target.file_name().filter(|_| !taken);
        let Some(name) = name else { return Err(ConvertError::Occupied { path: target.to_owned() }) };
        let path = target.with_file_name(format!("{}.unfinished", name.to_string_lossy()));
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let made = parent.map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::create_dir(&path));
        match made {
            Ok(()) => Ok(Beside { path }),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(ConvertError::Occupied { path }),
            Err(source) => Err(ConvertError::Unwritable { path, source }),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn fill(&self, files: &BTreeMap<String, String>) -> Result<(), ConvertError> {
        for (relative, text) in files {
            let path = self.path.join(relative);
            let parent = path.parent().unwrap_or(&self.path);
            fs::create_dir_all(parent)
                .and_then(|()| fs::write(&path, text))
                .map_err(|source| ConvertError::Unwritable { path: path.clone(), source })?;
        }
        Ok(())
    }

    /// Renames the folder. An empty one that stands there gives way; one with something in it does not.
    pub(super) fn take_place(self, target: &Path) -> Result<(), ConvertError> {
        let gone = match fs::remove_dir(target) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        };
        gone.and_then(|()| fs::rename(&self.path, target))
            .map_err(|source| ConvertError::Unwritable { path: target.to_owned(), source })
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        // After the renaming there is nothing of this name.
        let _ = fs::remove_dir_all(&self.path);
    }
}
