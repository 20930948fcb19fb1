//! One execution: its program, its timeout, its end. The timeout is enforced here.
//! Knows nothing of the queue and sends no webhook.

use std::sync::Arc;

use actix::fut::wrap_future;
use actix::{Actor, ActorFutureExt, Addr, AsyncContext, Context, Handler};
use actix::{ActorContext, MessageResult};

use super::engine::EngineParts;
use super::messages::{DeliveryDue, Doing, ExecutionFinished, Query, RunEnd, SlotFree, Terminate};
use super::settle::{Settlement, ended_with_recording};
use super::supervisor::SupervisorActor;
use super::webhook::WebhookActor;
use crate::domain::{
    Ended, Execution, ExecutionSpec, Exit, Guard, OnInterrupt, Outcome, ProgramResult, Requeue,
    Run, StopReason,
};
use crate::failpoint;
use crate::process::{Ending, Interrupted, LaunchError, Launched, Order, Residence, Signaller};
use crate::store::{Settled, StoreError};

/// What ends a program with its launcher.
const SIGKILL: i32 = 9;

/// Owns one child process from its start to the moment when its end is on disk.
pub struct ExecutionActor {
    parts: EngineParts,
    supervisor: Addr<SupervisorActor>,
    webhook: Addr<WebhookActor>,
    execution: Execution,
    run: Run,
    spec: Arc<ExecutionSpec>,
    stopped: Option<StopReason>,
    phase: Phase,
}

enum Phase {
    Launching,
    Running(Signaller),
    Settling,
    Done,
}

/// What an execution actor is made from.
pub(super) struct Birth {
    pub(super) parts: EngineParts,
    pub(super) supervisor: Addr<SupervisorActor>,
    pub(super) webhook: Addr<WebhookActor>,
    pub(super) execution: Execution,
    pub(super) run: Run,
    pub(super) spec: Arc<ExecutionSpec>,
    /// A wish that came before the actor was there.
    pub(super) stopped: Option<StopReason>,
}

impl ExecutionActor {
    pub(super) fn new(birth: Birth) -> Self {
        let Birth { parts, supervisor, webhook, execution, run, spec, stopped } = birth;
        let phase = Phase::Launching;
        Self { parts, supervisor, webhook, execution, run, spec, stopped, phase }
    }

    fn launch(&self, ctx: &mut Context<Self>) {
        let launcher = self.parts.launcher.clone();
        let (id, tenant) = (self.execution.id, self.execution.tenant.clone());
        let spec = Arc::clone(&self.spec);
        let launching =
            async move { launcher.launch(&Order { id, tenant: &tenant, spec: &spec }).await };
        ctx.spawn(wrap_future(launching).map(Self::launched));
    }

    fn launched(
        launched: Result<Launched, LaunchError>,
        actor: &mut Self,
        ctx: &mut Context<Self>,
    ) {
        let launched = match launched {
            Ok(launched) => launched,
            Err(LaunchError::NoLauncher) => return actor.interrupted(ctx),
            Err(error) => {
                let failed = Outcome::SpawnFailed { reason: error.to_string() };
                let outcome = actor.stopped.take().map_or(failed, Outcome::before_start);
                return actor.never_started(outcome, ctx);
            }
        };
        failpoint::hit("running");
        actor.phase = Phase::Running(launched.signaller());
        let timeout = actor.spec.timeout;
        ctx.run_later(timeout, move |_, ctx| ctx.notify(Terminate(StopReason::Timeout(timeout))));
        if actor.stopped.is_some() {
            actor.end_program(ctx);
        }
        ctx.spawn(wrap_future(launched.ended()).map(Self::program_ended));
    }

    /// Asks the program to end, and kills it when the grace is over.
    fn end_program(&self, ctx: &mut Context<Self>) {
        let Phase::Running(signaller) = &self.phase else { return };
        signaller.terminate();
        let signaller = signaller.clone();
        ctx.run_later(self.parts.settings.grace, move |_, _| signaller.kill());
    }

    fn never_started(&mut self, outcome: Outcome, ctx: &mut Context<Self>) {
        let ended = Ended::without_output(outcome, None, self.parts.clock.now());
        self.settle(ended, None, ctx);
    }

    fn program_ended(
        ended: Result<(Ending, ProgramResult, Residence), Interrupted>,
        actor: &mut Self,
        ctx: &mut Context<Self>,
    ) {
        let now = actor.parts.clock.now();
        let started_at = Some(actor.run.started_at);
        let (ending, result, residence) = match ended {
            Ok(ended) => ended,
            Err(Interrupted) => return actor.interrupted(ctx),
        };
        if actor.stopped == Some(StopReason::Shutdown)
            && actor.spec.on_interrupt == OnInterrupt::Rerun
        {
            return actor.requeue(Some(residence), Requeue::Drained, ctx);
        }
        let exceeded = ending.exceeded.map(StopReason::Limit);
        let outcome = Outcome::of(ending.exit, actor.stopped.take().or(exceeded));
        let ended = Ended {
            stdout: ending.stdout,
            stderr: ending.stderr,
            result,
            usage: Some(ending.usage),
            descendants_killed: ending.descendants_killed,
            start: Some(ending.start),
            ..Ended::without_output(outcome, started_at, now)
        };
        actor.settle(ended, Some(residence), ctx);
    }

