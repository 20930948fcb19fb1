//! Removing executions that have ended: those that were kept long enough, and one by its id.
//! Never one that still has something before it, and no file: a program's files go with its end.
//!
//! The file does not shrink by this: SQLite uses free pages again, so that it stays as large as it
//! once had to be. `auto_vacuum` stays off. It would move pages about at every commit, with a map
//! of them to be kept up to date by every write, for room that is needed again the next day. Who
//! wants the room back stops the server and runs `VACUUM`.

use rusqlite::{Connection, Row};

use super::super::{Prune, PruneCursor, Purged};
use super::failure::Failure;
use super::values::{execution_id, get, named_opt, time};
use super::{answers, labels};
use crate::domain::{DeliveryStatus, ExecutionId, Tenant, Timestamp};
use crate::failpoint;

/// How many executions are looked at for each that a batch may have: what stays is passed by, and
/// a snapshot that is open for long keeps the log from being started over.
const LOOKS_PER_REMOVAL: usize = 10;

/// How much text and output a batch removes at most, in bytes. The pages of a long value are
/// visited one by one to be set free, and all writes wait meanwhile.
const BATCH_BYTES_MAX: i64 = 16 * 1024 * 1024;

/// An end, as they are ordered.
type End = (Timestamp, ExecutionId);

/// What may be removed.
struct Bounds {
    /// What ended then or before.
    age: Option<Timestamp>,
    /// The same for what could not be delivered.
    failed_age: Option<Timestamp>,
    /// This end and all before it, because there are too many behind it.
    beyond: Option<End>,
}

impl Bounds {
    fn of(prune: &Prune, beyond: Option<End>, now: Timestamp) -> Self {
        let ago = |age| now.before(age);
        Self { age: prune.age.map(ago), failed_age: prune.failed_age.map(ago), beyond }
    }

    /// Whether there may be something to remove at this end or behind it.
    fn reach(&self, end: End) -> bool {
        Some(end.0) <= self.age.max(self.failed_age) || Some(end) <= self.beyond
    }

    /// Whether an execution goes that ended so and whose delivery, if it has one, stands so.
    fn remove(&self, end: End, delivery: Option<DeliveryStatus>) -> bool {
        let age = match delivery {
            Some(DeliveryStatus::Pending) => return false,
            Some(DeliveryStatus::Exhausted | DeliveryStatus::Refused) => self.failed_age,
            Some(DeliveryStatus::Delivered) | None => self.age,
        };
        Some(end.0) <= age || Some(end) <= self.beyond
    }
}

/// What the next transaction removes, and where the batch behind it begins.
pub(super) struct Chosen {
    pub(super) ids: Vec<[u8; 16]>,
    pub(super) next: Option<PruneCursor>,
}

/// In the order of their ends, with what became of what they owed. The index has both columns.
pub(super) const ENDED: &str = "
    SELECT e.completed_at, e.id, d.status AS delivery_status
    FROM executions e INDEXED BY executions_by_end
    LEFT JOIN deliveries d ON d.execution_id = e.id AND d.event_id = e.id
    WHERE e.completed_at IS NOT NULL AND (e.completed_at, e.id) > (?1, ?2)
    ORDER BY e.completed_at, e.id";

/// Chooses the next batch of a sweep. `database` is one snapshot, which may be of a reader.
pub(super) fn choose(
    database: &Connection,
    prune: &Prune,
    now: Timestamp,
) -> Result<Chosen, Failure> {
    let beyond = match prune.after {
        Some(cursor) => cursor.beyond,
        None => newest_beyond(database, prune.count_max)?,
    };
    let bounds = Bounds::of(prune, beyond, now);
    // The empty blob sorts before every id.
    let (after, after_id) = prune.after.map_or((i64::MIN, Vec::new()), |cursor| {
        (cursor.at.0.as_millis(), cursor.at.1.uuid().as_bytes().to_vec())
    });
    let mut chosen = Chosen { ids: Vec::new(), next: None };
    let (mut looks, mut bytes) = (0, 0);
    let mut select = database.prepare_cached(ENDED)?;
    let mut rows = select.query((after, after_id))?;
    while let Some(row) = rows.next()? {
        let end = end(row)?;
        if !bounds.reach(end) {
            return Ok(chosen);
        }
        let status = named_opt(row, "delivery_status", DeliveryStatus::from_name)?;
        if bounds.remove(end, status) {
            let id = end.1.uuid().into_bytes();
            bytes += size(database, id)?;
            chosen.ids.push(id);
        }
        looks += 1;
        let full = chosen.ids.len() >= prune.batch || bytes >= BATCH_BYTES_MAX;
        if full || looks >= prune.batch.saturating_mul(LOOKS_PER_REMOVAL) {
            chosen.next = Some(PruneCursor { at: end, beyond });
            return Ok(chosen);
        }
    }
    Ok(chosen)
}

