//! How much is still owed: since when something is due, and how much is pending.
//! Claims nothing.

use rusqlite::Connection;

use super::choose::PENDING;
use super::claims::Claims;
use super::failure::Failure;
use super::values::{time, uuid};
use crate::domain::{DeliveryId, Timestamp};

/// Since when the delivery is due that has been due for longest and that nobody has claimed.
/// Looks at no more rows than there are claims, and two.
pub(super) fn due_since(
    database: &Connection,
    claims: &Claims,
    now: Timestamp,
) -> Result<Option<Timestamp>, Failure> {
    // Locked before the snapshot is taken, as for a claim: what has left the set is settled in it.
    let claimed = claims.lock();
    let mut earliest = None;
    for is_retry in [false, true] {
        let mut select = database.prepare_cached(PENDING)?;
        let mut rows = select.query([is_retry])?;
        while let Some(row) = rows.next()? {
            if claimed.contains(&DeliveryId::from_uuid(uuid(row, "id")?)) {
                continue;
            }
            let due = time(row, "next_attempt_at")?;
            if due <= now {
                earliest = Some(earliest.map_or(due, |other: Timestamp| other.min(due)));
            }
            break;
        }
    }
    Ok(earliest)
}

pub(super) const COUNT_PENDING: &str =
    "SELECT count(*) FROM deliveries INDEXED BY deliveries_due WHERE status = 'pending'";

/// How many deliveries are pending.
pub(super) fn count_pending(database: &Connection) -> Result<usize, Failure> {
    let count: i64 = database.prepare_cached(COUNT_PENDING)?.query_row([], |row| row.get(0))?;
    Ok(usize::try_from(count).unwrap_or(0))
}
