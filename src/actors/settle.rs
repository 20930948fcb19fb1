//! Puts together the end of an execution: what is written, what is owed for it, what is told.
//! Every ending passes through here, and through `Store::finish`; there is no second way.

use std::sync::Arc;

use super::engine::EngineParts;
use crate::domain::{Captured, DeliveryId, Ended, Event, Execution, Guard, Outcome};
use crate::process::Stream;
use crate::store::{Finish, NewDelivery};
use crate::webhook::{authority, payload};

/// The end of an execution, ready to be written and to be told.
pub(super) struct Settlement {
    pub(super) finish: Finish,
    pub(super) event: Arc<Event>,
}

impl Settlement {
    /// Ends `execution`, if the store still has it as `guard` says. The payload's bytes are made
    /// here, once, and never again.
    pub(super) fn new(
        execution: &Execution,
        guard: Guard,
        ended: Ended,
        attempts_max: u32,
    ) -> Self {
        let after = execution.clone().into_ended(ended.clone());
        let event = Event::of(&after).expect("an execution that has ended has an event");
        let delivery = after.endpoint.as_ref().map(|(url, payload_format)| NewDelivery {
            id: DeliveryId::generate(),
            event_id: event.id,
            event_type: event.kind,
            url: url.clone(),
            host: authority(url),
            payload_format: *payload_format,
            body: payload::body(*payload_format, &event),
            attempts_max,
        });
        let finish = Finish { id: execution.id, guard, ended, delivery };
        Self { finish, event: Arc::new(event) }
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
        log::warn!("execution {}: its {} is lost: {error}", execution.id, stream.as_str());
        None
    });
    recorded.unwrap_or_default()
}
