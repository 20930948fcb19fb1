//! What is owed to endpoints: the end of an execution, and what is to be told on the way there.
//! The only place that puts deliveries into the outbox.

use rusqlite::Connection;

use super::super::{Announcement, NewDelivery, Settled};
use super::failure::Failure;
use super::values::{delays, millis};
use crate::domain::{EventType, ExecutionId, Timestamp};

/// Keeps a delivery of an event that happened at `at`. It is due at once: `now` is the store's
/// time, by which it will be asked for.
pub(super) fn insert(
    database: &Connection,
    execution: ExecutionId,
    delivery: &NewDelivery,
    (at, now): (Timestamp, Timestamp),
) -> Result<(), Failure> {
    database
        .prepare_cached(
            "INSERT INTO deliveries (id, execution_id, tenant, event_id, event_type, is_terminal,
                host, payload_format, status, attempts_max, next_attempt_at, delays_ms, expires_at,
                created_at, url, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'pending', ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
        )?
        .execute((
            delivery.id.uuid().into_bytes(),
            execution.uuid().into_bytes(),
            delivery.tenant.as_str(),
            delivery.event_id.uuid().into_bytes(),
            delivery.event_type.as_str(),
            delivery.event_type.is_terminal(),
            &delivery.host,
            delivery.payload_format.as_str(),
            delivery.attempts_max,
            now.as_millis(),
            delivery.schedule.as_ref().map(delays),
            delivery.max_age.map(|age| now.as_millis().saturating_add(millis(age))),
            at.as_millis(),
            &delivery.url,
            &delivery.body,
        ))?;
    Ok(())
}

/// Keeps something to be told of an execution that still runs in that epoch.
pub(super) fn announce(
    database: &Connection,
    announcement: &Announcement,
    (at, now): (Timestamp, Timestamp),
) -> Result<Settled, Failure> {
    let Announcement { execution, epoch, delivery } = announcement;
    let mut select = database.prepare_cached(
        "SELECT 1 FROM queue WHERE id = ?1 AND state = 'running' AND epoch = ?2
            AND cancel_wished_at IS NULL",
    )?;
    if !select.exists((execution.uuid().into_bytes(), epoch.0))? {
        return Ok(Settled::Stale);
    }
    if delivery.event_type == EventType::Output && is_output_owed(database, *execution)? {
        return Ok(Settled::Stale);
    }
    insert(database, *execution, delivery, (at, now))?;
    Ok(Settled::Written)
}

/// Whether output is owed already: a receiver that is slow gets more at a time, not more often.
fn is_output_owed(database: &Connection, execution: ExecutionId) -> Result<bool, Failure> {
    let mut select = database.prepare_cached(
        "SELECT 1 FROM deliveries WHERE execution_id = ?1 AND is_terminal = 0
            AND event_type = 'execution.output' AND status = 'pending'",
    )?;
    Ok(select.exists([execution.uuid().into_bytes()])?)
}

/// Gives up what was to be told on the way to the end, and what it would have said: after the end it
/// would be no news. Answers how many deliveries that were.
pub(super) fn supersede(database: &Connection, execution: ExecutionId) -> Result<usize, Failure> {
    let superseded = database
        .prepare_cached(
            "UPDATE deliveries SET status = 'exhausted', ended_by = 'superseded',
                next_attempt_at = NULL, body = x''
             WHERE execution_id = ?1 AND is_terminal = 0 AND status = 'pending'",
        )?
        .execute([execution.uuid().into_bytes()])?;
    Ok(superseded)
}
