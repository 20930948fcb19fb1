//! Delivers what is owed: asks the store what is due, makes attempts within permits per host, and
//! writes down what came of each. Decides nothing about executions.

use std::sync::Arc;
use std::time::Duration;

use actix::fut::wrap_future;
use actix::{Actor, ActorFutureExt, AsyncContext, Context, Handler, ResponseFuture, SpawnHandle};
use tokio::sync::oneshot;

use super::attempt;
use super::engine::EngineParts;
use super::messages::{AttemptOver, DeliveryDue, DrainDeliveries, Recorded};
use super::permits::{Permit, Permits};
use super::standing::{Footing, Standing};
use crate::domain::{DeliveryId, Timestamp};
use crate::failpoint;
use crate::store::{Claim, ClaimedDelivery, StoreError};
use crate::webhook::{Client, ClientSettings};

/// Hints beyond this many are lost, and that is well: one question to the store answers them all.
const MAILBOX: usize = 1024;

/// How long to wait before the store is asked again when it could not answer.
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// Hands out the permits of hosts and knows the time of the next delivery.
pub struct WebhookActor {
    parts: EngineParts,
    client_settings: ClientSettings,
    client: Option<Client>,
    /// The handle of this actor and of whoever will stand in its place.
    ourselves: Standing<Self>,
    permits: Permits,
    asking: Asking,
    /// The store had more than was taken: the next free permit asks again.
    backlog: bool,
    alarm: Option<(Timestamp, SpawnHandle)>,
    drain: Option<Vec<oneshot::Sender<()>>>,
    /// Whether it takes the place of one that fell.
    is_again: bool,
    _footing: Footing,
}

/// What a webhook actor is made from.
pub(super) struct Making {
    pub(super) parts: EngineParts,
    pub(super) client_settings: ClientSettings,
    pub(super) ourselves: Standing<WebhookActor>,
    pub(super) permits: Permits,
    pub(super) is_again: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Asking {
    No,
    Yes,
    /// A hint came while the store was being asked; what it hints at may have been missed.
    YesAndThenAgain,
}

impl WebhookActor {
    pub(super) fn new(making: Making, footing: Footing) -> Self {
        let Making { parts, client_settings, ourselves, permits, is_again } = making;
        Self {
            parts,
            client_settings,
            client: None,
            ourselves,
            permits,
            asking: Asking::No,
            backlog: false,
            alarm: None,
            drain: None,
            is_again,
            _footing: footing,
        }
    }

    /// Asks the store what is due, one question at a time.
    fn ask(&mut self, ctx: &mut Context<Self>) {
        failpoint::hit("webhook");
        if self.asking != Asking::No {
            self.asking = Asking::YesAndThenAgain;
            return;
        }
        let limit = self.permits.free();
        if limit == 0 {
            self.backlog = true;
            return;
        }
        self.asking = Asking::Yes;
        let saturated = self.permits.saturated();
        let store = Arc::clone(&self.parts.store);
        let asking = async move { store.claim_deliveries(limit, &saturated).await };
        ctx.spawn(wrap_future(asking).map(Self::answered));
    }

    fn answered(claim: Result<Claim, StoreError>, actor: &mut Self, ctx: &mut Context<Self>) {
        failpoint::hit("webhook-told");
        let again = actor.asking == Asking::YesAndThenAgain;
        actor.asking = Asking::No;
        match claim {
            Ok(claim) => actor.take_on(claim, ctx),
            Err(error) => {
                log::error!("what is due cannot be read: {error}");
                ctx.run_later(ASK_AGAIN_AFTER, Self::ask);
            }
        }
        if again {
            actor.ask(ctx);
        }
        actor.end_if_drained();
    }

    /// Begins an attempt for each delivery whose host has a permit, and gives the others back.
    fn take_on(&mut self, claim: Claim, ctx: &mut Context<Self>) {
        let mut without_permit = Vec::new();
        for delivery in claim.due {
            match self.permits.take(delivery.id, &delivery.host) {
                Some(permit) => self.begin(delivery, permit),
                None => without_permit.push(delivery.id),
            }
        }
        self.backlog = !without_permit.is_empty() || !self.permits.saturated().is_empty();
        self.give_back(without_permit);
        let now = self.parts.clock.steady();
        // More may be due for hosts that had no permit: these are asked about when one is free.
        // For all others the question can be put again at once.
        match claim.next_due {
            Some(due) if due <= now => self.ask(ctx),
            Some(due) => self.set_alarm(due, now, ctx),
            None => {}
        }
    }

