//! Delivers what is owed: asks the store what is due, makes attempts within permits per host, and
//! writes down what came of each. Decides nothing about executions.

mod under_way;
mod wishes;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use actix::fut::wrap_future;
use actix::{Actor, ActorFutureExt, AsyncContext, Context, Handler, ResponseFuture, SpawnHandle};
use tokio::sync::oneshot;

use super::attempt;
use super::engine::EngineParts;
use super::hosts::{Admission, Hosts, Permit};
use super::messages::{AttemptOver, DeliveryDue, DrainDeliveries, HostFree, Recorded};
use super::recover;
use super::standing::{Footing, Standing};
use crate::domain::{DeliveryId, ExecutionId, Timestamp};
use crate::failpoint;
use crate::store::{Claim, ClaimedDelivery, StoreError};
use crate::webhook::{Client, ClientSettings};

use under_way::UnderWay;

/// Hints beyond this many are lost, and that is well: one question to the store answers them all.
const MAILBOX: usize = 1024;

/// How long to wait before the store is asked again when it could not answer.
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// Admits attempts as their hosts have room, and knows the time of the next delivery.
pub struct WebhookActor {
    parts: EngineParts,
    client_settings: ClientSettings,
    client: Option<Client>,
    /// The handle of this actor and of whoever will stand in its place.
    ourselves: Standing<Self>,
    hosts: Hosts,
    asking: Asking,
    /// There may be more due than was taken: the next attempt that ends asks again.
    backlog: bool,
    /// Claimed deliveries that wait for another one of the same execution to be over.
    behind: HashMap<ExecutionId, VecDeque<ClaimedDelivery>>,
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
    pub(super) hosts: Hosts,
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
        let Making { parts, client_settings, ourselves, hosts, is_again } = making;
        Self {
            parts,
            client_settings,
            client: None,
            ourselves,
            hosts,
            asking: Asking::No,
            backlog: false,
            behind: HashMap::new(),
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
        let asked_at = self.parts.clock.steady();
        let rooms = self.hosts.rooms();
        if rooms.total == 0 {
            self.backlog = true;
            return;
        }
        self.asking = Asking::Yes;
        // Who is full now is passed over; the next attempt that ends asks again.
        self.backlog |= self.hosts.is_any_full();
        let store = Arc::clone(&self.parts.store);
        let asking = async move { store.claim_deliveries(rooms).await };
        ctx.spawn(wrap_future(asking).map(move |claim, actor: &mut Self, ctx| {
            actor.answered(claim, asked_at, ctx);
        }));
    }

    /// Asks if there may be more than was taken the last time.
    fn ask_for_more(&mut self, ctx: &mut Context<Self>) {
        if std::mem::take(&mut self.backlog) {
            self.ask(ctx);
        }
    }

    fn answered(
        &mut self,
        claim: Result<Claim, StoreError>,
        asked_at: Timestamp,
        ctx: &mut Context<Self>,
    ) {
        failpoint::hit("webhook-told");
        let again = self.asking == Asking::YesAndThenAgain;
        self.asking = Asking::No;
        match claim {
            Ok(claim) => self.take_on(claim, asked_at, ctx),
            Err(error) => {
                log::error!("what is due cannot be read: {error}");
                ctx.run_later(ASK_AGAIN_AFTER, Self::ask);
            }
        }
        if again {
            self.ask(ctx);
        }
        self.end_if_drained();
    }

    /// Begins an attempt for each delivery that is admitted, and gives the others back.
    fn take_on(&mut self, claim: Claim, asked_at: Timestamp, ctx: &mut Context<Self>) {
        let mut without_room = Vec::new();
        for delivery in claim.due {
            without_room.extend(self.admit(delivery));
        }
        self.backlog |= !without_room.is_empty() || claim.is_more;
        self.give_back(without_room);
        let now = self.parts.clock.steady();
        if let Some(probe) = self.hosts.next_probe(asked_at) {
            self.set_alarm(probe, now, ctx);
        }
        // More may be due for hosts that had no room: these are asked about when there is some.
        // For all others the question can be put again at once.
        match claim.next_due {
            Some(due) if due <= now => self.ask(ctx),
            Some(due) => self.set_alarm(due, now, ctx),
            None => {}
        }
    }

