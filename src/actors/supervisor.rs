//! Admits executions, hands out the slots, knows the address of each that runs, and is told when
//! one has ended. Not `actix::Supervisor`, which does not restart an actor after a panic.

use std::mem;
use std::sync::Arc;

use actix::fut::wrap_future;
use actix::{
    Actor, ActorFutureExt, Addr, Arbiter, AsyncContext, Context, Handler, MessageResult,
    ResponseFuture,
};
use tokio::sync::oneshot;

use super::cancel;
use super::engine::EngineParts;
use super::execution::{Birth, ExecutionActor};
use super::messages::{
    AcceptSettled, Cancel, CancelError, CancelOutcome, CancelWished, DeliveryDue, Drain,
    EngineStatus, ExecutionFinished, QueuedEnded, RunEnd, SlotFree, Status, Submit, SubmitError,
    Subscribe, Terminate, Watch,
};
use super::queue::QueueCount;
use super::settle::{Settlement, ended_with_recording};
use super::slots::Slots;
use super::watch::Audience;
use super::webhook::WebhookActor;
use crate::domain::{
    CancelWish, Epoch, Event, Execution, ExecutionId, Guard, Outcome, State, StopReason,
};
use crate::failpoint;
use crate::store::{Census, NewExecution, Settled, Started, StoreError};

/// How many messages may wait for the supervisor before senders do. Requests wait for a commit
/// and not for a place here, so it is more than the requests that are under way at a time.
const MAILBOX: usize = 4096;

/// Owns the slots, the count of the queue and the address of each live execution.
pub struct SupervisorActor {
    parts: EngineParts,
    webhook: Addr<WebhookActor>,
    arbiters: Vec<Arbiter>,
    next_arbiter: usize,
    queue: QueueCount,
    slots: Slots<Addr<ExecutionActor>>,
    /// The store is being asked for waiting executions.
    starting: bool,
    drain: Option<Vec<oneshot::Sender<()>>>,
    audience: Audience,
}

impl SupervisorActor {
    /// A supervisor over what the store has counted. Starts the threads of execution actors.
    pub fn new(parts: EngineParts, webhook: Addr<WebhookActor>, census: Census) -> Self {
        let settings = &parts.settings;
        let arbiters = (0..settings.arbiters.max(1)).map(|_| Arbiter::new()).collect();
        let queue =
            QueueCount::new(settings.queue_max_total, settings.queue_max_per_tenant, census);
        let slots = Slots::new(settings.slots);
        Self {
            parts,
            webhook,
            arbiters,
            next_arbiter: 0,
            queue,
            slots,
            starting: false,
            drain: None,
            audience: Audience::default(),
        }
    }

    /// Takes waiting executions from the store, as many as there are free slots. One question at
    /// a time: whatever becomes free meanwhile is asked for by the next.
    fn fill_slots(&mut self, ctx: &mut Context<Self>) {
        let free = self.slots.free();
        if self.starting || free == 0 || self.queue.total() == 0 || self.drain.is_some() {
            return;
        }
        self.starting = true;
        let store = Arc::clone(&self.parts.store);
        let starting = async move { store.start(free).await };
        ctx.spawn(wrap_future(starting).map(Self::slots_filled));
    }

    fn slots_filled(
        started: Result<Vec<Started>, StoreError>,
        actor: &mut Self,
        ctx: &mut Context<Self>,
    ) {
        actor.starting = false;
        match started {
            Ok(started) => {
                let more = !started.is_empty();
                for started in started {
                    actor.queue.remove(&started.execution.tenant);
                    actor.give_birth(started, ctx);
                }
                actor.slots.forget_early_wishes();
                if more {
                    actor.fill_slots(ctx);
                }
            }
            Err(error) => log::error!("the queue cannot be read: {error}"),
        }
        actor.end_if_drained();
    }

    fn give_birth(&mut self, started: Started, ctx: &mut Context<Self>) {
        let Started { execution, spec } = started;
        let id = execution.id;
        let State::Running(run) = execution.state else {
            log::error!("execution {id} was started and does not run");
            return;
        };
        failpoint::hit("start-after-commit");
        // A wish may have come just before the news of the start, or survived from an earlier run.
        let wished = execution.cancelling.then(|| StopReason::Cancel(CancelWish::default()));
        // Once the server is stopping, what has not been launched goes back into the queue.
        let shutdown = self.drain.is_some().then_some(StopReason::Shutdown);
        let stopped = self.slots.early_wish(id).or(wished).or(shutdown);
        let birth = Birth {
            parts: self.parts.clone(),
            supervisor: ctx.address(),
            webhook: self.webhook.clone(),
            execution,
            run,
            spec,
            stopped,
        };
        let arbiter = &self.arbiters[self.next_arbiter];
        self.next_arbiter = (self.next_arbiter + 1) % self.arbiters.len();
        let actor = ExecutionActor::start_in_arbiter(&arbiter.handle(), move |_| {
            ExecutionActor::new(birth)
        });
        self.slots.occupy(id, actor);
    }

