//! Hands out the slots, knows the address of each execution that runs, and is told when one has
//! ended. Decides by `desk.rs`. Not `actix::Supervisor`, which does not restart after a panic.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use actix::fut::wrap_future;
use actix::{
    Actor, ActorContext, ActorFutureExt, Addr, AsyncContext, Context, Handler, MessageResult,
    ResponseActFuture, ResponseFuture,
};
use tokio::sync::oneshot;

use super::cancel;
use super::desk::Desk;
use super::engine::EngineParts;
use super::execution::{Birth, ExecutionActor};
use super::messages::{
    AcceptSettled, Cancel, CancelError, CancelOutcome, CancelWished, DeliveryDue, Drain,
    EngineStatus, ExecutionFinished, QueuedEnded, RunEnd, SlotFree, Status, Submit, SubmitError,
    Subscribe, Terminate, Watch,
};
use super::queue::QueueCount;
use super::reclaim::{self, Acting, Reclaimed};
use super::slots::RunKey;
use super::standing::{Footing, Standing};
use super::surviving::Surviving;
use super::webhook::WebhookActor;
use crate::domain::{CancelWish, Event, Execution, ExecutionId, State, StopReason};
use crate::failpoint;
use crate::store::{Census, NewExecution, Started, StoreError};

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
        let drain = Vec::new();
        Self { parts, webhook, ourselves, surviving, desk, drain, is_again, footing }
    }

    /// Takes waiting executions from the store, as many as there are free slots.
    fn fill_slots(&mut self, ctx: &mut Context<Self>) {
        let Some(free) = self.desk.ask(self.parts.launcher.is_up()) else { return };
        let store = Arc::clone(&self.parts.store);
        let starting = async move { store.start(free).await };
        ctx.spawn(wrap_future(starting).map(Self::slots_filled));
    }

    fn slots_filled(
        started: Result<Vec<Started>, StoreError>,
        actor: &mut Self,
        ctx: &mut Context<Self>,
    ) {
        failpoint::hit("supervisor-told");
        actor.desk.answered();
        match started {
            Ok(started) => {
                let more = !started.is_empty();
                for started in started {
                    actor.desk.left_queue(&started.execution.tenant);
                    actor.give_birth(started);
                }
                actor.desk.forget_early_wishes();
                if more {
                    actor.fill_slots(ctx);
                }
            }
            // The store has said once what is in its way; this is asked again at every poll.
            Err(error) if error.is_passing() => {}
            Err(error) => log::error!("the queue cannot be read: {error}"),
        }
        actor.end_if_drained();
    }

    fn give_birth(&mut self, Started { execution, spec }: Started) {
        let id = execution.id;
        let State::Running(run) = execution.state else {
            log::error!("execution {id} was started and does not run");
            return;
        };
        failpoint::hit("start-after-commit");
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
        let run = (id, run.epoch);
        self.surviving.live.begin(run);
        let arbiter = self.surviving.arbiters.next();
        let actor = ExecutionActor::start_in_arbiter(&arbiter, move |_| ExecutionActor::new(birth));
        self.surviving.live.acting(run, actor.clone());
        self.desk.occupy(run, actor);
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
        for Acting { run, actor, cancel } in reclaimed.acting {
            if let Some(wish) = cancel {
                actor.do_send(Terminate(StopReason::Cancel(wish)));
            }
            self.desk.occupy(run, actor);
        }
        if self.surviving.draining.load(Ordering::Relaxed) {
            self.desk.drain();
        }
        reclaimed.settled.iter().for_each(|event| self.surviving.audience().tell(event));
        self.webhook.do_send(DeliveryDue);
        self.fill_slots(ctx);
    }
}

