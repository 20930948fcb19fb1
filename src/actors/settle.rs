//! Puts together the end of an execution: what is written, what is owed for it, what is told.
//! Every ending passes through here, and through `Store::finish`; there is no second way.

use std::sync::Arc;
use std::time::Duration;

use super::engine::EngineParts;
use super::messages::RunEnd;
use crate::domain::{
    CancelWish, Captured, DeliveryId, Ended, Endpoint, Epoch, Event, EventId, EventType, Execution,
    Guard, Outcome, Requeue, RetryPolicy,
};
use crate::process::{Residence, Stream};
use crate::store::{Finish, NewDelivery, Requeued, Settled, StoreError};
use crate::webhook::{authority, payload};

/// How long to wait before something is written again that could not be.
const WRITE_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// The end of an execution, ready to be written and to be told.
pub(super) struct Settlement {
    pub(super) finish: Arc<Finish>,
    pub(super) event: Arc<Event>,
}

impl Settlement {
    /// Ends `execution`, if the store still has it as `guard` says. The payload's bytes are made
    /// here, once, and never again.
    pub(super) fn new(
        parts: &EngineParts,
        execution: &Execution,
        guard: Guard,
        ended: Ended,
    ) -> Self {
        let after = execution.clone().into_ended(ended.clone());
        let event = Event::of(&after).expect("an execution that has ended has an event");
        let delivery = after.endpoint.as_ref().map(|endpoint| {
            let room = &parts.settings.payload_room;
            let body = payload::body(endpoint.payload_format, &event, room);
            owed(parts, endpoint, (event.id, event.kind), &after, body)
        });
        let finish = Finish { id: execution.id, guard, ended, delivery };
        Self { finish: Arc::new(finish), event: Arc::new(event) }
    }
}

/// What is owed to an endpoint for an event of an execution that is told in these bytes.
pub(super) fn owed(
    parts: &EngineParts,
    endpoint: &Endpoint,
    (event_id, event_type): (EventId, EventType),
    execution: &Execution,
    body: Vec<u8>,
) -> NewDelivery {
    let RetryPolicy { schedule, max_age } = endpoint.retry.clone();
    let attempts_max = schedule.as_ref().unwrap_or(&parts.settings.retry_schedule).attempts_max();
    NewDelivery {
        id: DeliveryId::generate(),
        event_id,
        event_type,
        tenant: execution.tenant.clone(),
        url: endpoint.url.clone(),
        host: authority(&endpoint.url),
        payload_format: endpoint.payload_format,
        body,
        schedule,
        attempts_max,
        max_age,
    }
}

/// Writes the end of an execution, if it still is as the settlement has it, and counts it.
///
/// # Errors
/// When the store cannot write; nothing has changed then.
pub(super) async fn write(
    parts: &EngineParts,
    settlement: &Settlement,
) -> Result<Settled, StoreError> {
    let settled = parts.store.finish(Arc::clone(&settlement.finish)).await?;
    if settled == Settled::Written {
        let execution = &settlement.event.execution;
        parts.metrics.execution_ended(execution);
        log_end(execution);
    }
    Ok(settled)
}

fn log_end(execution: &Execution) {
    if !log::log_enabled!(log::Level::Debug) {
        return;
    }
    if let Some(ended) = execution.ended() {
        log::debug!(
            execution:% = execution.id,
            trace_id = execution.trace_id().as_deref(),
            outcome = ended.outcome.status().as_str(),
            cause = ended.outcome.cause().as_str();
            "has ended"
        );
    }
}

/// Writes the end of a run, however long the store cannot, and forgets what was recorded of it.
pub(super) async fn finish_run(
    parts: EngineParts,
    settlement: Settlement,
    residence: Option<Residence>,
) -> RunEnd {
    let id = settlement.finish.id;
    let write = until_written(&settlement.event.execution, || write(&parts, &settlement));
    // The directory is cleaned up while the disk writes.
    let clean_up = async { drop(residence) };
    let (settled, ()) = tokio::join!(write, clean_up);
    let Some(settled) = settled else { return RunEnd::Given };
    let Settlement { finish, event } = settlement;
    // The output is in the record now, and not a moment earlier.
    parts.launcher.forget_output(id);
    if let Guard::Running(epoch) = finish.guard {
        parts.launcher.forget_run((id, epoch));
    }
    match settled {
        Settled::Written => RunEnd::Settled(event),
        Settled::Stale => RunEnd::Given,
    }
}

/// Puts a run back into the queue, however long the store cannot. What a client wants ended ends.
pub(super) async fn requeue_run(
    parts: EngineParts,
    execution: Execution,
    epoch: Epoch,
    why: Requeue,
) -> RunEnd {
    let id = execution.id;
    // Taken away before: once it is queued again, what is recorded may be of its next run.
    let outcome = Outcome::Cancelled { reason: None, by: None, exit: None };
    let so_far = ended_with_recording(&parts, &execution, outcome);
    parts.launcher.forget_output(id);
    match until_written(&execution, || parts.store.requeue(id, epoch, why)).await {
        Some(Requeued::Written) => {
            parts.launcher.forget_run((id, epoch));
            RunEnd::Requeued(execution.tenant)
        }
        Some(Requeued::Unwanted(CancelWish { reason, by })) => {
            let outcome = Outcome::Cancelled { reason, by, exit: None };
            let ended = Ended { outcome, ..so_far };
            let settlement = Settlement::new(&parts, &execution, Guard::Running(epoch), ended);
            finish_run(parts, settlement, None).await
        }
        Some(Requeued::Stale) | None => RunEnd::Given,
    }
}

/// Writes until it is written: what has happened to an execution is nowhere but here until then.
/// Nothing comes back when the store has stopped for good; the next server finds the execution
/// as it was.
pub(super) async fn until_written<T, F>(
    execution: &Execution,
    mut write: impl FnMut() -> F,
) -> Option<T>
where
    F: Future<Output = Result<T, StoreError>>,
{
    let mut is_told = false;
    let tell = |what: &str, error: &StoreError| {
        log::error!(
            execution:% = execution.id,
            trace_id = execution.trace_id().as_deref();
            "what became of it cannot be written{what}: {error}"
        );
    };
    loop {
        let error = match write().await {
            Ok(written) => return Some(written),
            Err(error) => error,
        };
        if matches!(error, StoreError::Stopped { .. }) {
            tell("", &error);
            return None;
        }
        if !is_told {
            tell(" yet", &error);
            is_told = true;
        }
        actix_rt::time::sleep(WRITE_AGAIN_AFTER).await;
    }
}

/// The end of an execution whose program was lost: all that is left of its output is what was
/// recorded while it ran.
pub(super) fn ended_with_recording(
    parts: &EngineParts,
    execution: &Execution,
    outcome: Outcome,
) -> Ended {
    let recorded = |stream| recorded(parts, execution, stream);
    let (stdout, stderr) = (recorded(Stream::Stdout), recorded(Stream::Stderr));
    let started_at = execution.started_at();
    let ended = Ended::without_output(outcome, started_at, parts.clock.now());
    Ended { stdout, stderr, ..ended }
}

/// An end without its output is better than none.
fn recorded(parts: &EngineParts, execution: &Execution, stream: Stream) -> Captured {
    let recorded = parts.launcher.recorded_output(execution.id, stream);
    let recorded = recorded.unwrap_or_else(|error| {
        log::warn!(
            execution:% = execution.id,
            trace_id = execution.trace_id().as_deref();
            "its {} is lost: {error}",
            stream.as_str()
        );
        None
    });
    recorded.unwrap_or_default()
}
