//! Deliveries and attempts as clients see them: what was sent is told without its secrets, and what
//! was answered only to those who may see into the operator's network. Reads nothing.

use std::time::Duration;

use serde_json::{Map, Value};

use super::REDELIVER;
use super::explanation::{Standing, explain};
use crate::actors::{Hosts, WaitingFor};
use crate::bodies::{self, DeliveryFacts, Tried};
use crate::domain::{
    Attempt, AttemptOutcome, Delivery, DeliveryEnd, DeliveryStatus, ErrorClass, Timestamp, Timings,
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

impl<'a> Seeing<'a> {
    pub(super) fn new(caller: &Caller, api: &'a Api) -> Self {
        let is_insider = caller.may(REDELIVER);
        Self { hosts: &api.hosts, now: api.clock.steady(), is_insider }
    }
}

/// A delivery with all its attempts.
pub(super) fn whole(delivery: Delivery, seeing: &Seeing<'_>) -> bodies::Delivery {
    let facts = facts(&delivery, seeing);
    let attempts = delivery.attempts.into_iter();
    bodies::Delivery { facts, attempts: attempts.map(|each| attempt(each, seeing)).collect() }
}

/// A delivery as lists have it.
pub(super) fn listed(mut delivery: Delivery, seeing: &Seeing<'_>) -> bodies::ListedDelivery {
    let facts = facts(&delivery, seeing);
    let last_attempt = delivery.attempts.pop();
    bodies::ListedDelivery { facts, last_attempt: last_attempt.map(|last| attempt(last, seeing)) }
}

fn facts(delivery: &Delivery, seeing: &Seeing<'_>) -> DeliveryFacts {
    let waits = delivery.status == DeliveryStatus::Pending;
    let waiting_for = seeing.hosts.waiting_for(delivery);
    let breaker_until = seeing.hosts.left_alone_until(&delivery.host);
    let breaker_until = breaker_until.filter(|until| waits && *until > seeing.now);
    let outcome = delivery.attempts.last().map(|last| &last.outcome);
    let last_error = outcome.and_then(|outcome| told_error(outcome, seeing.is_insider));
    let standing = Standing { waiting_for, breaker_until, last_error, now: seeing.now };
    DeliveryFacts {
        id: delivery.id,
        event_id: delivery.event_id,
        event_type: delivery.event_type.as_str().into(),
        execution_id: delivery.execution_id,
        url: shown(&delivery.url),
        payload_format: delivery.payload_format.as_str().into(),
        status: delivery.status.as_str().into(),
        explanation: explain(delivery, &standing),
        ended_by: delivery.ended_by.map(|end| DeliveryEnd::as_str(end).into()),
        waiting_for: waiting_for.map(|what| WaitingFor::as_str(what).into()),
        breaker_until,
        attempts_made: delivery.attempts_made,
        attempts_max: delivery.attempts_max,
        next_attempt_at: delivery.next_attempt_at.filter(|_| waits),
        next_trigger: waits.then(|| delivery.next_trigger.as_str().into()),
        expires_at: delivery.expires_at,
        created_at: delivery.created_at,
        delivered_at: delivery.delivered_at,
    }
}

fn attempt(attempt: Attempt, seeing: &Seeing<'_>) -> bodies::Attempt {
    let attempted =
        Attempted { address: attempt.address, outcome: attempt.outcome, timings: attempt.timings };
    let mut tried = tried(attempted, attempt.request_headers, attempt.started_at);
    tried.next_attempt_at = attempt.next_attempt_at;
    if !seeing.is_insider {
        hide_answer(&mut tried);
    }
    bodies::Attempt { number: attempt.number, trigger: attempt.trigger.as_str().into(), tried }
}

/// All that is known of an attempt, for whoever may see it.
pub(in crate::http) fn tried(
    attempted: Attempted,
    request_headers: Vec<(String, String)>,
    started_at: Timestamp,
) -> Tried {
    let Attempted { address, outcome, timings } = attempted;
    Tried {
        started_at,
        address: address.map(|address| address.to_string()),
        status_code: outcome.status_code,
        error_class: outcome.error_class.map(|class| ErrorClass::as_str(class).into()),
        error: outcome.error,
        timings_ms: timings_ms(timings),
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
fn hide_answer(tried: &mut Tried) {
    // What a name resolves to would be a map of it.
    tried.address = None;
    tried.response_headers = None;
    tried.response_body = None;
    tried.response_hidden = true;
    let class = tried.error_class.as_deref().and_then(ErrorClass::from_name);
    if let Some(outline) = class.and_then(outline) {
        tried.error = Some(outline.to_owned());
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

fn timings_ms(timings: Timings) -> bodies::Timings {
    // Microseconds are all that the clock is good for.
    let ms = |duration: Duration| duration.as_micros() as f64 / 1000.0;
    bodies::Timings {
        dns: timings.dns.map(ms),
        connect: timings.connect.map(ms),
        tls: timings.tls.map(ms),
        first_byte: timings.first_byte.map(ms),
        total: ms(timings.total),
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
            let mut body = tried(attempted, vec![], Timestamp::from_millis(0));
            assert!(!body.response_hidden && body.response_body.is_some());
            assert!(body.address.is_some());
            hide_answer(&mut body);
            let text = serde_json::to_string(&body).unwrap();
            assert!(!text.contains("inside") && !text.contains("fd00"), "{text}");
            assert_eq!(text.contains("10.1.2.3"), is_told, "{text}");
            assert!(body.response_hidden && body.error.is_some_and(|error| !error.is_empty()));
        }
    }
}