    /// Writes down the end of an execution whose actor panicked. The panic has killed its child.
    fn settle_lost(&self, execution: &Execution, epoch: Epoch, ctx: &mut Context<Self>) {
        let reason = "The server failed internally while the program was running.".to_owned();
        let outcome = Outcome::Interrupted { reason };
        let ended = ended_with_recording(&self.parts, execution, outcome);
        let attempts_max = self.parts.settings.retry_schedule.attempts_max();
        let guard = Guard::Running(epoch);
        let Settlement { finish, event } = Settlement::new(execution, guard, ended, attempts_max);
        let EngineParts { store, launcher, .. } = self.parts.clone();
        let (id, webhook) = (execution.id, self.webhook.clone());
        let settling = async move {
            let settled = store.finish(finish).await?;
            launcher.forget_output(id);
            Ok::<_, StoreError>(settled)
        };
        ctx.spawn(wrap_future(settling).map(move |settled, actor: &mut Self, _| match settled {
            Ok(Settled::Written) => {
                webhook.do_send(DeliveryDue);
                actor.audience.tell(&event);
            }
            Ok(Settled::Stale) => {}
            Err(error) => log::error!("a lost execution's end cannot be written: {error}"),
        }));
    }

    /// Ends queued executions that have waited longer than their clients wanted.
    fn expire_overdue(&self, ctx: &mut Context<Self>) {
        let parts = self.parts.clone();
        let supervisor = ctx.address();
        let expiring = async move { cancel::expire_overdue(&parts, &supervisor).await };
        ctx.spawn(wrap_future(expiring).map(|expired: Result<(), StoreError>, _, _| {
            if let Err(error) = expired {
                log::error!("the queue cannot be read: {error}");
            }
        }));
    }

    fn poll(&mut self, ctx: &mut Context<Self>) {
        self.audience.forget_the_gone();
        if self.queue.total() > 0 {
            self.expire_overdue(ctx);
            self.fill_slots(ctx);
        }
    }

    fn end_if_drained(&mut self) {
        if self.slots.are_idle()
            && !self.starting
            && let Some(waiting) = &mut self.drain
        {
            for waiting in waiting.drain(..) {
                // Whoever has stopped waiting needs no answer.
                let _ = waiting.send(());
            }
        }
    }
}

impl Actor for SupervisorActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        ctx.set_mailbox_capacity(MAILBOX);
        let poll = self.parts.settings.poll;
        ctx.run_interval(poll, Self::poll);
        self.fill_slots(ctx);
    }
}

impl Drop for SupervisorActor {
    /// However it goes, the threads of its execution actors go with it, and their children.
    fn drop(&mut self) {
        for arbiter in mem::take(&mut self.arbiters) {
            arbiter.stop();
            // An arbiter whose thread panicked has stopped as well.
            let _ = arbiter.join();
        }
    }
}

impl Handler<Submit> for SupervisorActor {
    type Result = ResponseFuture<Result<Execution, SubmitError>>;

    fn handle(&mut self, submit: Submit, ctx: &mut Context<Self>) -> Self::Result {
        let Submit { tenant, spec } = submit;
        if self.drain.is_some() {
            return Box::pin(async { Err(SubmitError::Draining) });
        }
        // With a slot free and nobody waiting, being accepted and being started are one commit.
        let start = self.slots.free() > 0 && self.queue.total() == 0;
        if start {
            self.slots.reserve();
        } else if let Err(full) = self.queue.admit(&tenant) {
            return Box::pin(async { Err(full) });
        }
        let (id, spec) = (ExecutionId::generate(), Arc::new(spec));
        let new = NewExecution { id, tenant: tenant.clone(), spec: Arc::clone(&spec), start };
        let store = Arc::clone(&self.parts.store);
        let supervisor = ctx.address();
        Box::pin(async move {
            let execution = store.accept(new).await;
            let accepted = match &execution {
                Ok(execution) => Ok(start.then(|| Started { execution: execution.clone(), spec })),
                Err(error) => Err(error.clone()),
            };
            supervisor.do_send(AcceptSettled { tenant, reserved: start, accepted });
            Ok(execution?)
        })
    }
}

