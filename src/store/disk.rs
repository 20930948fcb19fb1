//! How much room a disk has. Reads and writes no file.

use std::path::Path;

/// How many bytes the disk of a directory has for us; none when that cannot be found out, or when its file
/// system does not count them.
pub fn disk_free_bytes(dir: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(dir).ok()?;
    counted(disk.f_blocks, disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// File systems that do not count their blocks say that they have none at all.
fn counted(blocks: u64, free_bytes: u64) -> Option<u64> {
    (blocks > 0).then_some(free_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_counted_is_not_taken_for_nothing() {
        assert_eq!(counted(1000, 0), Some(0));
        assert_eq!(counted(0, 0), None);
        assert_eq!(disk_free_bytes(Path::new("/nowhere/at/all")), None);
        assert_eq!(disk_free_bytes(Path::new("/proc")), None, "it is on no disk");
    }
}
