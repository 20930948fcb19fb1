//! Attempts: writing down what was tried and what follows from it, and reading it.
//! Sends nothing; what follows was decided before, unless somebody wished otherwise meanwhile.

use rusqlite::{Connection, Row, named_params};

use super::super::{AttemptKept, AttemptMade, StoreError};
use super::failure::Failure;
use super::values::{
    duration_opt, from_json, get, json, micros, micros_opt, millis, named, named_opt, time,
    time_opt,
};
use crate::domain::{
    Attempt, AttemptOutcome, DeliveryEnd, DeliveryId, DeliveryStatus, ErrorClass, Next, Timestamp,
    Timings, Trigger,
};

/// How a delivery stands after an attempt.
struct Standing {
    status: DeliveryStatus,
    ended_by: Option<DeliveryEnd>,
    next_attempt_at: Option<Timestamp>,
    delivered_at: Option<Timestamp>,
    next_trigger: Trigger,
}

/// What may have changed while an attempt was under way, and what was so before.
struct Before {
    wishes: u32,
    trigger: Trigger,
    ended_by: Option<DeliveryEnd>,
    delivered_at: Option<Timestamp>,
    is_terminal: bool,
}

impl Standing {
    /// `now` are the time that people are told and the time by which deliveries are due.
    fn after(made: &AttemptMade, before: &Before, (told, due): (Timestamp, Timestamp)) -> Self {
        let is_wished = before.wishes != made.wishes;
        let standing = |status, ended_by, next_attempt_at| Self {
            status,
            ended_by,
            next_attempt_at,
            delivered_at: before.delivered_at,
            next_trigger: Trigger::Schedule,
        };
        match made.next {
            Next::Delivered => Self {
                delivered_at: before.delivered_at.or(Some(told)),
                ..standing(DeliveryStatus::Delivered, None, None)
            },
            // What was superseded while it was tried is not tried again.
            _ if before.ended_by == Some(DeliveryEnd::Superseded) => {
                standing(DeliveryStatus::Exhausted, before.ended_by, None)
            }
            _ if is_wished => Self {
                next_trigger: before.trigger,
                ..standing(DeliveryStatus::Pending, None, Some(due))
            },
            Next::RetryAt(at) => standing(DeliveryStatus::Pending, None, Some(at)),
            // The endpoint has had it, whatever became of sending it once more.
            Next::End(_) if before.delivered_at.is_some() => {
                standing(DeliveryStatus::Delivered, None, None)
            }
            Next::End(DeliveryEnd::Refused) => {
                standing(DeliveryStatus::Refused, Some(DeliveryEnd::Refused), None)
            }
            Next::End(end) => standing(DeliveryStatus::Exhausted, Some(end), None),
        }
    }

    /// As what the delivery has ended by the attempt, if it has.
    fn ended(&self, made: &AttemptMade, before: &Before) -> Option<DeliveryStatus> {
        let is_over = self.status != DeliveryStatus::Pending;
        let had_ended = before.ended_by.is_some() || before.delivered_at.is_some();
        (is_over && (made.next == Next::Delivered || !had_ended)).then_some(self.status)
    }
}

/// Keeps an attempt and what follows from it.
pub(super) fn record(
    database: &Connection,
    made: &AttemptMade,
    now: (Timestamp, Timestamp),
) -> Result<AttemptKept, Failure> {
    let id = made.delivery.uuid().into_bytes();
    let mut select = database.prepare_cached(
        "SELECT wishes, next_trigger, ended_by, delivered_at, is_terminal FROM deliveries
         WHERE id = ?1",
    )?;
    let Some(before) = select.query_and_then([id], before)?.next().transpose()? else {
        let reason = format!("there is no delivery {}", made.delivery);
        return Err(StoreError::Database { reason }.into());
    };
    let after = Standing::after(made, &before, now);
    // One more beside the schedule, for a wish that came while one was being made for another wish.
    let beside =
        made.attempt.trigger != Trigger::Schedule && after.next_trigger != Trigger::Schedule;
    database
        .prepare_cached(
            "UPDATE deliveries SET status = :status, ended_by = :ended_by,
                next_attempt_at = :next_attempt_at, next_trigger = :next_trigger,
                delivered_at = :delivered_at, attempts_made = :number, is_retry = (:number > 0),
                round_from = round_from + :beside, attempts_max = attempts_max + :beside
             WHERE id = :id",
        )?
        .execute(named_params! {
            ":id": id,
            ":status": after.status.as_str(),
            ":ended_by": after.ended_by.map(DeliveryEnd::as_str),
            ":next_attempt_at": after.next_attempt_at.map(Timestamp::as_millis),
            ":next_trigger": after.next_trigger.as_str(),
            ":delivered_at": after.delivered_at.map(Timestamp::as_millis),
            ":number": made.attempt.number,
            ":beside": beside,
        })?;
    if !before.is_terminal && after.status != DeliveryStatus::Pending {
        forget_body(database, id)?;
    }
    insert(database, made.delivery, &made.attempt, after.next_attempt_at)?;
    Ok(AttemptKept { next_due: after.next_attempt_at, ended: after.ended(made, &before) })
}

