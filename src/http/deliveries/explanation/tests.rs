//! Every state that a delivery can be in, and the sentences for it.
//! They are compared whole, because an operator reads nothing else.

use super::*;
use crate::domain::{
    AttemptOutcome, DeliveryId, ErrorClass, EventId, EventType, ExecutionId, PayloadFormat, Timings,
};

const NOW: Timestamp = Timestamp::from_millis(1_750_000_000_000);

/// Pending, and not tried yet.
pub(in crate::http::deliveries) fn example() -> Delivery {
    let execution_id = ExecutionId::generate();
    Delivery {
        id: DeliveryId::generate(),
        event_id: EventId::from(execution_id),
        event_type: EventType::Completed,
        execution_id,
        url: "https://example.com/hook".to_owned(),
        host: "example.com:443".to_owned(),
        payload_format: PayloadFormat::Standard,
        status: DeliveryStatus::Pending,
        ended_by: None,
        attempts_made: 0,
        attempts_max: 9,
        next_attempt_at: Some(NOW),
        next_trigger: Trigger::Schedule,
        expires_at: None,
        created_at: NOW,
        delivered_at: None,
        attempts: Vec::new(),
    }
}

fn attempt(number: u32, status_code: Option<u16>, error: Option<&str>) -> Attempt {
    let class = status_code.map_or(ErrorClass::Connect, |_| ErrorClass::Status);
    Attempt {
        number,
        trigger: Trigger::Schedule,
        started_at: NOW,
        address: None,
        request_headers: Vec::new(),
        outcome: AttemptOutcome {
            status_code,
            error_class: error.map(|_| class),
            error: error.map(str::to_owned),
            ..AttemptOutcome::default()
        },
        timings: Timings::default(),
        next_attempt_at: None,
    }
}

/// Pending, after so many attempts that an error of the endpoint answered.
fn failed(made: u32) -> Delivery {
    let error = "The receiver answered 500 instead of 2xx.";
    Delivery {
        attempts_made: made,
        attempts: vec![attempt(made, Some(500), Some(error))],
        next_attempt_at: Some(in_seconds(90)),
        ..example()
    }
}

fn ended(status: DeliveryStatus, ended_by: DeliveryEnd, made: u32) -> Delivery {
    Delivery { status, ended_by: Some(ended_by), next_attempt_at: None, ..failed(made) }
}

fn taken() -> Delivery {
    Delivery {
        status: DeliveryStatus::Delivered,
        next_attempt_at: None,
        delivered_at: Some(NOW),
        attempts: vec![attempt(2, Some(204), None)],
        attempts_made: 2,
        ..example()
    }
}

fn in_seconds(seconds: u64) -> Timestamp {
    NOW.after(Duration::from_secs(seconds))
}

/// The sentences about a delivery that waits for this, if for anything.
fn told(delivery: &Delivery, waiting_for: Option<WaitingFor>) -> String {
    told_with_breaker(delivery, waiting_for, None)
}

fn told_with_breaker(
    delivery: &Delivery,
    waiting_for: Option<WaitingFor>,
    breaker_until: Option<Timestamp>,
) -> String {
    let last_error = delivery.attempts.last().and_then(|last| last.outcome.error.as_deref());
    explain(delivery, &Standing { waiting_for, breaker_until, last_error, now: NOW })
}

const DUE: Option<WaitingFor> = Some(WaitingFor::Due);

#[test]
fn a_first_attempt_is_due_or_under_way() {
    assert_eq!(
        told(&example(), DUE),
        "No attempt has been made yet. The first attempt is due now."
    );
    assert_eq!(
        told(&example(), None),
        "No attempt has been made yet. The first attempt is under way."
    );
}

#[test]
fn a_retry_has_the_last_error_and_the_time_of_the_next() {
    assert_eq!(
        told(&failed(2), DUE),
        "Attempt 2 of 9 failed: The receiver answered 500 instead of 2xx. The next attempt is due \
         at 2025-06-15T15:08:10.000Z, in 1m 30s."
    );
    assert_eq!(
        told(&failed(2), None),
        "Attempt 2 of 9 failed: The receiver answered 500 instead of 2xx. The next attempt is under \
         way."
    );
}

#[test]
fn a_pause_that_was_asked_for_is_told_where_it_counts() {
    for (status, counts) in [(429, true), (503, true), (500, false)] {
        let mut delivery = failed(1);
        let outcome = &mut delivery.attempts[0].outcome;
        outcome.status_code = Some(status);
        outcome.retry_after = Some(Duration::from_millis(59_100));
        let text = told(&delivery, DUE);
        assert_eq!(text.contains("in 1m 30s; the endpoint has asked for a pause of 1m."), counts);
        assert_eq!(text.ends_with("in 1m 30s."), !counts, "{text}");
    }
}

#[test]
fn an_age_beyond_which_nobody_wants_it_is_told() {
    let delivery = Delivery { expires_at: Some(in_seconds(3600)), ..failed(1) };
    let text = told(&delivery, DUE);
    let told = " No attempt is put off beyond 2025-06-15T16:06:40.000Z (`retry.max_age`).";
    assert!(text.ends_with(told), "{text}");
}

