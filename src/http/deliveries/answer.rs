//! Deliveries and attempts as clients see them: what was sent is told without its secrets, and what
//! was answered only to those who may see into the operator's network. Reads nothing.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value};

use super::REDELIVER;
use super::explanation::{Standing, explain};
use crate::actors::{Hosts, WaitingFor};
use crate::domain::{
    Attempt, AttemptOutcome, Delivery, DeliveryEnd, DeliveryId, DeliveryStatus, ErrorClass,
    EventId, ExecutionId, Timestamp, Timings,
};
use crate::http::auth::Caller;
use crate::http::state::Api;
use crate::webhook::{Attempted, shown};

/// Who looks, at what moment.
pub(super) struct Seeing<'a> {
    hosts: &'a Hosts,
    /// By the clock that due times are of.
    now: Timestamp,
    /// Whether it may be told what endpoints have answered.
    is_insider: bool,
}

/// A delivery with all its attempts.
#[derive(Serialize)]
pub(in crate::http) struct WholeBody {
    #[serde(flatten)]
    common: CommonBody,
    attempts: Vec<AttemptBody>,
}

/// A delivery as lists have it.
#[derive(Serialize)]
pub(super) struct ListedBody {
    #[serde(flatten)]
    common: CommonBody,
    last_attempt: Option<AttemptBody>,
}

#[derive(Serialize)]
struct CommonBody {
    id: DeliveryId,
    event_id: EventId,
    event_type: &'static str,
    execution_id: ExecutionId,
    url: String,
    payload_format: &'static str,
    status: &'static str,
    explanation: String,
    ended_by: Option<&'static str>,
    waiting_for: Option<&'static str>,
    breaker_until: Option<Timestamp>,
    attempts_made: u32,
    attempts_max: u32,
    next_attempt_at: Option<Timestamp>,
    next_trigger: Option<&'static str>,
    expires_at: Option<Timestamp>,
    created_at: Timestamp,
    delivered_at: Option<Timestamp>,
}

#[derive(Serialize)]
struct AttemptBody {
    number: u32,
    trigger: &'static str,
    #[serde(flatten)]
    tried: TriedBody,
}

/// An attempt without its place among others, which a test has not.
#[derive(Serialize)]
pub(in crate::http) struct TriedBody {
    started_at: Timestamp,
    address: Option<String>,
    status_code: Option<u16>,
    error_class: Option<&'static str>,
    error: Option<String>,
    timings_ms: TimingsBody,
    request_headers: Map<String, Value>,
    response_headers: Option<Map<String, Value>>,
    response_body: Option<String>,
    response_truncated: bool,
    response_hidden: bool,
    retry_after: Option<f64>,
    next_attempt_at: Option<Timestamp>,
}

#[derive(Serialize)]
struct TimingsBody {
    dns: Option<f64>,
    connect: Option<f64>,
    tls: Option<f64>,
    first_byte: Option<f64>,
    total: f64,
}

impl<'a> Seeing<'a> {
    pub(super) fn new(caller: &Caller, api: &'a Api) -> Self {
        let is_insider = caller.may(REDELIVER);
        Self { hosts: &api.hosts, now: api.clock.steady(), is_insider }
    }
}

impl WholeBody {
    pub(super) fn of(delivery: Delivery, seeing: &Seeing<'_>) -> Self {
        let common = CommonBody::of(&delivery, seeing);
        let attempts = delivery.attempts.into_iter();
        Self { common, attempts: attempts.map(|each| AttemptBody::of(each, seeing)).collect() }
    }

    /// The same with another name for the event.
    pub(super) fn named(self, event_type: &'static str) -> Self {
        Self { common: CommonBody { event_type, ..self.common }, ..self }
    }
}

impl ListedBody {
    pub(super) fn of(mut delivery: Delivery, seeing: &Seeing<'_>) -> Self {
        let common = CommonBody::of(&delivery, seeing);
        let last_attempt = delivery.attempts.pop();
        Self { common, last_attempt: last_attempt.map(|last| AttemptBody::of(last, seeing)) }
    }
}

impl CommonBody {
    fn of(delivery: &Delivery, seeing: &Seeing<'_>) -> Self {
        let waits = delivery.status == DeliveryStatus::Pending;
        let waiting_for = seeing.hosts.waiting_for(delivery);
        let breaker_until = seeing.hosts.left_alone_until(&delivery.host);
        let breaker_until = breaker_until.filter(|until| waits && *until > seeing.now);
        let outcome = delivery.attempts.last().map(|last| &last.outcome);
        let last_error = outcome.and_then(|outcome| told_error(outcome, seeing.is_insider));
        let standing = Standing { waiting_for, breaker_until, last_error, now: seeing.now };
        Self {
            id: delivery.id,
            event_id: delivery.event_id,
            event_type: delivery.event_type.as_str(),
            execution_id: delivery.execution_id,
            url: shown(&delivery.url),
            payload_format: delivery.payload_format.as_str(),
            status: delivery.status.as_str(),
            explanation: explain(delivery, &standing),
            ended_by: delivery.ended_by.map(DeliveryEnd::as_str),
            waiting_for: waiting_for.map(WaitingFor::as_str),
            breaker_until,
            attempts_made: delivery.attempts_made,
            attempts_max: delivery.attempts_max,
            next_attempt_at: delivery.next_attempt_at.filter(|_| waits),
            next_trigger: waits.then_some(delivery.next_trigger.as_str()),
            expires_at: delivery.expires_at,
            created_at: delivery.created_at,
            delivered_at: delivery.delivered_at,
        }
    }
}

