//! Whether the store is ready for more, proven and not assumed: a write for the sake of writing,
//! and a look at the room on its disk. Touches nothing that means anything to anybody.

use std::path::Path;

use rusqlite::Connection;

use super::super::StoreError;
use super::super::disk::disk_free_bytes;
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
    match disk_free_bytes(dir) {
        Some(free) if free < ROOM_MIN => {
            Err(StoreError::Unwritable { reason: "the disk is full".to_owned() })
        }
        _ => Ok(()),
    }
}