#[test]
fn waiting_for_a_permit_says_that_others_are_in_the_way() {
    assert_eq!(
        told(&example(), Some(WaitingFor::Permit)),
        "No attempt has been made yet. The first attempt is due and waits for others to be over: the \
         server makes only so many at a time, in all and at each host."
    );
}

#[test]
fn a_breaker_says_which_host_and_until_when() {
    let breaker = Some(WaitingFor::Breaker);
    assert_eq!(
        told_with_breaker(&failed(3), breaker, Some(in_seconds(29))),
        "Attempt 3 of 9 failed: The receiver answered 500 instead of 2xx. The next attempt is due, \
         but example.com:443 has failed nearly always lately and is left alone until \
         2025-06-15T15:07:09.000Z, for 29s; then one attempt finds out whether that has changed."
    );
    assert_eq!(
        told_with_breaker(&example(), breaker, None),
        "No attempt has been made yet. The first attempt is due, but example.com:443 has failed \
         nearly always lately and is being tried with one attempt, which finds out whether that has \
         changed."
    );
}

#[test]
fn each_end_has_its_reason_and_what_to_do_about_it() {
    const REMEDY: &str =
        " Nothing more happens by itself: once the endpoint takes it, redeliver it.";
    for (end, made, expected) in [
        (
            DeliveryEnd::Attempts,
            9,
            "It has not arrived and was given up after 9 attempts, all that its schedule has; the \
             last failed: The receiver answered 500 instead of 2xx.",
        ),
        (
            DeliveryEnd::TooOld,
            1,
            "It has not arrived and was given up after 1 attempt, because the next would have come \
             later than it was wanted (`retry.max_age`); the last failed: The receiver answered 500 \
             instead of 2xx.",
        ),
        (
            DeliveryEnd::Gone,
            1,
            "It has not arrived: the endpoint answered 410, which says that it is gone for good.",
        ),
        (
            DeliveryEnd::TooLarge,
            1,
            "It has not arrived: the endpoint answered 413, which says that the body is too large \
             for it, and later it would be the same.",
        ),
    ] {
        let delivery = ended(DeliveryStatus::Exhausted, end, made);
        assert_eq!(told(&delivery, None), format!("{expected}{REMEDY}"));
    }
}

#[test]
fn what_was_superseded_is_no_news_and_cannot_be_sent_again() {
    let delivery = Delivery {
        event_type: EventType::Output,
        ..ended(DeliveryStatus::Exhausted, DeliveryEnd::Superseded, 1)
    };
    assert_eq!(
        told(&delivery, None),
        "It has not arrived: the execution ended first, and then only the end is told."
    );
}

#[test]
fn a_refusal_has_the_rule_in_words() {
    let mut delivery = ended(DeliveryStatus::Refused, DeliveryEnd::Refused, 1);
    let rule = "the callback URL's host example.com resolves to a private address";
    delivery.attempts[0].outcome.error = Some(rule.to_owned());
    assert_eq!(
        told(&delivery, None),
        "It was not sent, because the operator does not allow where it goes: The callback URL's host \
         example.com resolves to a private address. Nothing more happens by itself: once that is \
         allowed, redeliver it."
    );
}

#[test]
fn what_arrived_says_when_and_by_which_attempt() {
    assert_eq!(
        told(&taken(), None),
        "The endpoint took it at 2025-06-15T15:06:40.000Z: attempt 2 was answered 204."
    );
}

#[test]
fn a_redelivery_says_what_was_before_and_who_wants_it() {
    let pending = |delivery: Delivery, next_trigger| Delivery {
        status: DeliveryStatus::Pending,
        next_attempt_at: Some(NOW),
        next_trigger,
        ..delivery
    };
    assert_eq!(
        told(&pending(taken(), Trigger::Manual), DUE),
        "The endpoint took it at 2025-06-15T15:06:40.000Z. Somebody has asked for it to be sent \
         again. The next attempt is due now."
    );
    assert_eq!(
        told(&pending(failed(9), Trigger::Recover), None),
        "Attempt 9 of 9 failed: The receiver answered 500 instead of 2xx. A recovery sends it again. \
         The next attempt is under way."
    );
    let in_vain = Delivery { delivered_at: Some(NOW), ..pending(failed(3), Trigger::Schedule) };
    assert_eq!(
        told(&in_vain, DUE),
        "The endpoint took it at 2025-06-15T15:06:40.000Z; sending it again failed at attempt 3 of \
         9: The receiver answered 500 instead of 2xx. The next attempt is due now."
    );
}

#[test]
fn what_had_arrived_stays_so_when_sending_it_again_was_in_vain() {
    let delivery = Delivery { attempts: failed(4).attempts, ..taken() };
    assert_eq!(
        told(&delivery, None),
        "The endpoint took it at 2025-06-15T15:06:40.000Z. Sending it again since was in vain, and \
         attempt 4 failed: The receiver answered 500 instead of 2xx. Nothing more happens by itself."
    );
}