/// Walks over as many entries of the index as are kept, which is why readers do it, once a sweep.
pub(super) const NEWEST_BEYOND: &str = "
    SELECT completed_at, id FROM executions INDEXED BY executions_by_end
    WHERE completed_at IS NOT NULL ORDER BY completed_at DESC, id DESC LIMIT 1 OFFSET ?1";

/// The newest end that has `count_max` ends behind it.
fn newest_beyond(database: &Connection, count_max: Option<usize>) -> Result<Option<End>, Failure> {
    let Some(count_max) = count_max else { return Ok(None) };
    let count_max = i64::try_from(count_max).unwrap_or(i64::MAX);
    database.prepare_cached(NEWEST_BEYOND)?.query_and_then([count_max], end)?.next().transpose()
}

fn end(row: &Row<'_>) -> Result<End, Failure> {
    Ok((time(row, "completed_at")?, execution_id(row, "id")?))
}

/// Roughly how many bytes belong to an execution. A length is read without reading the value.
fn size(database: &Connection, id: [u8; 16]) -> Result<i64, Failure> {
    let mut select = database.prepare_cached(
        "SELECT coalesce((SELECT octet_length(code) + coalesce(octet_length(stdin), 0)
                FROM specs WHERE id = ?1), 0)
            + coalesce((SELECT octet_length(stdout_head) + octet_length(stdout_tail)
                + octet_length(stderr_head) + octet_length(stderr_tail)
                + coalesce(octet_length(result), 0) FROM outputs WHERE id = ?1), 0)
            + coalesce((SELECT octet_length(body) FROM deliveries
                WHERE execution_id = ?1 AND event_id = ?1), 0)
            + coalesce((SELECT sum(octet_length(a.response_body) + octet_length(a.response_headers))
                FROM deliveries d JOIN attempts a ON a.delivery_id = d.id
                WHERE d.execution_id = ?1), 0)",
    )?;
    Ok(select.query_row([id], |row| row.get(0))?)
}

/// Removes a batch; answers how many are gone by this. Between the look and now one may have been
/// purged, or be owed again.
pub(super) fn remove_all(
    database: &Connection,
    ids: &[[u8; 16]],
    now: Timestamp,
) -> Result<usize, Failure> {
    let mut removed = 0;
    for id in ids {
        if !is_owed(database, *id)? && remove(database, *id)? {
            answers::outlive(database, *id, now)?;
            removed += 1;
        }
    }
    failpoint::hit("prune-before-commit");
    Ok(removed)
}

fn is_owed(database: &Connection, id: [u8; 16]) -> Result<bool, Failure> {
    let mut select = database.prepare_cached(
        "SELECT 1 FROM deliveries
         WHERE execution_id = ?1 AND event_id = ?1 AND status = 'pending'",
    )?;
    Ok(select.exists([id])?)
}

/// Removes an execution that has ended with all that belongs to it; answers whether there was one.
fn remove(database: &Connection, id: [u8; 16]) -> Result<bool, Failure> {
    labels::remove(database, id)?;
    for sql in [
        "DELETE FROM attempts
         WHERE delivery_id IN (SELECT id FROM deliveries WHERE execution_id = ?1)",
        "DELETE FROM deliveries WHERE execution_id = ?1",
        "DELETE FROM outputs WHERE id = ?1",
        "DELETE FROM idempotency_keys WHERE execution_id = ?1",
        "DELETE FROM specs WHERE id = ?1",
    ] {
        database.prepare_cached(sql)?.execute([id])?;
    }
    Ok(database.prepare_cached("DELETE FROM executions WHERE id = ?1")?.execute([id])? == 1)
}

/// Removes one execution of a tenant, if nothing is still to happen to it.
pub(super) fn purge(
    database: &Connection,
    tenant: &Tenant,
    id: ExecutionId,
) -> Result<Purged, Failure> {
    let id = id.uuid().into_bytes();
    let mut select = database.prepare_cached(
        "SELECT e.status IS NOT NULL AS ended, d.status AS delivery_status
         FROM executions e
         LEFT JOIN deliveries d ON d.execution_id = e.id AND d.event_id = e.id
         WHERE e.id = ?1 AND e.tenant = ?2",
    )?;
    let found = select
        .query_and_then((id, tenant.as_str()), |row| -> Result<_, Failure> {
            let delivery = named_opt(row, "delivery_status", DeliveryStatus::from_name)?;
            Ok((get::<bool>(row, "ended")?, delivery))
        })?
        .next()
        .transpose()?;
    match found {
        None => return Ok(Purged::NotFound),
        Some((false, _)) => return Ok(Purged::NotTerminal),
        Some((true, Some(DeliveryStatus::Pending))) => return Ok(Purged::DeliveryPending),
        Some((true, _)) => {}
    }
    remove(database, id)?;
    answers::empty(database, id)?;
    Ok(Purged::Removed)
}