impl Handler<AcceptSettled> for SupervisorActor {
    type Result = ();

    fn handle(&mut self, settled: AcceptSettled, ctx: &mut Context<Self>) {
        let AcceptSettled { tenant, reserved, accepted } = settled;
        if reserved {
            self.slots.unreserve();
        } else if accepted.is_err() {
            self.queue.remove(&tenant);
        }
        if let Ok(Some(started)) = accepted {
            self.give_birth(started, ctx);
        }
        if !self.starting {
            self.slots.forget_early_wishes();
        }
        self.fill_slots(ctx);
        self.end_if_drained();
    }
}

impl Handler<Cancel> for SupervisorActor {
    type Result = ResponseFuture<Result<CancelOutcome, CancelError>>;

    fn handle(&mut self, wish: Cancel, ctx: &mut Context<Self>) -> Self::Result {
        let parts = self.parts.clone();
        let supervisor = ctx.address();
        Box::pin(async move { cancel::cancel(&parts, &supervisor, wish).await })
    }
}

impl Handler<CancelWished> for SupervisorActor {
    type Result = ();

    fn handle(&mut self, CancelWished { id, wish }: CancelWished, _: &mut Context<Self>) {
        match self.slots.address(id) {
            Some(execution) => execution.do_send(Terminate(StopReason::Cancel(wish))),
            // It may have been started a moment ago, and the news of it be still on its way.
            None => self.slots.wish_early(id, StopReason::Cancel(wish)),
        }
    }
}

impl Handler<QueuedEnded> for SupervisorActor {
    type Result = ();

    fn handle(&mut self, QueuedEnded { event }: QueuedEnded, _: &mut Context<Self>) {
        self.queue.remove(&event.execution.tenant);
        self.webhook.do_send(DeliveryDue);
        self.audience.tell(&event);
    }
}

impl Handler<SlotFree> for SupervisorActor {
    type Result = ();

    fn handle(&mut self, SlotFree { id }: SlotFree, ctx: &mut Context<Self>) {
        self.slots.vacate(id);
        self.fill_slots(ctx);
    }
}

impl Handler<ExecutionFinished> for SupervisorActor {
    type Result = ();

    fn handle(&mut self, finished: ExecutionFinished, ctx: &mut Context<Self>) {
        let ExecutionFinished { id, end } = finished;
        if !self.slots.remove(id) {
            return;
        }
        match end {
            RunEnd::Settled(event) => self.audience.tell(&event),
            RunEnd::Requeued(tenant) => self.queue.add(&tenant),
            RunEnd::Given => {}
            RunEnd::Lost { execution, epoch } => self.settle_lost(&execution, epoch, ctx),
        }
        self.fill_slots(ctx);
        self.end_if_drained();
    }
}

impl Handler<Status> for SupervisorActor {
    type Result = MessageResult<Status>;

    fn handle(&mut self, _: Status, _: &mut Context<Self>) -> Self::Result {
        MessageResult(EngineStatus {
            slots: self.slots.total(),
            running: self.slots.live(),
            queued: self.queue.total(),
            draining: self.drain.is_some(),
        })
    }
}

impl Handler<Subscribe> for SupervisorActor {
    type Result = ();

    fn handle(&mut self, Subscribe { recipient }: Subscribe, _: &mut Context<Self>) {
        self.audience.subscribe(recipient);
    }
}

impl Handler<Watch> for SupervisorActor {
    type Result = ResponseFuture<Option<Arc<Event>>>;

    fn handle(&mut self, Watch { id }: Watch, _: &mut Context<Self>) -> Self::Result {
        let ended = self.audience.watch(id);
        Box::pin(async move { ended.await.ok() })
    }
}

impl Handler<Drain> for SupervisorActor {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, Drain { within }: Drain, ctx: &mut Context<Self>) -> Self::Result {
        let (done, drained) = oneshot::channel();
        self.drain.get_or_insert_default().push(done);
        ctx.run_later(within, |actor, _| {
            for execution in actor.slots.addresses() {
                execution.do_send(Terminate(StopReason::Shutdown));
            }
        });
        self.end_if_drained();
        Box::pin(async move {
            // An error means that the supervisor has gone, and with it everything that ran.
            let _ = drained.await;
        })
    }
}
