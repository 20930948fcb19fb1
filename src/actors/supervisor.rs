//! Hands out the slots, knows the address of each execution that runs, and is told when one has
//! ended. Decides by `desk.rs`. Not `actix::Supervisor`, which does not restart after a panic.

mod news;
mod orders;

use std::sync::Arc;

use actix::fut::wrap_future;
use actix::{Actor, ActorContext, ActorFutureExt, Addr, AsyncContext, Context};
use tokio::sync::oneshot;

use super::cancel;
use super::desk::Desk;
use super::engine::EngineParts;
use super::execution::{Birth, ExecutionActor};
use super::messages::{DeliveryDue, RunEnd, SubmitError, Terminate};
use super::queue::QueueCount;
use super::reclaim::{self, Acting, Reclaimed};
use super::slots::RunKey;
use super::standing::{Footing, Standing};
use super::surviving::Surviving;
use super::webhook::WebhookActor;
use crate::domain::{CancelWish, Execution, State, StopReason, Tenant};
use crate::failpoint;
use crate::store::{Census, Started, StoreError};

/// How many messages may wait for the supervisor before senders do. Requests wait for a commit
/// and not for a place here, so it is more than the requests that are under way at a time.
const MAILBOX: usize = 4096;

/// Owns the slots, the count of the queue and the address of each live execution.
pub struct SupervisorActor {
    parts: EngineParts,
    webhook: Standing<WebhookActor>,
    /// The handle of this actor and of whoever will stand in its place.
    ourselves: Standing<Self>,
    surviving: Surviving,
    desk: Desk<Addr<ExecutionActor>>,
    drain: Vec<oneshot::Sender<()>>,
    awaits_launcher: bool,
    /// Whether it takes the place of one that fell, and has to find out how things stand.
    is_again: bool,
    footing: Footing,
}

/// What a supervisor is made from.
#[derive(Clone)]
pub(super) struct Making {
    pub(super) parts: EngineParts,
    pub(super) webhook: Standing<WebhookActor>,
    pub(super) ourselves: Standing<SupervisorActor>,
    pub(super) surviving: Surviving,
    /// What waits, as far as is known.
    pub(super) census: Census,
    pub(super) is_again: bool,
}

impl SupervisorActor {
    pub(super) fn new(making: Making, footing: Footing) -> Self {
        let Making { parts, webhook, ourselves, surviving, census, is_again } = making;
        let desk = new_desk(&parts, census);
        Self {
            parts,
            webhook,
            ourselves,
            surviving,
            desk,
            drain: Vec::new(),
            awaits_launcher: false,
            is_again,
            footing,
        }
    }

    /// Whether one more is accepted, and starts with that. Once the server stops, that is the reason.
    fn admit(&mut self, tenant: &Tenant) -> Result<bool, SubmitError> {
        if self.parts.disk.is_low() && !self.desk.is_draining() {
            return Err(SubmitError::DiskLow);
        }
        self.desk.admit(tenant, self.parts.launcher.is_up())
    }

    /// Takes waiting executions from the store, as many as there are free slots. While there is no
    /// launcher, nothing is started that would only be put back.
    fn fill_slots(&mut self, ctx: &mut Context<Self>) {
        let can_launch = self.parts.launcher.is_up();
        if !can_launch {
            self.fill_slots_with_the_next_launcher(ctx);
        }
        let Some(turns) = self.desk.ask(can_launch) else { return };
        let store = Arc::clone(&self.parts.store);
        let starting = async move { store.start(&turns).await };
        ctx.spawn(wrap_future(starting).map(Self::slots_filled));
    }

    fn fill_slots_with_the_next_launcher(&mut self, ctx: &mut Context<Self>) {
        if self.awaits_launcher {
            return;
        }
        self.awaits_launcher = true;
        let launcher = self.parts.launcher.clone();
        let up = async move { launcher.up().await };
        ctx.spawn(wrap_future(up).map(|(), actor: &mut Self, ctx| {
            actor.awaits_launcher = false;
            actor.fill_slots(ctx);
        }));
    }

    fn slots_filled(
        started: Result<Vec<Started>, StoreError>,
        actor: &mut Self,
        ctx: &mut Context<Self>,
    ) {
        failpoint::hit("supervisor-told");
        match started {
            Ok(started) => {
                actor.desk.answered(started.iter().map(|started| &started.execution.tenant));
                started.into_iter().for_each(|started| actor.give_birth(started));
                actor.desk.forget_early_wishes();
                actor.fill_slots(ctx);
            }
            Err(error) => {
                actor.desk.unanswered();
                // The store has said once what is in its way; this is asked again at every poll.
                if !error.is_passing() {
                    log::error!("the queue cannot be read: {error}");
                }
            }
        }
        actor.end_if_drained();
    }