    /// Begins an attempt if it may be made now; answers the delivery if it is to be given back.
    fn admit(&mut self, delivery: ClaimedDelivery) -> Option<DeliveryId> {
        match self.hosts.admit(&delivery) {
            Admission::Now(permit) => self.begin(delivery, permit),
            Admission::Behind => {
                self.behind.entry(delivery.execution_id).or_default().push_back(delivery);
            }
            Admission::NoRoom => return Some(delivery.id),
        }
        None
    }

    /// An attempt of this execution is over: whatever was behind it is next.
    fn admit_behind(&mut self, execution: ExecutionId) {
        let Some(waiting) = self.behind.remove(&execution) else { return };
        let without_room: Vec<_> =
            waiting.into_iter().filter_map(|delivery| self.admit(delivery)).collect();
        self.backlog |= !without_room.is_empty();
        self.give_back(without_room);
    }

    fn begin(&self, delivery: ClaimedDelivery, permit: Permit) {
        let Some(client) = self.client.clone() else { return };
        let parts = self.parts.clone();
        let id = delivery.id;
        let mut under_way = UnderWay::new(&delivery, permit, self.ourselves.clone());
        // Outside the actor's own context, which polls all its futures whenever one wakes, and
        // whose fall must not break off a request.
        actix_rt::spawn(async move {
            let made = attempt::make(&parts, &client, delivery, |verdict| {
                under_way.answered(verdict);
            });
            match made.await {
                Ok(next_due) => under_way.end(Recorded::Yes(next_due)),
                Err(error) => {
                    log::error!(delivery:% = id; "an attempt cannot be written down: {error}");
                }
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
        if self.hosts.are_idle()
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

impl Actor for WebhookActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        ctx.set_mailbox_capacity(MAILBOX);
        // Made here, because a client belongs to the thread that made it.
        self.client = Some(Client::new(self.client_settings.clone()));
        if self.is_again {
            // What the fallen one had claimed and not begun, nobody else would ever begin.
            let (store, known) = (Arc::clone(&self.parts.store), self.hosts.deliveries());
            let releasing = async move { store.release_deliveries_but(&known).await };
            ctx.wait(wrap_future(releasing).map(|released, _: &mut Self, _| {
                if let Err(error) = released {
                    log::error!("deliveries cannot be given back: {error}");
                }
            }));
        }
        actix_rt::spawn(recover::resume(self.parts.clone(), self.ourselves.clone()));
        self.ask(ctx);
    }
}

impl Handler<DeliveryDue> for WebhookActor {
    type Result = ();

    fn handle(&mut self, _: DeliveryDue, ctx: &mut Context<Self>) {
        self.ask(ctx);
    }
}

impl Handler<HostFree> for WebhookActor {
    type Result = ();

    fn handle(&mut self, _: HostFree, ctx: &mut Context<Self>) {
        self.ask_for_more(ctx);
    }
}

impl Handler<AttemptOver> for WebhookActor {
    type Result = ();

    fn handle(&mut self, over: AttemptOver, ctx: &mut Context<Self>) {
        failpoint::hit("webhook-told");
        self.admit_behind(over.execution);
        match over.recorded {
            Recorded::Yes(Some(due)) => self.set_alarm(due, self.parts.clock.steady(), ctx),
            Recorded::Yes(None) => {}
            Recorded::No => {
                self.give_back(vec![over.delivery]);
                ctx.run_later(ASK_AGAIN_AFTER, Self::ask);
            }
        }
        self.ask_for_more(ctx);
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
