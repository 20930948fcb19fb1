//! The deliveries of an execution with every attempt: why a callback came, or did not.
//! Shows no header value and no query string of the client's.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde::Serialize;
use serde_json::{Map, Value};

use super::answers::json;
use super::auth::Caller;
use super::error::Problem;
use super::executions::id_of;
use super::state::Api;
use crate::domain::{
    Attempt, Delivery, DeliveryEnd, DeliveryId, DeliveryStatus, ErrorClass, EventId, ExecutionId,
    Timestamp, Timings,
};
use crate::webhook::shown;

#[derive(Serialize)]
struct Answer {
    data: Vec<DeliveryBody>,
    next_cursor: Option<String>,
}

#[derive(Serialize)]
struct DeliveryBody {
    id: DeliveryId,
    event_id: EventId,
    event_type: &'static str,
    execution_id: ExecutionId,
    url: String,
    payload_format: &'static str,
    status: &'static str,
    ended_by: Option<&'static str>,
    waiting_for: Option<&'static str>,
    attempts_max: u32,
    next_attempt_at: Option<Timestamp>,
    created_at: Timestamp,
    delivered_at: Option<Timestamp>,
    attempts: Vec<AttemptBody>,
}

#[derive(Serialize)]
struct AttemptBody {
    number: u32,
    trigger: &'static str,
    started_at: Timestamp,
    address: Option<String>,
    status_code: Option<u16>,
    error_class: Option<&'static str>,
    error: Option<String>,
    timings_ms: TimingsBody,
    response_headers: Map<String, Value>,
    response_body: String,
    response_truncated: bool,
}

#[derive(Serialize)]
struct TimingsBody {
    dns: Option<f64>,
    connect: Option<f64>,
    tls: Option<f64>,
    first_byte: Option<f64>,
    total: f64,
}

/// `GET /v1/executions/{id}/deliveries`
pub(super) async fn of_execution(
    caller: Result<Caller, Problem>,
    api: web::Data<Api>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let caller = caller?;
    let deliveries = api.store.deliveries(&caller.tenant, id_of(&id)?).await?;
    let deliveries = deliveries.ok_or_else(Problem::not_found)?;
    let data = deliveries.into_iter().map(DeliveryBody::of).collect();
    Ok(json(StatusCode::OK, &Answer { data, next_cursor: None }))
}

impl DeliveryBody {
    fn of(delivery: Delivery) -> Self {
        let waits = delivery.status == DeliveryStatus::Pending;
        Self {
            id: delivery.id,
            event_id: delivery.event_id,
            event_type: delivery.event_type.as_str(),
            execution_id: delivery.execution_id,
            url: shown(&delivery.url),
            payload_format: delivery.payload_format.as_str(),
            status: delivery.status.as_str(),
            ended_by: delivery.ended_by.map(DeliveryEnd::as_str),
            waiting_for: waits.then_some("due"),
            attempts_max: delivery.attempts_max,
            next_attempt_at: delivery.next_attempt_at.filter(|_| waits),
            created_at: delivery.created_at,
            delivered_at: delivery.delivered_at,
            attempts: delivery.attempts.into_iter().map(AttemptBody::of).collect(),
        }
    }
}

impl AttemptBody {
    fn of(attempt: Attempt) -> Self {
        let outcome = attempt.outcome;
        let headers = outcome.response_headers.into_iter();
        Self {
            number: attempt.number,
            trigger: attempt.trigger.as_str(),
            started_at: attempt.started_at,
            address: attempt.address.map(|address| address.to_string()),
            status_code: outcome.status_code,
            error_class: outcome.error_class.map(ErrorClass::as_str),
            error: outcome.error,
            timings_ms: TimingsBody::of(attempt.timings),
            response_headers: headers.map(|(name, value)| (name, value.into())).collect(),
            response_body: outcome.response_body,
            response_truncated: outcome.response_truncated,
        }
    }
}

impl TimingsBody {
    fn of(timings: Timings) -> Self {
        // Microseconds are all that the clock is good for.
        let ms = |duration: std::time::Duration| duration.as_micros() as f64 / 1000.0;
        Self {
            dns: timings.dns.map(ms),
            connect: timings.connect.map(ms),
            tls: None,
            first_byte: timings.first_byte.map(ms),
            total: ms(timings.total),
        }
    }
}
