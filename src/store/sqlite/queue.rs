//! Looking into the queue: wishes, orphans, those that have waited too long, how many there are.
//! Ends nothing; who asks decides what becomes of what is found.

use rusqlite::{Connection, Row};

use super::super::{Census, Orphan, Situation, Waiting};
use super::failure::Failure;
use super::rows::{execution, find, select_executions};
use super::specs;
use super::values::{duration, get};
use crate::domain::{CancelWish, ExecutionId, OwnerId, Tenant, Timestamp};

pub(super) const WISH_CANCELLED: &str = "
    UPDATE queue SET
        cancel_reason = iif(cancel_wished_at IS NULL, ?3, cancel_reason),
        cancel_by = iif(cancel_wished_at IS NULL, ?4, cancel_by),
        cancel_wished_at = coalesce(cancel_wished_at, ?2)
    WHERE id = ?1 AND state = 'running'";

/// Keeps a wish that a running execution end, unless there is one already; false if it does not
/// run.
pub(super) fn wish_cancelled(
    database: &Connection,
    id: ExecutionId,
    wish: &CancelWish,
    now: Timestamp,
) -> Result<bool, Failure> {
    let changed = database.prepare_cached(WISH_CANCELLED)?.execute((
        id.uuid().into_bytes(),
        now.as_millis(),
        &wish.reason,
        &wish.by,
    ))?;
    Ok(changed == 1)
}

pub(super) const ORPHANS: &str = "
    SELECT id FROM queue WHERE state = 'running' AND owner <> ?1 AND id > ?2
    ORDER BY id LIMIT ?3";

/// Running executions of other owners than `owner`, in order of their ids.
pub(super) fn orphans(
    database: &Connection,
    owner: OwnerId,
    after: Option<ExecutionId>,
    limit: usize,
) -> Result<Vec<Orphan>, Failure> {
    // The empty blob sorts before every id.
    let after = after.map_or(Vec::new(), |id| id.uuid().as_bytes().to_vec());
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    database
        .prepare_cached(ORPHANS)?
        .query_and_then((owner.uuid().into_bytes(), after, limit), |row| {
            orphan(database, row.get(0)?)
        })?
        .collect()
}

pub(super) const OURS: &str =
    "SELECT id FROM queue WHERE state = 'running' AND owner = ?1 ORDER BY id";

/// What `owner` runs and what waits; `database` is one snapshot.
pub(super) fn situation(database: &Connection, owner: OwnerId) -> Result<Situation, Failure> {
    let running = database
        .prepare_cached(OURS)?
        .query_and_then([owner.uuid().into_bytes()], |row| orphan(database, row.get(0)?))?
        .collect::<Result<_, _>>()?;
    Ok(Situation { running, census: census(database)? })
}

fn orphan(database: &Connection, id: [u8; 16]) -> Result<Orphan, Failure> {
    let mut select = database.prepare_cached(select_executions!("WHERE e.id = ?1"))?;
    let read = |row: &Row<'_>| {
        let execution = execution(row)?;
        let wish = CancelWish { reason: get(row, "cancel_reason")?, by: get(row, "cancel_by")? };
        let cancel = execution.cancelling.then_some(wish);
        let on_interrupt = database
            .prepare_cached("SELECT on_interrupt FROM specs WHERE id = ?1")?
            .query_and_then([id], specs::on_interrupt)?
            .next()
            .ok_or_else(|| Failure::corrupt(format!("{} has no spec", execution.id)))??;
        Ok(Orphan { execution, on_interrupt, cancel })
    };
    one(select.query_and_then([id], read)?.next())
}

pub(super) const OVERDUE: &str = "
    SELECT queue.id, specs.queue_timeout_ms FROM queue JOIN specs ON specs.id = queue.id
    WHERE state = 'queued' AND expires_at IS NOT NULL AND expires_at <= ?1
    ORDER BY expires_at, queue.id LIMIT ?2";

/// Queued executions that have waited longer than they wanted to, the longest overdue first.
pub(super) fn overdue(
    database: &Connection,
    limit: usize,
    now: Timestamp,
) -> Result<Vec<Waiting>, Failure> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    database
        .prepare_cached(OVERDUE)?
        .query_and_then((now.as_millis(), limit), |row| {
            let execution = one(find(database, row.get(0)?).transpose())?;
            Ok(Waiting { execution, queue_timeout: duration(row, "queue_timeout_ms")? })
        })?
        .collect()
}

pub(super) const QUEUED: &str = "
    SELECT tenant, count(*) FROM queue WHERE state = 'queued' GROUP BY tenant ORDER BY tenant";

pub(super) const RUNNING: &str = "SELECT count(*) FROM queue WHERE state = 'running'";

/// How many executions have not ended.
pub(super) fn census(database: &Connection) -> Result<Census, Failure> {
    let queued = database
        .prepare_cached(QUEUED)?
        .query_map([], |row| Ok((Tenant::new(row.get::<_, String>(0)?), number(row.get(1)?))))?
        .collect::<Result<_, _>>()?;
    let running = database.prepare_cached(RUNNING)?.query_row([], |row| Ok(number(row.get(0)?)))?;
    Ok(Census { queued, running })
}

fn number(count: i64) -> usize {
    usize::try_from(count).unwrap_or(0)
}

fn one<T>(found: Option<Result<T, Failure>>) -> Result<T, Failure> {
    found.unwrap_or_else(|| Err(Failure::corrupt("the queue has an execution without its record")))
}