fn new_desk(parts: &EngineParts, census: Census) -> Desk<Addr<ExecutionActor>> {
    let settings = &parts.settings;
    let queue = QueueCount::new(settings.queue_max_total, settings.queue_max_per_tenant, census);
    Desk::new(settings.slots, queue)
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

impl Handler<Submit> for SupervisorActor {
    type Result = ResponseFuture<Result<Execution, SubmitError>>;

    fn handle(&mut self, submit: Submit, _: &mut Context<Self>) -> Self::Result {
        failpoint::hit("supervisor");
        let Submit { tenant, spec } = submit;
        let is_start = match self.desk.admit(&tenant, self.parts.launcher.is_up()) {
            Ok(is_start) => is_start,
            Err(refusal) => return Box::pin(async { Err(refusal) }),
        };
        let (id, spec) = (ExecutionId::generate(), Arc::new(spec));
        let new =
            NewExecution { id, tenant: tenant.clone(), spec: Arc::clone(&spec), start: is_start };
        let store = Arc::clone(&self.parts.store);
        let (supervisor, stands) = (self.ourselves.clone(), self.footing.stands());
        // Outside this actor's context, which polls all its futures whenever one wakes.
        Box::pin(async move {
            // What a fallen supervisor has sent to the store, the next one finds there before it
            // does anything. Nothing is sent later, and nothing is told that would come twice.
            if !stands.still() {
                return Err(SubmitError::Draining);
            }
            let execution = store.accept(new).await;
            let accepted = match &execution {
                Ok(execution) => {
                    Ok(is_start.then(|| Started { execution: execution.clone(), spec }))
                }
                Err(error) => Err(error.clone()),
            };
            if stands.still() {
                supervisor.do_send(AcceptSettled { tenant, is_start, accepted });
            }
            Ok(execution?)
        })
    }
}

impl Handler<AcceptSettled> for SupervisorActor {
    type Result = ();

    fn handle(&mut self, settled: AcceptSettled, ctx: &mut Context<Self>) {
        failpoint::hit("supervisor-told");
        let AcceptSettled { tenant, is_start, accepted } = settled;
        self.desk.accepted(&tenant, is_start, accepted.is_ok());
        if let Ok(Some(started)) = accepted {
            self.give_birth(started);
        }
        self.desk.forget_early_wishes();
        self.fill_slots(ctx);
        self.end_if_drained();
    }
}

impl Handler<Cancel> for SupervisorActor {
    // Falls with this actor: see `Submit`.
    type Result = ResponseActFuture<Self, Result<CancelOutcome, CancelError>>;

    fn handle(&mut self, wish: Cancel, _: &mut Context<Self>) -> Self::Result {
        let parts = self.parts.clone();
        let supervisor = self.ourselves.clone();
        Box::pin(wrap_future(async move { cancel::cancel(&parts, &supervisor, wish).await }))
    }
}

impl Handler<CancelWished> for SupervisorActor {
    type Result = ();

    fn handle(&mut self, CancelWished { id, wish }: CancelWished, _: &mut Context<Self>) {
        failpoint::hit("supervisor-told");
        let reason = StopReason::Cancel(wish);
        if let Some(execution) = self.desk.stop(id, reason.clone()) {
            execution.do_send(Terminate(reason));
        }
    }
}

impl Handler<QueuedEnded> for SupervisorActor {
    type Result = ();

    fn handle(&mut self, QueuedEnded { event }: QueuedEnded, _: &mut Context<Self>) {
        failpoint::hit("supervisor-told");
        self.desk.left_queue(&event.execution.tenant);
        self.webhook.do_send(DeliveryDue);
        self.surviving.audience().tell(&event);
    }
}

impl Handler<SlotFree> for SupervisorActor {
    type Result = ();

    fn handle(&mut self, SlotFree { run }: SlotFree, ctx: &mut Context<Self>) {
        failpoint::hit("supervisor-told");
        self.desk.vacate(run);
        self.fill_slots(ctx);
    }
}

impl Handler<ExecutionFinished> for SupervisorActor {
    type Result = ();

    fn handle(&mut self, finished: ExecutionFinished, ctx: &mut Context<Self>) {
        failpoint::hit("supervisor-told");
        let ExecutionFinished { run, end } = finished;
        let requeued = match &end {
            RunEnd::Requeued(tenant) => Some(tenant),
            _ => None,
        };
        if !self.desk.finished(run, requeued) {
            return;
        }
        match end {
            RunEnd::Settled(event) => self.surviving.audience().tell(&event),
            RunEnd::Requeued(_) | RunEnd::Given => {}
            RunEnd::Lost { execution, cancel } => self.settle_lost((*execution, run), cancel, ctx),
        }
        self.fill_slots(ctx);
        self.end_if_drained();
    }
}

impl Handler<Status> for SupervisorActor {
    type Result = MessageResult<Status>;

    fn handle(&mut self, _: Status, _: &mut Context<Self>) -> Self::Result {
        MessageResult(EngineStatus {
            slots: self.desk.slots().total(),
            running: self.desk.slots().live(),
            queued: self.desk.queued(),
            draining: self.desk.is_draining(),
        })
    }
}

impl Handler<Subscribe> for SupervisorActor {
    type Result = ();

    fn handle(&mut self, Subscribe { recipient }: Subscribe, _: &mut Context<Self>) {
        self.surviving.audience().subscribe(recipient);
    }
}

impl Handler<Watch> for SupervisorActor {
    type Result = ResponseFuture<Option<Arc<Event>>>;

    fn handle(&mut self, Watch { id }: Watch, _: &mut Context<Self>) -> Self::Result {
        let ended = self.surviving.audience().watch(id);
        Box::pin(async move { ended.await.ok() })
    }
}

impl Handler<Drain> for SupervisorActor {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, Drain { within }: Drain, ctx: &mut Context<Self>) -> Self::Result {
        let (done, drained) = oneshot::channel();
        self.surviving.draining.store(true, Ordering::Relaxed);
        self.desk.drain();
        self.drain.push(done);
        ctx.run_later(within, |actor, _| {
            for execution in actor.desk.slots().addresses() {
                execution.do_send(Terminate(StopReason::Shutdown));
            }
        });
        self.end_if_drained();
        Box::pin(async move {
            // An error means that the actor has gone, and whatever ran with it.
            let _ = drained.await;
        })
    }
}