fn before(row: &Row<'_>) -> Result<Before, Failure> {
    Ok(Before {
        wishes: get(row, "wishes")?,
        trigger: named(row, "next_trigger", Trigger::from_name)?,
        ended_by: named_opt(row, "ended_by", DeliveryEnd::from_name)?,
        delivered_at: time_opt(row, "delivered_at")?,
        is_terminal: get(row, "is_terminal")?,
    })
}

/// Lets go of what was to be sent of a delivery that nobody can ask for again: a program may tell of
/// its output for hours.
fn forget_body(database: &Connection, id: [u8; 16]) -> Result<(), Failure> {
    database.prepare_cached("UPDATE deliveries SET body = x'' WHERE id = ?1")?.execute([id])?;
    Ok(())
}

fn insert(
    database: &Connection,
    delivery: DeliveryId,
    attempt: &Attempt,
    next_attempt_at: Option<Timestamp>,
) -> Result<(), Failure> {
    let (outcome, timings) = (&attempt.outcome, &attempt.timings);
    database
        .prepare_cached(
            "INSERT INTO attempts (delivery_id, number, trigger, started_at, address, status_code,
                error_class, retry_after_ms, next_attempt_at, dns_us, connect_us, tls_us,
                first_byte_us, total_us, response_truncated, error, request_headers,
                response_headers, response_body)
             VALUES (:delivery_id, :number, :trigger, :started_at, :address, :status_code,
                :error_class, :retry_after_ms, :next_attempt_at, :dns_us, :connect_us, :tls_us,
                :first_byte_us, :total_us, :response_truncated, :error, :request_headers,
                :response_headers, :response_body)",
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
            ":next_attempt_at": next_attempt_at.map(Timestamp::as_millis),
            ":dns_us": timings.dns.map(micros),
            ":connect_us": timings.connect.map(micros),
            ":tls_us": timings.tls.map(micros),
            ":first_byte_us": timings.first_byte.map(micros),
            ":total_us": micros(timings.total),
            ":response_truncated": outcome.response_truncated,
            ":error": outcome.error,
            ":request_headers": json(&attempt.request_headers),
            ":response_headers": json(&outcome.response_headers),
            ":response_body": outcome.response_body,
        })?;
    Ok(())
}

/// Every attempt of a delivery, oldest first.
pub(super) fn all(database: &Connection, delivery: DeliveryId) -> Result<Vec<Attempt>, Failure> {
    database
        .prepare_cached("SELECT * FROM attempts WHERE delivery_id = ?1 ORDER BY number")?
        .query_and_then([delivery.uuid().into_bytes()], attempt)?
        .collect()
}

/// The last attempt of a delivery.
pub(super) fn last(
    database: &Connection,
    delivery: DeliveryId,
) -> Result<Option<Attempt>, Failure> {
    database
        .prepare_cached(
            "SELECT * FROM attempts WHERE delivery_id = ?1 ORDER BY number DESC LIMIT 1",
        )?
        .query_and_then([delivery.uuid().into_bytes()], attempt)?
        .next()
        .transpose()
}

fn attempt(row: &Row<'_>) -> Result<Attempt, Failure> {
    Ok(Attempt {
        number: get(row, "number")?,
        trigger: named(row, "trigger", Trigger::from_name)?,
        started_at: time(row, "started_at")?,
        address: named_opt(row, "address", |address| address.parse().ok())?,
        request_headers: from_json(row, "request_headers")?,
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
            tls: micros_opt(row, "tls_us")?,
            first_byte: micros_opt(row, "first_byte_us")?,
            total: micros_opt(row, "total_us")?.unwrap_or_default(),
        },
        next_attempt_at: time_opt(row, "next_attempt_at")?,
    })
}
