//! Deliveries and their attempts: writing down what was tried, and reading it.
//! Sends nothing, and decides nothing about what follows.

use rusqlite::{Connection, Row, named_params};

use super::super::{AttemptMade, StoreError};
use super::failure::Failure;
use super::rows::is_of_tenant;
use super::values::{
    duration_opt, execution_id, from_json, get, json, micros, micros_opt, millis, named, named_opt,
    time, time_opt, uuid,
};
use crate::domain::{
    Attempt, AttemptOutcome, Delivery, DeliveryEnd, DeliveryId, DeliveryStatus, ErrorClass,
    EventId, EventType, ExecutionId, Next, Tenant, Timestamp, Timings, Trigger,
};

/// Keeps an attempt and what follows from it.
pub(super) fn record(
    database: &Connection,
    made: &AttemptMade,
    now: Timestamp,
) -> Result<(), Failure> {
    let (status, ended_by, next_attempt_at, delivered_at) = match made.next {
        Next::Delivered => (DeliveryStatus::Delivered, None, None, Some(now)),
        Next::RetryAt(at) => (DeliveryStatus::Pending, None, Some(at), None),
        Next::End(DeliveryEnd::Refused) => {
            (DeliveryStatus::Refused, Some(DeliveryEnd::Refused), None, None)
        }
        Next::End(end) => (DeliveryStatus::Exhausted, Some(end), None, None),
    };
    let changed = database
        .prepare_cached(
            "UPDATE deliveries SET status = ?2, ended_by = ?3, next_attempt_at = ?4,
                delivered_at = ?5, attempts_made = ?6, is_retry = (?6 > 0)
             WHERE id = ?1",
        )?
        .execute((
            made.delivery.uuid().into_bytes(),
            status.as_str(),
            ended_by.map(DeliveryEnd::as_str),
            next_attempt_at.map(Timestamp::as_millis),
            delivered_at.map(Timestamp::as_millis),
            made.attempt.number,
        ))?;
    if changed != 1 {
        let reason = format!("there is no delivery {}", made.delivery);
        return Err(StoreError::Database { reason }.into());
    }
    insert_attempt(database, made.delivery, &made.attempt)
}

fn insert_attempt(
    database: &Connection,
    delivery: DeliveryId,
    attempt: &Attempt,
) -> Result<(), Failure> {
    let (outcome, timings) = (&attempt.outcome, &attempt.timings);
    database
        .prepare_cached(
            "INSERT INTO attempts (delivery_id, number, trigger, started_at, address, status_code,
                error_class, retry_after_ms, dns_us, connect_us, first_byte_us, total_us,
                response_truncated, error, response_headers, response_body)
             VALUES (:delivery_id, :number, :trigger, :started_at, :address, :status_code,
                :error_class, :retry_after_ms, :dns_us, :connect_us, :first_byte_us, :total_us,
                :response_truncated, :error, :response_headers, :response_body)",
        )?
        .execute(named_params! {
            ":delivery_id": delivery.uuid().into_bytes(),
            ":number": attempt.number,
            ":trigger": attempt.trigger.as_str(),
            ":started_at": attempt.started_at.as_millis(),
            ":address": attempt.address.map(|address| address.to_string()),
            ":status_code": outcome.status_code,
            ":error_class": outcome.error_class.map(ErrorClass::as_str),
            ":retry_after_ms": outcome.retry_after.map(millis),
            ":dns_us": timings.dns.map(micros),
            ":connect_us": timings.connect.map(micros),
            ":first_byte_us": timings.first_byte.map(micros),
            ":total_us": micros(timings.total),
            ":response_truncated": outcome.response_truncated,
            ":error": outcome.error,
            ":response_headers": json(&outcome.response_headers),
            ":response_body": outcome.response_body,
        })?;
    Ok(())
}

/// The deliveries of an execution with all their attempts. `database` is one snapshot.
pub(super) fn of_execution(
    database: &Connection,
    tenant: &Tenant,
    id: ExecutionId,
) -> Result<Option<Vec<Delivery>>, Failure> {
    let id = id.uuid().into_bytes();
    if !is_of_tenant(database, tenant, id)? {
        return Ok(None);
    }
    database
        .prepare_cached(
            "SELECT id, execution_id, event_id, event_type, payload_format, status, ended_by,
                attempts_max, next_attempt_at, created_at, delivered_at, url
             FROM deliveries WHERE execution_id = ?1 ORDER BY id",
        )?
        .query_and_then([id], |row| delivery(database, row))?
        .collect::<Result<_, _>>()
        .map(Some)
}

fn delivery(database: &Connection, row: &Row<'_>) -> Result<Delivery, Failure> {
    let id = DeliveryId::from_uuid(uuid(row, "id")?);
    Ok(Delivery {
        id,
        event_id: EventId::from_uuid(uuid(row, "event_id")?),
        event_type: named(row, "event_type", EventType::from_name)?,
        execution_id: execution_id(row, "execution_id")?,
        url: get(row, "url")?,
        payload_format: named(row, "payload_format", |name| name.parse().ok())?,
        status: named(row, "status", DeliveryStatus::from_name)?,
        ended_by: named_opt(row, "ended_by", DeliveryEnd::from_name)?,
        attempts_max: get(row, "attempts_max")?,
        next_attempt_at: time_opt(row, "next_attempt_at")?,
        created_at: time(row, "created_at")?,
        delivered_at: time_opt(row, "delivered_at")?,
        attempts: database
            .prepare_cached("SELECT * FROM attempts WHERE delivery_id = ?1 ORDER BY number")?
            .query_and_then([id.uuid().into_bytes()], attempt)?
            .collect::<Result<_, _>>()?,
    })
}

fn attempt(row: &Row<'_>) -> Result<Attempt, Failure> {
    Ok(Attempt {
        number: get(row, "number")?,
        trigger: named(row, "trigger", Trigger::from_name)?,
        started_at: time(row, "started_at")?,
        address: named_opt(row, "address", |address| address.parse().ok())?,
        outcome: AttemptOutcome {
            status_code: get(row, "status_code")?,
            error_class: named_opt(row, "error_class", ErrorClass::from_name)?,
            error: get(row, "error")?,
            response_headers: from_json(row, "response_headers")?,
            response_body: get(row, "response_body")?,
            response_truncated: get(row, "response_truncated")?,
            retry_after: duration_opt(row, "retry_after_ms")?,
        },
        timings: Timings {
            dns: micros_opt(row, "dns_us")?,
            connect: micros_opt(row, "connect_us")?,
            tls: None,
            first_byte: micros_opt(row, "first_byte_us")?,
            total: micros_opt(row, "total_us")?.unwrap_or_default(),
        },
    })
}
