//! Which processes keep others out of a database's file, where the system tells.

use std::path::Path;

/// The bytes of the file that SQLite locks, in which it stores nothing.
const PENDING: u64 = 0x4000_0000;
const SHARED: std::ops::RangeInclusive<u64> = PENDING + 2..=PENDING + 511;

/// Those processes, in words: `process 4711 (sqlite3)`.
pub(super) fn of(database: &Path) -> Option<String> {
    let locks = std::fs::read_to_string("/proc/locks").ok()?;
    let processes = find(&locks, &identity(database)?);
    let named = |process: &u32| match std::fs::read_to_string(format!("/proc/{process}/comm")) {
        Ok(name) => format!("process {process} ({})", name.trim_end()),
        Err(_) => format!("process {process}"),
    };
    let named: Vec<String> = processes.iter().map(named).collect();
    (!named.is_empty()).then(|| named.join(" and "))
}

/// The file as the list of locks calls it: its device's numbers and its inode. Some file systems tell of another device than
/// they lock; then nobody is named.
#[cfg(unix)]
fn identity(path: &Path) -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    let metadata = std::fs::metadata(path).ok()?;
    let device = metadata.dev();
    let major = ((device >> 8) & 0xfff) | ((device >> 32) & !0xfff);
    let minor = (device & 0xff) | ((device >> 12) & !0xff);
    Some(format!("{major:02x}:{minor:02x}:{}", metadata.ino()))
}

#[cfg(not(unix))]
fn identity(_: &Path) -> Option<String> {
    None
}

/// `1: POSIX  ADVISORY  WRITE 4711 08:01:1234 1073741826 1073742335`: who writes, or is about to. One who reads, or has only
/// reserved the right to write, keeps no reader out.
fn find(locks: &str, wanted: &str) -> Vec<u32> {
    let mut processes = Vec::new();
    for line in locks.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, _, _, "WRITE", process, file, start, end] = words[..] else { continue };
        let (Ok(start), Ok(end), Ok(process)) = (start.parse::<u64>(), end.parse::<u64>(), process.parse()) else {
            continue;
        };
        let shuts = start == PENDING || SHARED.contains(&end);
        if file == wanted && shuts && process > 0 && !processes.contains(&process) {
            processes.push(process);
        }
    }
    processes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_writes_is_found() {
        let locks = "1: POSIX  ADVISORY  WRITE 11 08:01:77 1073741826 1073742335\n\
                     1: -> POSIX  ADVISORY  READ 12 08:01:77 1073741826 1073742335\n\
                     2: POSIX  ADVISORY  READ 13 08:01:77 1073741826 1073742335\n\
                     3: POSIX  ADVISORY  WRITE 14 08:01:77 1073741825 1073741825\n\
                     4: POSIX  ADVISORY  WRITE 15 08:01:78 1073741826 1073742335\n\
                     5: POSIX  ADVISORY  WRITE 16 08:01:77 1073741824 1073742335\n\
                     6: FLOCK  ADVISORY  WRITE 17 08:01:77 0 EOF\n\
                     7: OFDLCK ADVISORY  WRITE -1 08:01:77 1073741826 1073742335\n";
        assert_eq!(find(locks, "08:01:77"), [11, 16]);
        assert_eq!(find(locks, "08:02:77"), [0; 0]);
        assert_eq!(find("", "08:01:77"), [0; 0]);
    }
}
