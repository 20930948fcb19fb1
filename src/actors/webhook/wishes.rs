//! What the webhook actor is asked for by people: a delivery again, or all that failed in a window.
//! Makes no attempt; what is due by a wish is found as everything that is due.

use actix::{Context, Handler, ResponseFuture};

use super::super::messages::{DeliveryDue, Recover, Redeliver};
use super::super::recover;
use super::WebhookActor;
use crate::store::{Recovery, Redelivered, StoreError};

impl Handler<Redeliver> for WebhookActor {
    type Result = ResponseFuture<Result<Redelivered, StoreError>>;

    fn handle(&mut self, wish: Redeliver, _: &mut Context<Self>) -> Self::Result {
        let (parts, ourselves) = (self.parts.clone(), self.ourselves.clone());
        Box::pin(async move {
            let attempts = parts.settings.retry_schedule.attempts_max();
            let redelivered = parts.store.redeliver(&wish.tenant, wish.id, attempts).await?;
            ourselves.do_send(DeliveryDue);
            Ok(redelivered)
        })
    }
}

impl Handler<Recover> for WebhookActor {
    type Result = ResponseFuture<Result<Recovery, StoreError>>;

    fn handle(&mut self, Recover { wish, answer }: Recover, _: &mut Context<Self>) -> Self::Result {
        let (parts, ourselves) = (self.parts.clone(), self.ourselves.clone());
        Box::pin(async move {
            let recovery = parts.store.begin_recovery(wish, answer).await?;
            let id = recovery.wish.id;
            actix_rt::spawn(async move { recover::carry_out(&parts, &ourselves, id).await });
            Ok(recovery)
        })
    }
}