    /// The launcher was lost, and with it the program: a reason that came first counts, then the
    /// execution's own policy, which holds once.
    fn interrupted(&mut self, ctx: &mut Context<Self>) {
        let may_rerun = self.spec.on_interrupt == OnInterrupt::Rerun && self.run.interruptions == 0;
        match self.stopped.take() {
            None | Some(StopReason::Shutdown) if may_rerun => {
                self.requeue(None, Requeue::Interrupted, ctx)
            }
            None => {
                let reason = "The launcher was lost while the program was running.".to_owned();
                let outcome = Outcome::Interrupted { reason };
                let ended = ended_with_recording(&self.parts, &self.execution, outcome);
                self.settle(ended, None, ctx);
            }
            Some(reason) => {
                let outcome = Outcome::of(Exit::Signal(SIGKILL), Some(reason));
                let ended = ended_with_recording(&self.parts, &self.execution, outcome);
                self.settle(ended, None, ctx);
            }
        }
    }

    fn settle(&mut self, ended: Ended, residence: Option<Residence>, ctx: &mut Context<Self>) {
        self.phase = Phase::Settling;
        self.supervisor.do_send(SlotFree { id: self.execution.id });
        let attempts_max = self.parts.settings.retry_schedule.attempts_max();
        let guard = Guard::Running(self.run.epoch);
        let settlement = Settlement::new(&self.execution, guard, ended, attempts_max);
        let EngineParts { store, launcher, .. } = self.parts.clone();
        let id = self.execution.id;
        let settling = async move {
            // The directory is cleaned up while the disk writes.
            let clean_up = async { drop(residence) };
            let (settled, ()) = tokio::join!(store.finish(settlement.finish), clean_up);
            let settled = settled?;
            // The output is in the record now, and not a moment earlier.
            launcher.forget_output(id);
            Ok(match settled {
                Settled::Written => RunEnd::Settled(settlement.event),
                Settled::Stale => RunEnd::Given,
            })
        };
        ctx.spawn(wrap_future(settling).map(Self::settled));
    }

    fn requeue(&mut self, residence: Option<Residence>, why: Requeue, ctx: &mut Context<Self>) {
        self.phase = Phase::Settling;
        drop(residence);
        let EngineParts { store, launcher, .. } = self.parts.clone();
        let (id, epoch) = (self.execution.id, self.run.epoch);
        let tenant = self.execution.tenant.clone();
        let requeueing = async move {
            let requeued = store.requeue(id, epoch, why).await?;
            launcher.forget_output(id);
            Ok(if requeued { RunEnd::Requeued(tenant) } else { RunEnd::Given })
        };
        ctx.spawn(wrap_future(requeueing).map(Self::settled));
    }

    fn settled(end: Result<RunEnd, StoreError>, actor: &mut Self, ctx: &mut Context<Self>) {
        let id = actor.execution.id;
        let end = end.unwrap_or_else(|error| {
            log::error!("execution {id}: its end could not be written: {error}");
            RunEnd::Given
        });
        if matches!(end, RunEnd::Settled(_)) && actor.execution.endpoint.is_some() {
            actor.webhook.do_send(DeliveryDue);
        }
        actor.phase = Phase::Done;
        actor.supervisor.do_send(ExecutionFinished { id, end });
        ctx.stop();
    }
}

impl Actor for ExecutionActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        match self.stopped.clone() {
            None => self.launch(ctx),
            // What has not been started need not be: it goes on after the next start of a server.
            Some(StopReason::Shutdown) => self.requeue(None, Requeue::Untried, ctx),
            Some(reason) => self.never_started(Outcome::before_start(reason), ctx),
        }
    }
}

impl Handler<Terminate> for ExecutionActor {
    type Result = ();

    fn handle(&mut self, Terminate(reason): Terminate, ctx: &mut Context<Self>) {
        if self.stopped.is_none() && !matches!(self.phase, Phase::Settling | Phase::Done) {
            self.stopped = Some(reason);
            self.end_program(ctx);
        }
    }
}

impl Handler<Query> for ExecutionActor {
    type Result = MessageResult<Query>;

    fn handle(&mut self, _: Query, _: &mut Context<Self>) -> Self::Result {
        MessageResult(match &self.phase {
            Phase::Launching => Doing::Launching,
            Phase::Running(_) if self.stopped.is_some() => Doing::Ending,
            Phase::Running(signaller) => Doing::Running { pid: signaller.pid() },
            Phase::Settling | Phase::Done => Doing::Settling,
        })
    }
}

impl Drop for ExecutionActor {
    /// A panic drops the actor, and with it its child, which is killed. That the execution is
    /// over must be written all the same; the supervisor does it.
    fn drop(&mut self) {
        if !matches!(self.phase, Phase::Done) {
            let execution = Box::new(self.execution.clone());
            let end = RunEnd::Lost { execution, epoch: self.run.epoch };
            self.supervisor.do_send(ExecutionFinished { id: self.execution.id, end });
        }
    }
}