    fn begin(&self, delivery: ClaimedDelivery, permit: Permit) {
        let Some(client) = self.client.clone() else { return };
        let parts = self.parts.clone();
        let under_way = UnderWay {
            delivery: delivery.id,
            recorded: Recorded::No,
            permit: Some(permit),
            webhook: self.ourselves.clone(),
        };
        // Outside the actor's own context, which polls all its futures whenever one wakes, and
        // whose fall must not break off a request.
        actix_rt::spawn(async move {
            match attempt::make(&parts, &client, delivery).await {
                Ok(next_due) => under_way.end(Recorded::Yes(next_due)),
                Err(error) => log::error!("an attempt cannot be written down: {error}"),
            }
        });
    }

    fn give_back(&self, ids: Vec<DeliveryId>) {
        if ids.is_empty() {
            return;
        }
        let store = Arc::clone(&self.parts.store);
        actix_rt::spawn(async move {
            if let Err(error) = store.release_deliveries(&ids).await {
                log::error!("deliveries cannot be given back: {error}");
            }
        });
    }

    fn set_alarm(&mut self, due: Timestamp, now: Timestamp, ctx: &mut Context<Self>) {
        if let Some((earlier, _)) = self.alarm
            && earlier <= due
        {
            return;
        }
        if let Some((_, later)) = self.alarm.take() {
            ctx.cancel_future(later);
        }
        let alarm = ctx.run_later(due.since(now), |actor, ctx| {
            actor.alarm = None;
            actor.ask(ctx);
        });
        self.alarm = Some((due, alarm));
    }

    fn end_if_drained(&mut self) {
        if self.permits.are_idle()
            && self.asking == Asking::No
            && let Some(waiting) = &mut self.drain
        {
            for waiting in waiting.drain(..) {
                // Whoever has stopped waiting needs no answer.
                let _ = waiting.send(());
            }
        }
    }
}

/// An attempt that is being made; its end is told even when it panics.
struct UnderWay {
    delivery: DeliveryId,
    recorded: Recorded,
    permit: Option<Permit>,
    webhook: Standing<WebhookActor>,
}

impl UnderWay {
    /// Ends with the news of what became of the attempt.
    fn end(mut self, recorded: Recorded) {
        self.recorded = recorded;
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        // Free before anybody is told.
        self.permit = None;
        let (delivery, recorded) = (self.delivery, self.recorded);
        self.webhook.do_send(AttemptOver { delivery, recorded });
    }
}

impl Actor for WebhookActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        ctx.set_mailbox_capacity(MAILBOX);
        // Made here, because a client belongs to the thread that made it.
        self.client = Some(Client::new(self.client_settings.clone()));
        if self.is_again {
            // What the fallen one had claimed and not begun, nobody else would ever begin.
            let (store, known) = (Arc::clone(&self.parts.store), self.permits.deliveries());
            let releasing = async move { store.release_deliveries_but(&known).await };
            ctx.wait(wrap_future(releasing).map(|released, _: &mut Self, _| {
                if let Err(error) = released {
                    log::error!("deliveries cannot be given back: {error}");
                }
            }));
        }
        self.ask(ctx);
    }
}

impl Handler<DeliveryDue> for WebhookActor {
    type Result = ();

    fn handle(&mut self, _: DeliveryDue, ctx: &mut Context<Self>) {
        self.ask(ctx);
    }
}

impl Handler<AttemptOver> for WebhookActor {
    type Result = ();

    fn handle(&mut self, over: AttemptOver, ctx: &mut Context<Self>) {
        failpoint::hit("webhook-told");
        match over.recorded {
            Recorded::Yes(Some(due)) => self.set_alarm(due, self.parts.clock.steady(), ctx),
            Recorded::Yes(None) => {}
            Recorded::No => {
                self.give_back(vec![over.delivery]);
                ctx.run_later(ASK_AGAIN_AFTER, Self::ask);
            }
        }
        if self.backlog {
            self.backlog = false;
            self.ask(ctx);
        }
        self.end_if_drained();
    }
}

impl Handler<DrainDeliveries> for WebhookActor {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, _: DrainDeliveries, ctx: &mut Context<Self>) -> Self::Result {
        let (done, drained) = oneshot::channel();
        self.drain.get_or_insert_default().push(done);
        self.ask(ctx);
        Box::pin(async move {
            // An error means that the actor has gone, and its attempts with it.
            let _ = drained.await;
        })
    }
}
