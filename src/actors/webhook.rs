//! Delivers what is owed: asks the store what is due, makes attempts within permits per host, and
//! writes down what came of each. Decides nothing about executions.

use std::collections::HashMap;
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use actix::fut::wrap_future;
use actix::{
    Actor, ActorFutureExt, AsyncContext, Context, Handler, ResponseFuture, SpawnHandle, WeakAddr,
};
use tokio::sync::oneshot;

use super::attempt;
use super::engine::EngineParts;
use super::messages::{AttemptOver, DeliveryDue, DrainDeliveries, Recorded};
use crate::domain::{DeliveryId, Timestamp};
use crate::store::{Claim, ClaimedDelivery, StoreError};
use crate::webhook::{Client, ClientSettings};

/// Hints beyond this many are lost, and that is well: one question to the store answers them all.
const MAILBOX: usize = 1024;

/// How long to wait before the store is asked again when it could not answer.
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// Owns the permits of hosts and the time of the next delivery.
pub struct WebhookActor {
    parts: EngineParts,
    client_settings: ClientSettings,
    client: Option<Client>,
    in_flight: usize,
    in_flight_by_host: HashMap<String, usize>,
    asking: Asking,
    /// The store had more than was taken: the next free permit asks again.
    backlog: bool,
    alarm: Option<(Timestamp, SpawnHandle)>,
    drain: Option<Vec<oneshot::Sender<()>>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Asking {
    No,
    Yes,
    /// A hint came while the store was being asked; what it hints at may have been missed.
    YesAndThenAgain,
}

impl WebhookActor {
    /// An actor that delivers what `parts.store` owes.
    pub fn new(parts: EngineParts, client_settings: ClientSettings) -> Self {
        Self {
            parts,
            client_settings,
            client: None,
            in_flight: 0,
            in_flight_by_host: HashMap::new(),
            asking: Asking::No,
            backlog: false,
            alarm: None,
            drain: None,
        }
    }

    /// Asks the store what is due, one question at a time.
    fn ask(&mut self, ctx: &mut Context<Self>) {
        let free = self.parts.settings.in_flight_max.saturating_sub(self.in_flight);
        if self.asking != Asking::No {
            self.asking = Asking::YesAndThenAgain;
            return;
        }
        if free == 0 {
            self.backlog = true;
            return;
        }
        self.asking = Asking::Yes;
        let per_host = self.parts.settings.in_flight_per_host_max;
        let saturated: Vec<String> = self
            .in_flight_by_host
            .iter()
            .filter(|(_, in_flight)| **in_flight >= per_host)
            .map(|(host, _)| host.clone())
            .collect();
        // No more than one host can take: with a long backlog for a single host, all others would
        // be read and unsealed only to be given back. When more is due, the question is repeated.
        let limit = free.min(per_host);
        let store = Arc::clone(&self.parts.store);
        let asking = async move { store.claim_deliveries(limit, &saturated).await };
        ctx.spawn(wrap_future(asking).map(Self::answered));
    }

    fn answered(claim: Result<Claim, StoreError>, actor: &mut Self, ctx: &mut Context<Self>) {
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
        let per_host = self.parts.settings.in_flight_per_host_max;
        let mut without_permit = Vec::new();
        for delivery in claim.due {
            let in_flight = self.in_flight_by_host.entry(delivery.host.clone()).or_default();
            if *in_flight < per_host {
                *in_flight += 1;
                self.in_flight += 1;
                self.begin(delivery, ctx);
            } else {
                without_permit.push(delivery.id);
            }
        }
        self.backlog = !without_permit.is_empty() || self.some_host_is_saturated();
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

    fn some_host_is_saturated(&self) -> bool {
        let per_host = self.parts.settings.in_flight_per_host_max;
        self.in_flight_by_host.values().any(|in_flight| *in_flight >= per_host)
    }

    fn begin(&self, delivery: ClaimedDelivery, ctx: &mut Context<Self>) {
        let Some(client) = self.client.clone() else { return };
        let parts = self.parts.clone();
        let permit = Permit {
            delivery: delivery.id,
            host: delivery.host.clone(),
            recorded: Recorded::No,
            webhook: ctx.address().downgrade(),
        };
        // Outside the actor's own context, which polls all its futures whenever one wakes.
        actix_rt::spawn(async move {
            match attempt::make(&parts, &client, delivery).await {
                Ok(next_due) => permit.end(Recorded::Yes(next_due)),
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

    fn give_permit_back(&mut self, host: &str) {
        self.in_flight -= 1;
        if let Some(in_flight) = self.in_flight_by_host.get_mut(host) {
            *in_flight -= 1;
            if *in_flight == 0 {
                self.in_flight_by_host.remove(host);
            }
        }
    }

    fn end_if_drained(&mut self) {
        if self.in_flight == 0
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

/// A place among the attempts under way; given back even when the attempt panics.
struct Permit {
    delivery: DeliveryId,
    host: String,
    recorded: Recorded,
    webhook: WeakAddr<WebhookActor>,
}

impl Permit {
    /// Gives it back with the news of what became of the attempt.
    fn end(mut self, recorded: Recorded) {
        self.recorded = recorded;
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let host = mem::take(&mut self.host);
        if let Some(webhook) = self.webhook.upgrade() {
            let (delivery, recorded) = (self.delivery, self.recorded);
            webhook.do_send(AttemptOver { delivery, host, recorded });
        }
    }
}

impl Actor for WebhookActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        ctx.set_mailbox_capacity(MAILBOX);
        // Made here, because a client belongs to the thread that made it.
        self.client = Some(Client::new(self.client_settings.clone()));
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
        self.give_permit_back(&over.host);
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