impl AttemptBody {
    fn of(attempt: Attempt, seeing: &Seeing<'_>) -> Self {
        let attempted = Attempted {
            address: attempt.address,
            outcome: attempt.outcome,
            timings: attempt.timings,
        };
        let mut tried = TriedBody::of(attempted, attempt.request_headers, attempt.started_at);
        tried.next_attempt_at = attempt.next_attempt_at;
        if !seeing.is_insider {
            tried.hide_answer();
        }
        Self { number: attempt.number, trigger: attempt.trigger.as_str(), tried }
    }
}

impl TriedBody {
    /// All that is known of an attempt, for whoever may see it.
    pub(in crate::http) fn of(
        attempted: Attempted,
        request_headers: Vec<(String, String)>,
        started_at: Timestamp,
    ) -> Self {
        let Attempted { address, outcome, timings } = attempted;
        Self {
            started_at,
            address: address.map(|address| address.to_string()),
            status_code: outcome.status_code,
            error_class: outcome.error_class.map(ErrorClass::as_str),
            error: outcome.error,
            timings_ms: TimingsBody::of(timings),
            request_headers: by_name(request_headers),
            response_headers: Some(by_name(outcome.response_headers)),
            response_body: Some(outcome.response_body),
            response_truncated: outcome.response_truncated,
            response_hidden: false,
            retry_after: outcome.retry_after.map(|pause| pause.as_secs_f64()),
            next_attempt_at: None,
        }
    }

    /// Leaves out what would be a window into the operator's network.
    fn hide_answer(&mut self) {
        // What a name resolves to would be a map of it.
        self.address = None;
        self.response_headers = None;
        self.response_body = None;
        self.response_hidden = true;
        let class = self.error_class.and_then(ErrorClass::from_name);
        if let Some(outline) = class.and_then(outline) {
            self.error = Some(outline.to_owned());
        }
    }
}

/// Why an attempt failed, as far as it may be told.
fn told_error(outcome: &AttemptOutcome, is_insider: bool) -> Option<&str> {
    match outcome.error_class.and_then(outline) {
        Some(outline) if !is_insider => Some(outline),
        _ => outcome.error.as_deref(),
    }
}

/// What came of an attempt, as far as those may be told who may not see what endpoints answer.
pub(in crate::http) fn outlined(outcome: AttemptOutcome) -> AttemptOutcome {
    let error = told_error(&outcome, false).map(str::to_owned);
    AttemptOutcome { error, ..outcome }
}

/// What stands for the sentences that may tell of the operator's network; of an answer its status
/// is told in any case, and the rule of a refusal is for whoever has set the URL.
const fn outline(class: ErrorClass) -> Option<&'static str> {
    match class {
        ErrorClass::Dns => Some("The address of its host could not be found."),
        ErrorClass::Connect => Some("No connection could be made."),
        ErrorClass::Tls => Some("The TLS handshake failed."),
        ErrorClass::Timeout => Some("There was no answer in time."),
        ErrorClass::Reset => Some("The connection broke before there was an answer."),
        ErrorClass::Protocol => Some("The answer was not HTTP."),
        ErrorClass::Refused | ErrorClass::Status => None,
    }
}

/// Headers as an object; the values of one that came more than once side by side.
fn by_name(headers: Vec<(String, String)>) -> Map<String, Value> {
    let mut named: Map<String, Value> = Map::new();
    for (name, value) in headers {
        let value = match named.get(&name).and_then(Value::as_str) {
            Some(before) => format!("{before}, {value}"),
            None => value,
        };
        named.insert(name, value.into());
    }
    named
}

impl TimingsBody {
    fn of(timings: Timings) -> Self {
        // Microseconds are all that the clock is good for.
        let ms = |duration: Duration| duration.as_micros() as f64 / 1000.0;
        Self {
            dns: timings.dns.map(ms),
            connect: timings.connect.map(ms),
            tls: timings.tls.map(ms),
            first_byte: timings.first_byte.map(ms),
            total: ms(timings.total),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_that_came_twice_has_both_values() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let named = by_name(vec![pair("a", "1"), pair("b", "2"), pair("a", "3")]);
        assert_eq!(Value::Object(named), serde_json::json!({"a": "1, 3", "b": "2"}));
    }

    #[test]
    fn who_may_not_see_an_answer_is_told_its_status_and_the_rule_of_a_refusal() {
        for class in ErrorClass::ALL {
            let secret = "10.1.2.3 said no".to_owned();
            let outcome = AttemptOutcome {
                error_class: Some(class),
                error: Some(secret.clone()),
                response_headers: vec![("server".to_owned(), "inside".to_owned())],
                response_body: "inside".to_owned(),
                ..AttemptOutcome::default()
            };
            assert_eq!(told_error(&outcome, true), Some(&*secret));
            let is_told = matches!(class, ErrorClass::Refused | ErrorClass::Status);
            assert_eq!(told_error(&outcome, false) == Some(&*secret), is_told, "{class:?}");
            let address = Some("[fd00::7]:443".parse().unwrap());
            let attempted = Attempted { outcome, address, ..Attempted::default() };
            let mut body = TriedBody::of(attempted, vec![], Timestamp::from_millis(0));
            assert!(!body.response_hidden && body.response_body.is_some());
            assert!(body.address.is_some());
            body.hide_answer();
            let text = serde_json::to_string(&body).unwrap();
            assert!(!text.contains("inside") && !text.contains("fd00"), "{text}");
            assert_eq!(text.contains("10.1.2.3"), is_told, "{text}");
            assert!(body.response_hidden && body.error.is_some_and(|error| !error.is_empty()));
        }
    }
}
