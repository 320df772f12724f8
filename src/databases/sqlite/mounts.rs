//! Whether a file lies on a file system whose locks are not to be relied on.

use std::path::Path;

/// The name of the network file system that has the file, if one has.
pub(super) fn network_file_system(path: &Path) -> Option<String> {
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").ok()?;
    find(&mounts, path)
}

/// `36 35 98:0 /root /mount/point options - type source options`: the longest mount point above the path counts.
fn find(mounts: &str, path: &Path) -> Option<String> {
    let mut best: Option<(usize, &str)> = None;
    for line in mounts.lines() {
        let Some((before, after)) = line.split_once(" - ") else { continue };
        let (Some(point), Some(kind)) = (before.split(' ').nth(4), after.split(' ').next()) else { continue };
        let point = point.replace("\\040", " ");
        if path.starts_with(&point) && best.is_none_or(|(length, _)| point.len() >= length) {
            best = Some((point.len(), kind));
        }
    }
    let kind = best?.1;
    let network =
        ["nfs", "cifs", "smb", "9p", "afs", "ceph", "lustre", "gluster", "fuse.sshfs", "fuse.gluster", "virtiofs"];
    network.iter().any(|name| kind.starts_with(name)).then(|| kind.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_mount_point_counts() {
        let mounts = "22 1 8:1 / / rw - ext4 /dev/sda rw\n\
                      30 22 0:44 / /mnt/my\\040share rw,relatime shared:1 - nfs4 server:/x rw\n\
                      31 22 0:45 / /mnt rw - tmpfs tmpfs rw\n";
        assert_eq!(find(mounts, Path::new("/mnt/my share/a.db")).as_deref(), Some("nfs4"));
        assert_eq!(find(mounts, Path::new("/mnt/a.db")), None);
        assert_eq!(find(mounts, Path::new("/home/a.db")), None);
        assert_eq!(find("", Path::new("/a")), None);
    }
}
