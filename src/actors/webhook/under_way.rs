//! An attempt from the actor's side: holds its permit, and tells the actor what becomes of it.
//! Makes no request and writes nothing down.

use super::super::hosts::Permit;
use super::super::messages::{AttemptOver, HostFree, Recorded};
use super::super::standing::Standing;
use super::WebhookActor;
use crate::domain::{DeliveryId, ExecutionId, Verdict};
use crate::store::ClaimedDelivery;

/// An attempt that is being made; its end is told even when it panics.
pub(super) struct UnderWay {
    delivery: DeliveryId,
    execution: ExecutionId,
    recorded: Recorded,
    permit: Option<Permit>,
    webhook: Standing<WebhookActor>,
}

impl UnderWay {
    /// An attempt of a delivery begins.
    pub(super) fn new(
        delivery: &ClaimedDelivery,
        permit: Permit,
        webhook: Standing<WebhookActor>,
    ) -> Self {
        Self {
            delivery: delivery.id,
            execution: delivery.execution_id,
            recorded: Recorded::No,
            permit: Some(permit),
            webhook,
        }
    }

    /// Ends with the news of what became of the record.
    pub(super) fn end(mut self, recorded: Recorded) {
        self.recorded = recorded;
    }

    /// The host has answered: it may be given the next while this is written down.
    pub(super) fn answered(&mut self, verdict: Verdict) {
        if let Some(permit) = &mut self.permit {
            permit.answered(verdict);
        }
        self.webhook.do_send(HostFree);
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        // Free before anybody is told.
        self.permit = None;
        let Self { delivery, execution, recorded, .. } = *self;
        self.webhook.do_send(AttemptOver { delivery, execution, recorded });
    }
}
