//! Whether the store is ready for more, proven and not assumed: a write for the sake of writing,
//! and a look at the room on its disk. Touches nothing that means anything to anybody.

use std::path::Path;

use rusqlite::Connection;

use super::super::StoreError;
use super::failure::Failure;
use crate::domain::{OwnerId, Timestamp};

/// Writes down that this owner could write at this time.
pub(super) fn heartbeat(
    database: &Connection,
    owner: OwnerId,
    now: Timestamp,
) -> Result<(), Failure> {
    database
        .prepare_cached(
            "INSERT INTO facts (name, value) VALUES ('heartbeat', CAST(?1 AS BLOB))
             ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        )?
        .execute([format!("{owner} at {now}")])?;
    Ok(())
}

/// A disk with less room than this is full to whoever wants to begin something, in bytes. The
/// heartbeat alone proves little: it fits where the log has a page left that an execution does not
/// fit on.
const ROOM_MIN: u64 = 1024 * 1024;

/// Refuses when the disk of the data directory has no room left. What cannot be found out is no
/// reason to refuse: writing has just worked.
pub(super) fn has_room(dir: &Path) -> Result<(), StoreError> {
    match rustix::fs::statvfs(dir) {
        Ok(disk) if is_full(disk.f_blocks, disk.f_bavail.saturating_mul(disk.f_frsize)) => {
            Err(StoreError::Unwritable { reason: "the disk is full".to_owned() })
        }
        _ => Ok(()),
    }
}

/// File systems that do not count their blocks say that they have none at all.
const fn is_full(blocks: u64, room: u64) -> bool {
    blocks > 0 && room < ROOM_MIN
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_is_full_before_its_last_byte_is_taken() {
        assert!(is_full(1000, 0));
        assert!(is_full(1000, ROOM_MIN - 1));
        assert!(!is_full(1000, ROOM_MIN));
        assert!(!is_full(0, 0), "a file system that does not count");
    }
}
