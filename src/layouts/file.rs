//! The text of files: what a migration may be, and what is said of those that are none.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use super::Error;
use crate::migration::normalise;

/// The largest file that is read as a migration, in bytes.
pub const LARGEST: u64 = 64 << 20;

/// Of so few files for each, another thread costs more than it saves.
const WORTH_A_THREAD: usize = 100;

/// More at a time the disk or the system would not bear out.
const MOST_THREADS: usize = 4;

/// Reads a regular file as text, without byte order mark and with line ends normalised. `shown` is how the user knows it; the
/// buffer is there to be used again.
///
/// # Errors
///
/// When it is too large, or no text in UTF-8.
pub(super) fn text(file: &Path, shown: &Path, buffer: &mut Vec<u8>) -> Result<Arc<str>, Error> {
    let path = || shown.to_owned();
    buffer.clear();
    // Most migrations are smaller, and are then read in one go.
    buffer.reserve(8 << 10);
    let read = File::open(file).and_then(|file| file.take(LARGEST + 1).read_to_end(buffer));
    read.map_err(|source| Error::Unreadable { path: path(), source })?;
    if buffer.len() as u64 > LARGEST {
        return Err(Error::TooLarge { path: path() });
    }
    let text = std::str::from_utf8(buffer).map_err(|wrong| {
        let offset = wrong.valid_up_to();
        let utf16 = matches!(buffer.as_slice(), [0xff, 0xfe, ..] | [0xfe, 0xff, ..]);
        let line = 1 + buffer[..offset].iter().filter(|byte| **byte == b'\n').count();
        Error::NotUtf8 { path: path(), line, offset, hint: if utf16 { "; it looks like UTF-16" } else { "" } }
    })?;
    match text.find('\0') {
        Some(offset) => Err(Error::Nul { path: path(), line: 1 + text[..offset].matches('\n').count(), offset }),
        None => Ok(normalise(text).into()),
    }
}

/// Reads many files, in the order given, several at a time where there are enough of them; none for those that cannot be
/// read.
pub(super) fn texts(files: &[PathBuf]) -> Vec<Option<Arc<str>>> {
    let read = |files: &[PathBuf]| {
        let mut buffer = Vec::new();
        files.iter().map(|file| text(file, file, &mut buffer).ok()).collect::<Vec<_>>()
    };
    let cores = thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS);
    let threads = cores.min(files.len() / WORTH_A_THREAD).max(1);
    let mut shares = files.chunks(files.len().div_ceil(threads).max(1));
    let Some(own) = shares.next() else { return Vec::new() };
    thread::scope(|scope| {
        let others: Vec<_> = shares.map(|share| (share, scope.spawn(move || read(share)))).collect();
        let mut texts = read(own);
        for (share, thread) in others {
            // What another thread could not do is done here.
            texts.extend(thread.join().unwrap_or_else(|_| read(share)));
        }
        texts
    })
}