    fn give_birth(&mut self, Started { execution, spec }: Started) {
        let id = execution.id;
        let State::Running(run) = execution.state else {
            log::error!(execution:% = id; "it was started and does not run");
            return;
        };
        failpoint::hit("start-after-commit");
        self.parts.metrics.execution_started(&execution, &run);
        if log::log_enabled!(log::Level::Debug) {
            let trace_id = execution.trace_id();
            log::debug!(
                execution:% = id,
                trace_id = trace_id.as_deref(),
                attempt = execution.attempt;
                "is started"
            );
        }
        let birth = Birth {
            parts: self.parts.clone(),
            supervisor: self.ourselves.clone(),
            webhook: self.webhook.clone(),
            live: self.surviving.live.clone(),
            execution,
            run,
            spec,
            stopped: self.desk.stop_at_birth(id),
        };
        let (run, tenant) = ((id, run.epoch), birth.execution.tenant.clone());
        self.surviving.live.begin(run);
        let arbiter = self.surviving.arbiters.next();
        let actor = ExecutionActor::start_in_arbiter(&arbiter, move |_| ExecutionActor::new(birth));
        self.surviving.live.acting(run, actor.clone());
        self.desk.occupy(run, tenant, actor);
    }

    /// Writes down the end of an execution whose actor panicked. The panic has killed its child.
    fn settle_lost(
        &self,
        lost: (Execution, RunKey),
        cancel: Option<CancelWish>,
        ctx: &mut Context<Self>,
    ) {
        let settling = reclaim::settle_lost(self.parts.clone(), lost, cancel);
        ctx.spawn(wrap_future(settling).map(|(run, end), actor: &mut Self, _| {
            actor.surviving.live.settled(run);
            if let RunEnd::Settled(event) = end {
                actor.webhook.do_send(DeliveryDue);
                actor.surviving.audience().tell(&event);
            }
        }));
    }

    /// Ends queued executions that have waited longer than their clients wanted.
    fn expire_overdue(&self, ctx: &mut Context<Self>) {
        let parts = self.parts.clone();
        let supervisor = self.ourselves.clone();
        let expiring = async move { cancel::expire_overdue(&parts, &supervisor).await };
        ctx.spawn(wrap_future(expiring).map(|expired: Result<(), StoreError>, _, _| {
            if let Err(error) = expired
                && !error.is_passing()
            {
                log::error!("the queue cannot be read: {error}");
            }
        }));
    }

    fn poll(&mut self, ctx: &mut Context<Self>) {
        self.surviving.audience().forget_the_gone();
        if self.desk.queued() > 0 {
            self.desk.try_all_again();
            self.expire_overdue(ctx);
            self.fill_slots(ctx);
        }
    }

    fn end_if_drained(&mut self) {
        if self.desk.is_draining() && self.desk.is_idle() {
            for waiting in self.drain.drain(..) {
                // Whoever has stopped waiting needs no answer.
                let _ = waiting.send(());
            }
        }
    }

    /// Goes on where a supervisor that fell has left off; no message is looked at before.
    fn take_over(&self, ctx: &mut Context<Self>) {
        let reclaiming = reclaim::reclaim(self.parts.clone(), self.surviving.live.clone());
        ctx.wait(wrap_future(reclaiming).map(
            |reclaimed: Result<Reclaimed, StoreError>, actor: &mut Self, ctx| match reclaimed {
                Ok(reclaimed) => actor.go_on_with(reclaimed, ctx),
                Err(error) => {
                    log::error!("the supervisor cannot go on: {error}");
                    ctx.stop();
                }
            },
        ));
    }

    fn go_on_with(&mut self, reclaimed: Reclaimed, ctx: &mut Context<Self>) {
        self.desk = new_desk(&self.parts, reclaimed.census);
        reclaimed.requeued.iter().for_each(|tenant| self.desk.came_back(tenant));
        for Acting { run, tenant, actor, cancel } in reclaimed.acting {
            if let Some(wish) = cancel {
                actor.do_send(Terminate(StopReason::Cancel(wish)));
            }
            self.desk.occupy(run, tenant, actor);
        }
        if self.surviving.draining.has_begun() {
            self.desk.drain();
        }
        reclaimed.settled.iter().for_each(|event| self.surviving.audience().tell(event));
        self.webhook.do_send(DeliveryDue);
        self.fill_slots(ctx);
    }
}

fn new_desk(parts: &EngineParts, census: Census) -> Desk<Addr<ExecutionActor>> {
    let settings = &parts.settings;
    let queue = QueueCount::new(settings.queue_max_total, census);
    Desk::new(settings.slots, queue, Arc::clone(&settings.tenants))
}

impl Actor for SupervisorActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        ctx.set_mailbox_capacity(MAILBOX);
        ctx.run_interval(self.parts.settings.poll, Self::poll);
        if self.is_again {
            self.take_over(ctx);
        } else {
            self.fill_slots(ctx);
        }
    }
}
