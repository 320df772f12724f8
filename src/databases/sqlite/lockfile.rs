//! `migrate`'s lock for a database in a file: a file beside it, locked by the operating system, which frees it when
//! the process ends however it ends.
//!
//! The file is removed when the lock is given back. Whoever opened it just before then locks a file that no longer
//! has a name; so after locking, the name must still lead to the locked file.

use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::super::Holder;

/// A lock that is held.
#[derive(Debug)]
pub(super) struct LockFile {
    file: File,
    path: PathBuf,
    /// When it was taken, in seconds since 1970.
    since: u64,
}

/// Where the lock of a database is.
pub(super) fn path_beside(database: &Path) -> PathBuf {
    let mut name = OsString::from(database);
    name.push("-migrate-lock");
    PathBuf::from(name)
}

impl LockFile {
    /// Takes the lock if nobody has it.
    pub(super) fn try_take(path: &Path, who: &str) -> io::Result<Option<Self>> {
        loop {
            let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => return Err(error),
            }
            let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
            let mut lock = LockFile { file, path: path.to_owned(), since };
            if lock.is_in_place() {
                lock.sign(who)?;
                return Ok(Some(lock));
            }
        }
    }

    /// Writes into it who has it, for those who wait.
    pub(super) fn sign(&mut self, who: &str) -> io::Result<()> {
        let who = who.replace(char::is_control, " ");
        let text = format!("{who}\n{}\n{}\n", std::process::id(), self.since);
        self.file.rewind()?;
        self.file.write_all(text.as_bytes())?;
        self.file.set_len(text.len() as u64)
    }

    /// Whether the name still leads to the locked file.
    fn is_in_place(&self) -> bool {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            let id = |metadata: std::fs::Metadata| (metadata.dev(), metadata.ino());
            let (ours, there) = (self.file.metadata().map(id), std::fs::metadata(&self.path).map(id));
            matches!((ours, there), (Ok(ours), Ok(there)) if ours == there)
        }
        #[cfg(not(unix))]
        self.path.exists()
    }

    /// Gives the lock back; false when somebody had taken the file away meanwhile.
    pub(super) fn release(self) -> bool {
        let ours = self.is_in_place();
        // First the name, then the lock: the other way round, the next holder's file would be removed.
        ours && std::fs::remove_file(&self.path).is_ok()
    }
}

/// Who signed the lock last, if somebody has it.
pub(super) fn holder(path: &Path) -> Option<Holder> {
    let mut file = File::open(path).ok()?;
    if file.try_lock_shared().is_ok() {
        return None;
    }
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    let mut lines = text.lines();
    let who = lines.next().filter(|who| !who.is_empty()).map(str::to_owned);
    let connection = lines.next().unwrap_or_default().to_owned();
    let since = lines.next().and_then(|seconds| seconds.parse().ok()).map(Duration::from_secs);
    let since = since.and_then(|at| SystemTime::now().duration_since(UNIX_EPOCH + at).ok());
    Some(Holder { who, connection, since, ..Holder::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_holder_at_a_time_and_nothing_left_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = path_beside(&folder.path().join("shop.db"));
        let first = LockFile::try_take(&path, "migrate/1 first").unwrap().unwrap();
        assert!(LockFile::try_take(&path, "second").unwrap().is_none());
        let seen = holder(&path).unwrap();
        assert_eq!(seen.who.as_deref(), Some("migrate/1 first"));
        assert_eq!(seen.connection, std::process::id().to_string());
        let mut first = first;
        first.sign("migrate/1 at work").unwrap();
        first.sign("shorter").unwrap();
        assert_eq!(holder(&path).unwrap().who.as_deref(), Some("shorter"));
        assert_eq!(holder(&path).unwrap().connection, seen.connection);
        assert!(first.release());
        assert!(!path.exists());
        assert!(holder(&path).is_none());
        assert!(LockFile::try_take(&path, "third").unwrap().unwrap().release());
    }

    #[test]
    fn a_lock_whose_file_is_gone_is_not_ours_any_more() {
        let folder = tempfile::tempdir().unwrap();
        let path = path_beside(&folder.path().join("shop.db"));
        let lock = LockFile::try_take(&path, "a").unwrap().unwrap();
        std::fs::remove_file(&path).unwrap();
        let other = LockFile::try_take(&path, "b").unwrap().unwrap();
        assert!(!lock.release());
        assert!(path.exists());
        assert!(other.release());
    }

    #[test]
    fn the_file_of_a_dead_holder_is_taken_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = path_beside(&folder.path().join("shop.db"));
        std::fs::write(&path, "migrate/1 dead and with a long name\n1\n1\n").unwrap();
        assert!(holder(&path).is_none());
        let lock = LockFile::try_take(&path, "new").unwrap().unwrap();
        assert!(std::fs::read_to_string(&path).unwrap().starts_with("new\n"));
        assert!(lock.release());
    }

    #[test]
    fn many_threads_never_hold_it_together() {
        let folder = tempfile::tempdir().unwrap();
        let path = path_beside(&folder.path().join("shop.db"));
        let inside = std::sync::atomic::AtomicUsize::new(0);
        let done = std::sync::atomic::AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let mut mine = 0;
                    while mine < 50 {
                        let Some(lock) = LockFile::try_take(&path, "x").unwrap() else {
                            std::thread::yield_now();
                            continue;
                        };
                        assert_eq!(inside.fetch_add(1, std::sync::atomic::Ordering::SeqCst), 0);
                        mine += 1;
                        inside.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
                        assert!(lock.release());
                        done.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                    }
                });
            }
        });
        assert_eq!(done.into_inner(), 400);
    }
}
