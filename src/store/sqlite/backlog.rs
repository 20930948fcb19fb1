//! How much is still to be done: since when something waits or is due, and how much is pending.
//! Claims nothing.

use rusqlite::Connection;

use super::super::Oldest;
use super::choose::PENDING;
use super::claims::Claims;
use super::failure::Failure;
use super::values::{time, uuid};
use crate::domain::{DeliveryId, Timestamp};

/// Since when the execution has waited that has waited for longest, and the delivery been due.
pub(super) fn oldest(
    database: &Connection,
    claims: &Claims,
    now: Timestamp,
) -> Result<Oldest, Failure> {
    Ok(Oldest { due: due_since(database, claims, now)?, queued: queued_since(database)? })
}

const FIRST_OF_NEXT_TENANT: &str = "
    SELECT tenant, id FROM queue INDEXED BY queue_of_tenant
    WHERE state = 'queued' AND tenant > ?1 ORDER BY tenant, id LIMIT 1";

/// When the execution was accepted that has been in the queue for longest. Looks at one of each tenant.
fn queued_since(database: &Connection) -> Result<Option<Timestamp>, Failure> {
    let mut next = database.prepare_cached(FIRST_OF_NEXT_TENANT)?;
    let (mut tenant, mut first) = (String::new(), None::<[u8; 16]>);
    while let Some(row) = next.query([&tenant])?.next()? {
        let id = row.get("id")?;
        first = Some(first.map_or(id, |first| first.min(id)));
        tenant = row.get("tenant")?;
    }
    let mut select = database.prepare_cached("SELECT created_at FROM executions WHERE id = ?1")?;
    select.query_and_then([first], |row| time(row, "created_at"))?.next().transpose()
}

/// Since when the delivery is due that has been due for longest and that nobody has claimed.
/// Looks at no more rows than there are claims, and two.
fn due_since(
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
