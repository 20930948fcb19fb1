//! Taking executions from the queue, and putting them back.
//! Chooses by age and what an execution is ahead, never between tenants, and starts no program.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Row};

use super::super::{Requeued, SealingKey, Started, Turn};
use super::failure::Failure;
use super::{rows, specs};
use crate::domain::{CancelWish, Epoch, ExecutionId, OwnerId, Requeue, Timestamp};
use crate::failpoint;

/// What is wanted of the queue: so many executions of these tenants for `owner`.
pub(super) struct Wanted {
    pub(super) owner: OwnerId,
    pub(super) turns: Vec<Turn>,
    pub(super) now: Timestamp,
}

/// Gives those queued executions of each tenant whose turn it is to their new owner. All or none: when one of them cannot be
/// read, none is started, because a start without its spec would never end.
pub(super) fn start(
    database: &Connection,
    key: &SealingKey,
    wanted: &Wanted,
) -> Result<Vec<Started>, Failure> {
    let mut ids = Vec::new();
    for turn in &wanted.turns {
        ids.extend(take(database, wanted, turn)?);
    }
    let started = ids.into_iter().map(|id| {
        let execution = rows::find(database, id)?
            .ok_or_else(|| Failure::corrupt("a queued execution without its record"))?;
        let spec = Arc::new(specs::find(database, key, &execution)?);
        Ok(Started { execution, spec })
    });
    started.collect()
}

pub(super) const TAKE: &str = "
    UPDATE queue SET state = 'running', epoch = epoch + 1, owner = ?1, started_at = ?2
    WHERE id IN (SELECT id FROM queue WHERE state = 'queued' AND tenant = ?3
        ORDER BY turn, id LIMIT ?4)
    RETURNING turn, id";

fn take(database: &Connection, wanted: &Wanted, turn: &Turn) -> Result<Vec<[u8; 16]>, Failure> {
    let mut update = database.prepare_cached(TAKE)?;
    let at_most = i64::try_from(turn.at_most).unwrap_or(i64::MAX);
    let owner = wanted.owner.uuid().into_bytes();
    let parameters = (owner, wanted.now.as_millis(), turn.tenant.as_str(), at_most);
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let mut taken: Vec<(i64, [u8; 16])> =
        update.query_map(parameters, read)?.collect::<Result<_, _>>()?;
    // SQLite says in no particular order what it has changed.
    taken.sort_unstable();
    Ok(taken.into_iter().map(|(_, id)| id).collect())
}

/// Puts an execution that runs in `epoch` back into the queue, where it was. It grows older by an epoch
/// and by whatever `why` counts, and is willing to wait as long again as it was at first.
pub(super) fn requeue(
    database: &Connection,
    (id, epoch): (ExecutionId, Epoch),
    why: Requeue,
    now: Timestamp,
) -> Result<Requeued, Failure> {
    let id = id.uuid().into_bytes();
    let changed = database.prepare_cached(REQUEUE)?.execute((
        id,
        epoch.0,
        now.as_millis(),
        why.attempts(),
        why.interruptions(),
    ))?;
    failpoint::hit("requeue-before-commit");
    if changed == 1 {
        return Ok(Requeued::Written);
    }
    let wish = |row: &Row<'_>| {
        Ok(CancelWish { reason: row.get("cancel_reason")?, by: row.get("cancel_by")? })
    };
    let wished = database.prepare_cached(WISH)?.query_row((id, epoch.0), wish).optional()?;
    Ok(wished.map_or(Requeued::Stale, Requeued::Unwanted))
}

pub(super) const REQUEUE: &str = "
    UPDATE queue SET state = 'queued', epoch = epoch + 1, attempt = attempt + ?4,
        interruptions = interruptions + ?5, owner = NULL, started_at = NULL,
        expires_at = ?3 + (SELECT queue_timeout_ms FROM specs WHERE specs.id = queue.id)
    WHERE id = ?1 AND state = 'running' AND epoch = ?2 AND cancel_wished_at IS NULL";

pub(super) const WISH: &str = "
    SELECT cancel_reason, cancel_by FROM queue
    WHERE id = ?1 AND state = 'running' AND epoch = ?2 AND cancel_wished_at IS NOT NULL";
