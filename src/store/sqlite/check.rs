//! A write for the sake of writing: readiness is proven, not assumed.
//! Touches nothing that means anything to anybody.

use rusqlite::Connection;

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
