//! What the tests of the stores share: the database under test and ready-made arguments.
//! Asserts nothing.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ringback::domain::{
    Attempt, AttemptOutcome, Callback, DeliveryId, Ended, Endpoint, Epoch, ErrorClass, EventId,
    EventType, Execution, ExecutionId, ExecutionSpec, Guard, Next, Outcome, PayloadFormat, State,
    Tenant, Timestamp, Timings, Trigger,
};
use ringback::store::{
    AttemptKept, AttemptMade, Claim, Finish, NewDelivery, NewExecution, Page, Settled, Store, Turn,
};

/// The one database of a test, new and empty at first.
#[async_trait]
pub trait Backend {
    /// Opens it for a new owner. What was opened before has been dropped by then.
    async fn open(&self) -> Arc<dyn Store>;

    /// Lets the database's clock go forward.
    async fn advance(&self, by: Duration);
}

/// A time for arguments that no store compares with its own.
pub const NOW: Timestamp = Timestamp::from_millis(1_750_000_000_000);

pub fn tenant() -> Tenant {
    Tenant::default()
}

/// An execution of the default tenant, to be queued.
pub fn queued(spec: ExecutionSpec) -> NewExecution {
    let id = ExecutionId::generate();
    NewExecution {
        id,
        tenant: tenant(),
        spec: Arc::new(spec),
        start: false,
        ahead: Duration::ZERO,
        key: None,
        answer: None,
    }
}

/// What [`Store::start`] is asked for up to so many of the default tenant.
pub fn turns(at_most: usize) -> [Turn; 1] {
    [Turn { tenant: tenant(), at_most }]
}

/// The simplest execution, to be queued.
pub fn plain() -> NewExecution {
    queued(ExecutionSpec::new("python", "print(1)"))
}

/// The simplest execution, to be started at once.
pub fn running() -> NewExecution {
    NewExecution { start: true, ..plain() }
}

/// A spec that asks to be called back.
pub fn calling_back(url: &str) -> ExecutionSpec {
    let callback = Callback::unsigned(Endpoint::new(url, PayloadFormat::Standard));
    ExecutionSpec { callback: Some(callback), ..ExecutionSpec::new("python", "print(1)") }
}

/// A good end.
pub fn exited(code: i32) -> Ended {
    Ended::without_output(Outcome::Exited { code }, Some(NOW), NOW)
}

pub fn finish(id: ExecutionId, guard: Guard, ended: Ended) -> Finish {
    Finish { id, guard, ended, delivery: None }
}

/// What an execution owes for its end.
pub fn delivery(id: ExecutionId, host: &str) -> NewDelivery {
    NewDelivery {
        id: DeliveryId::generate(),
        event_id: EventId::from(id),
        event_type: EventType::Completed,
        tenant: tenant(),
        url: format!("https://{host}/hook"),
        host: host.to_owned(),
        payload_format: PayloadFormat::Standard,
        body: b"{}".to_vec(),
        schedule: None,
        attempts_max: 3,
        max_age: None,
    }
}

/// The epoch that an execution runs in.
pub fn epoch(execution: &Execution) -> Epoch {
    match execution.state {
        State::Running(run) => run.epoch,
        ref other => panic!("not running: {other:?}"),
    }
}

/// An execution as the store has it.
pub async fn read(store: &dyn Store, id: ExecutionId) -> Execution {
    store.execution(&tenant(), id).await.unwrap().expect("it was accepted")
}

/// Accepts an execution and ends it well, with a delivery to `host`.
pub async fn owe(store: &dyn Store, host: &str) -> (ExecutionId, DeliveryId) {
    let spec = calling_back(&format!("https://{host}/hook"));
    let new = NewExecution { start: true, ..queued(spec) };
    let accepted = store.accept(new).await.unwrap().execution;
    let delivery = delivery(accepted.id, host);
    let delivery_id = delivery.id;
    let guard = Guard::Running(epoch(&accepted));
    let end = Finish { delivery: Some(delivery), ..finish(accepted.id, guard, exited(0)) };
    assert_eq!(store.finish(end.into()).await.unwrap(), Settled::Written);
    (accepted.id, delivery_id)
}

/// An attempt that failed with 500 within 7 ms.
pub fn attempt(number: u32) -> Attempt {
    Attempt {
        number,
        trigger: Trigger::Schedule,
        started_at: NOW,
        address: None,
        request_headers: Vec::new(),
        outcome: AttemptOutcome {
            status_code: Some(500),
            error_class: Some(ErrorClass::Status),
            ..AttemptOutcome::default()
        },
        timings: Timings { total: Duration::from_millis(7), ..Timings::default() },
        next_attempt_at: None,
    }
}

pub async fn record(
    store: &dyn Store,
    delivery: DeliveryId,
    number: u32,
    next: Next,
) -> AttemptKept {
    let made = AttemptMade { delivery, wishes: 0, attempt: attempt(number), next };
    store.record_attempt(made).await.unwrap()
}

/// The ids of what was claimed.
pub fn ids(claim: &Claim) -> Vec<DeliveryId> {
    claim.due.iter().map(|delivery| delivery.id).collect()
}

/// A page without conditions.
pub fn page(limit: usize) -> Page {
    Page { limit, ..Page::default() }
}
