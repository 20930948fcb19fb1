//! One attempt from beginning to end: headers, request, verdict, and the row that tells of it.
//! Decides by `domain::decide_next`; holds no permits.

use std::time::Duration;

use bytes::Bytes;
use log::Level;

use super::engine::EngineParts;
use crate::domain::{
    Attempt, AttemptOutcome, DeliveryId, ErrorClass, ExecutionId, Next, Round, Timestamp, Verdict,
    decide_next,
};
use crate::failpoint;
use crate::store::{AttemptKept, AttemptMade, ClaimedDelivery, StoreError};
use crate::webhook::{Attempted, Client, Request, Signing, headers, redacted};

/// Makes the next attempt of a delivery and writes it down; says when another is due. `answered`
/// is told what was learnt of the host as soon as that is known.
///
/// # Errors
/// When it can never be written down. The delivery is then still owed.
pub(super) async fn make(
    parts: &EngineParts,
    client: &Client,
    delivery: ClaimedDelivery,
    answered: impl FnOnce(Verdict),
) -> Result<Option<Timestamp>, StoreError> {
    let started_at = parts.clock.now();
    let number = delivery.attempts_made + 1;
    let (id, wishes, trigger) = (delivery.id, delivery.wishes, delivery.trigger);
    let (made, expires_at) = (delivery.round_made + 1, delivery.expires_at);
    let happened_at = delivery.created_at;
    let about = About::of(&delivery);
    let schedule = delivery.schedule.clone();
    let schedule = schedule.as_ref().unwrap_or(&parts.settings.retry_schedule);
    let (attempted, request_headers) = send(parts, client, delivery, started_at).await;
    let Attempted { address, outcome, timings } = attempted;
    let round = Round { schedule, made, expires_at };
    let next = decide_next(round, &outcome, parts.clock.steady(), jitter());
    answered(verdict_of(&outcome));
    let next_attempt_at = match next {
        Next::RetryAt(due) => Some(due),
        Next::Delivered | Next::End(_) => None,
    };
    let attempt = Attempt {
        number,
        trigger,
        started_at,
        address,
        request_headers,
        outcome,
        timings,
        next_attempt_at,
    };
    log_attempt(&attempt, &about, next);
    let metrics = &parts.metrics;
    metrics.attempt_made(trigger, attempt.outcome.error_class, attempt.timings.total);
    let delay = parts.clock.now().since(happened_at);
    failpoint::hit("attempt-before-record");
    let made = AttemptMade { delivery: id, wishes, attempt, next };
    let AttemptKept { next_due, ended } = record(parts, made).await?;
    if let Some(status) = ended {
        metrics.delivery_ended(status, trigger, delay);
    }
    Ok(next_due)
}

/// What an attempt tells of its host. One that never got there tells nothing.
fn verdict_of(outcome: &AttemptOutcome) -> Verdict {
    match outcome.error_class {
        None => Verdict::Taken,
        Some(ErrorClass::Refused) => Verdict::Untried,
        Some(_) => Verdict::Failed,
    }
}

/// How long to wait before a record that cannot be written for now is tried again, at first and
/// at most.
const RECORD_AGAIN: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// Writes an attempt down, however long that takes. It was made and cannot be unmade: without its
/// record the endpoint would be told again. Its permit is kept meanwhile, so that no more attempts
/// are made than can be remembered.
async fn record(parts: &EngineParts, made: AttemptMade) -> Result<AttemptKept, StoreError> {
    let (mut pause, longest) = RECORD_AGAIN;
    loop {
        match parts.store.record_attempt(made.clone()).await {
            Err(error) if error.is_passing() => {
                log::debug!(
                    delivery:% = made.delivery;
                    "an attempt waits to be recorded: {error}"
                );
            }
            settled => return settled,
        }
        actix_rt::time::sleep(pause).await;
        pause = (pause * 2).min(longest);
    }
}

/// Sends the request; comes back with its head as the log may have it.
async fn send(
    parts: &EngineParts,
    client: &Client,
    delivery: ClaimedDelivery,
    now: Timestamp,
) -> (Attempted, Vec<(String, String)>) {
    let signing = Signing {
        event_id: delivery.event_id,
        payload_format: delivery.payload_format,
        secrets: &delivery.signing_secrets,
        ed25519: parts.settings.ed25519.as_deref(),
        body: &delivery.body,
        user_agent: &parts.settings.user_agent,
        traceparent: delivery.traceparent.map(|trace| trace.within(delivery.execution_id)),
    };
    let headers = match headers(&signing, &delivery.headers, now) {
        Ok(headers) => headers,
        Err(error) => return (unsendable(&error.to_string()), Vec::new()),
    };
    let told = redacted(&headers, &delivery.headers);
    let body = Bytes::from(delivery.body);
    let request = Request { url: &delivery.url, headers: &headers, body };
    (client.attempt(request, now).await, told)
}

/// A request that cannot be made at all; it is recorded like any other failure.
fn unsendable(why: &str) -> Attempted {
    let outcome = AttemptOutcome {
        error_class: Some(ErrorClass::Protocol),
        error: Some(format!("The request could not be signed: {why}.")),
        ..AttemptOutcome::default()
    };
    Attempted { outcome, ..Attempted::default() }
}

/// What a line about an attempt is about.
struct About {
    delivery: DeliveryId,
    execution: ExecutionId,
    trace_id: Option<String>,
}

impl About {
    fn of(delivery: &ClaimedDelivery) -> Self {
        Self {
            delivery: delivery.id,
            execution: delivery.execution_id,
            trace_id: delivery.traceparent.map(|traceparent| traceparent.trace_id()),
        }
    }
}

fn log_attempt(attempt: &Attempt, about: &About, next: Next) {
    let number = attempt.number;
    let (level, words) = match (&attempt.outcome.error, next) {
        (None, _) => (Level::Debug, "taken".to_owned()),
        (Some(error), Next::RetryAt(due)) => {
            (Level::Info, format!("failed, next at {due}: {error}"))
        }
        (Some(error), _) => (Level::Warn, format!("failed, the last one: {error}")),
    };
    log::log!(
        level,
        delivery:% = about.delivery,
        execution:% = about.execution,
        trace_id = about.trace_id.as_deref(),
        attempt = number,
        error_class = attempt.outcome.error_class.map(ErrorClass::as_str),
        duration_ms = attempt.timings.total.as_secs_f64() * 1000.0;
        "attempt {number} {words}"
    );
}

/// A number from 0.0 to 1.0. Should the system have no randomness, the delay is simply not spread.
fn jitter() -> f64 {
    getrandom::u32().map_or(0.0, |number| f64::from(number) / f64::from(u32::MAX))
}
