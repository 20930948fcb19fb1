//! Rules of attempts: what is kept of them, and what follows.
//! Claims only because an attempt is made of something claimed.

use std::time::Duration;

use ringback::domain::{
    Attempt, AttemptOutcome, Delivery, DeliveryEnd, DeliveryId, DeliveryStatus, DeliverySummary,
    ErrorClass, ExecutionId, Next, Timestamp, Timings, Trigger,
};
use ringback::store::{AttemptKept, AttemptMade, Rooms, Store};

use crate::support::{Backend, NOW, attempt, owe, read, record, tenant};

async fn delivery(store: &dyn Store, id: ExecutionId) -> Delivery {
    store.deliveries(&tenant(), id).await.unwrap().unwrap().remove(0)
}

pub async fn what_follows_an_attempt_is_kept_with_it(backend: &impl Backend) {
    let store = backend.open().await;
    let later = Timestamp::from_millis(NOW.as_millis() + 1_000_000_000);
    let cases = [
        (Next::Delivered, DeliveryStatus::Delivered, None, None),
        (Next::RetryAt(later), DeliveryStatus::Pending, None, Some(later)),
        (end(DeliveryEnd::Attempts), DeliveryStatus::Exhausted, Some(DeliveryEnd::Attempts), None),
        (end(DeliveryEnd::Gone), DeliveryStatus::Exhausted, Some(DeliveryEnd::Gone), None),
        (end(DeliveryEnd::TooLarge), DeliveryStatus::Exhausted, Some(DeliveryEnd::TooLarge), None),
        (end(DeliveryEnd::Refused), DeliveryStatus::Refused, Some(DeliveryEnd::Refused), None),
    ];
    for (next, status, ended_by, next_attempt_at) in cases {
        let (execution, id) = owe(&*store, "example.com").await;
        let claim = store.claim_deliveries(Rooms::total(1)).await.unwrap();
        assert_eq!(claim.due[0].id, id);
        let recorded = record(&*store, id, 1, next).await;
        let ended = (status != DeliveryStatus::Pending).then_some(status);
        assert_eq!(recorded, AttemptKept { next_due: next_attempt_at, ended }, "{next:?}");
        let kept = delivery(&*store, execution).await;
        assert_eq!((kept.status, kept.ended_by), (status, ended_by), "{next:?}");
        assert_eq!(kept.next_attempt_at, next_attempt_at, "{next:?}");
        assert_eq!(kept.delivered_at.is_some(), next == Next::Delivered, "{next:?}");
        assert_eq!(kept.attempts, [Attempt { next_attempt_at, ..attempt(1) }], "{next:?}");
    }
}

const fn end(by: DeliveryEnd) -> Next {
    Next::End(by)
}

pub async fn attempts_read_back_whole(backend: &impl Backend) {
    let store = backend.open().await;
    let (execution, id) = owe(&*store, "example.com").await;
    let full = Attempt {
        number: 1,
        trigger: Trigger::Manual,
        started_at: NOW,
        address: Some("[2001:db8::1]:8443".parse().unwrap()),
        request_headers: vec![("webhook-id".into(), "evt_1".into()), ("x".into(), "☃".into())],
        outcome: AttemptOutcome {
            status_code: Some(503),
            error_class: Some(ErrorClass::Status),
            error: Some("The endpoint answered 503 ☃.".into()),
            response_headers: vec![("b".into(), "2".into()), ("a".into(), "\"".into())],
            response_body: "\u{0}<html>☃".repeat(1000),
            response_truncated: true,
            retry_after: Some(Duration::from_secs(120)),
        },
        timings: Timings {
            dns: Some(Duration::from_micros(1)),
            connect: Some(Duration::from_micros(20_500)),
            tls: Some(Duration::from_micros(31_000)),
            first_byte: Some(Duration::ZERO),
            total: Duration::from_secs(15),
        },
        next_attempt_at: Some(NOW),
    };
    let mut attempts = vec![full];
    for error_class in ErrorClass::ALL {
        let outcome =
            AttemptOutcome { error_class: Some(error_class), ..AttemptOutcome::default() };
        let number = u32::try_from(attempts.len()).unwrap() + 1;
        let next_attempt_at = Some(NOW);
        attempts.push(Attempt {
            outcome,
            trigger: Trigger::Recover,
            next_attempt_at,
            ..attempt(number)
        });
    }
    for attempt in &attempts {
        let next = Next::RetryAt(NOW);
        let made = AttemptMade { delivery: id, wishes: 0, attempt: attempt.clone(), next };
        store.record_attempt(made).await.unwrap();
    }
    assert_eq!(delivery(&*store, execution).await.attempts, attempts, "oldest first");
}

pub async fn an_attempt_is_recorded_once(backend: &impl Backend) {
    let store = backend.open().await;
    let (execution, id) = owe(&*store, "example.com").await;
    record(&*store, id, 1, Next::RetryAt(NOW)).await;
    let kept = delivery(&*store, execution).await;
    let again = AttemptMade { delivery: id, wishes: 0, attempt: attempt(1), next: Next::Delivered };
    assert!(store.record_attempt(again.clone()).await.is_err());
    assert_eq!(delivery(&*store, execution).await, kept, "and what followed it stays");
    let unknown = AttemptMade { delivery: DeliveryId::generate(), ..again };
    assert!(store.record_attempt(unknown).await.is_err());
}

pub async fn an_execution_sums_up_its_delivery(backend: &impl Backend) {
    let store = backend.open().await;
    let cases = [
        (None, DeliverySummary::Pending),
        (Some(Next::RetryAt(NOW)), DeliverySummary::Retrying),
        (Some(Next::Delivered), DeliverySummary::Delivered),
        (Some(end(DeliveryEnd::Gone)), DeliverySummary::Exhausted),
        (Some(end(DeliveryEnd::Refused)), DeliverySummary::Refused),
    ];
    for (next, summary) in cases {
        let (execution, id) = owe(&*store, "example.com").await;
        if let Some(next) = next {
            record(&*store, id, 1, next).await;
        }
        assert_eq!(read(&*store, execution).await.delivery, summary, "{next:?}");
        let listed = store.executions(&tenant(), crate::support::page(1)).await.unwrap();
        assert_eq!(listed[0].delivery, summary, "{next:?}");
    }
}
