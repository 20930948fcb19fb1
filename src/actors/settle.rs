//! Puts together the end of an execution: what is written, what is owed for it, what is told.
//! Every ending passes through here, and through `Store::finish`; there is no second way.

use std::sync::Arc;

use crate::domain::{DeliveryId, Ended, Event, Execution};
use crate::store::{Finish, Guard, NewDelivery};
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
