//! One execution: its program, its timeout, its end. The timeout is enforced here.
//! Decides nothing: what follows from what is in `domain::RunMachine`.

use std::sync::Arc;

use actix::fut::wrap_future;
use actix::{Actor, ActorFutureExt, AsyncContext, Context, Handler};
use actix::{ActorContext, MessageResult};

use super::engine::EngineParts;
use super::live::Live;
use super::messages::{DeliveryDue, Doing, ExecutionFinished, Query, RunEnd, SlotFree, Terminate};
use super::progress::{self, Offsets};
use super::settle::{self, Settlement, ended_with_recording};
use super::slots::RunKey;
use super::standing::Standing;
use super::supervisor::SupervisorActor;
use super::webhook::WebhookActor;
use crate::domain::{
    Ended, Execution, ExecutionSpec, Guard, Outcome, Phase, ProgramResult, Progress, Remains,
    Requeue, Run, RunEvent, RunMachine, RunStep, StopReason,
};
use crate::failpoint;
use crate::process::{Ending, Interrupted, LaunchError, Launched, Order, Residence, Signaller};

/// Owns one child process from its start to the moment when its end is on disk.
pub struct ExecutionActor {
    parts: EngineParts,
    supervisor: Standing<SupervisorActor>,
    webhook: Standing<WebhookActor>,
    live: Live,
    execution: Execution,
    run: Run,
    spec: Arc<ExecutionSpec>,
    machine: RunMachine,
    /// What is to be done when the actor is there.
    first: Option<RunStep>,
    /// None until the program runs.
    signaller: Option<Signaller>,
    /// What a program left that has ended.
    left: Option<Left>,
}

/// What is left of a program that has ended, but for how it ended.
struct Left {
    ending: Ending,
    result: ProgramResult,
    residence: Residence,
}

/// What an execution actor is made from.
pub(super) struct Birth {
    pub(super) parts: EngineParts,
    pub(super) supervisor: Standing<SupervisorActor>,
    pub(super) webhook: Standing<WebhookActor>,
    pub(super) live: Live,
    pub(super) execution: Execution,
    pub(super) run: Run,
    pub(super) spec: Arc<ExecutionSpec>,
    /// A wish that came before the actor was there.
    pub(super) stopped: Option<StopReason>,
}

impl ExecutionActor {
    pub(super) fn new(birth: Birth) -> Self {
        let Birth { parts, supervisor, webhook, live, execution, run, spec, stopped } = birth;
        let (machine, first) = RunMachine::begin(spec.on_interrupt, run.interruptions, stopped);
        Self {
            parts,
            supervisor,
            webhook,
            live,
            execution,
            run,
            spec,
            machine,
            first: Some(first),
            signaller: None,
            left: None,
        }
    }

    fn key(&self) -> RunKey {
        (self.execution.id, self.run.epoch)
    }

    fn take_in(&mut self, event: RunEvent, ctx: &mut Context<Self>) {
        for step in self.machine.step(event) {
            self.take(step, ctx);
        }
    }

    fn take(&mut self, step: RunStep, ctx: &mut Context<Self>) {
        match step {
            RunStep::Launch => self.launch(ctx),
            RunStep::StartTimeout => self.start_timeout(ctx),
            RunStep::Terminate => self.terminate(ctx),
            RunStep::Finish(outcome, remains) => self.finish(outcome, remains, ctx),
            RunStep::Requeue(why) => self.requeue(why, ctx),
        }
    }

    fn launch(&self, ctx: &mut Context<Self>) {
        let launcher = self.parts.launcher.clone();
        let ((id, epoch), tenant) = (self.key(), self.execution.tenant.clone());
        let spec = Arc::clone(&self.spec);
        let level = self.parts.settings.tenants.of(&tenant).level;
        let launching = async move {
            launcher.launch(&Order { id, epoch, tenant: &tenant, level, spec: &spec }).await
        };
        ctx.spawn(wrap_future(launching).map(Self::launched));
    }

    fn launched(
        launched: Result<Launched, LaunchError>,
        actor: &mut Self,
        ctx: &mut Context<Self>,
    ) {
        let event = match launched {
            Ok(launched) => {
                failpoint::hit("running");
                actor.signaller = Some(launched.signaller());
                ctx.spawn(wrap_future(launched.ended()).map(Self::program_ended));
                actor.tell_progress(ctx);
                RunEvent::Launched
            }
            Err(LaunchError::NoLauncher) => RunEvent::NoLauncher,
            Err(LaunchError::Lost) => RunEvent::Lost,
            Err(error) => RunEvent::NotLaunched(error.to_string()),
        };
        actor.take_in(event, ctx);
    }

    /// Tells what happens from now on, if anybody wants to know.
    fn tell_progress(&self, ctx: &mut Context<Self>) {
        let wanted = self.execution.endpoint.as_ref().map(|endpoint| endpoint.progress);
        let Some(Progress { started, output }) = wanted else { return };
        if started {
            let (parts, epoch) = (self.parts.clone(), self.run.epoch);
            let telling = progress::tell_started(parts, self.execution.clone(), epoch);
            ctx.spawn(wrap_future(telling).map(|is_owed, actor: &mut Self, _| {
                if is_owed {
                    actor.webhook.do_send(DeliveryDue);
                }
            }));
        }
        if output {
            self.tell_output_later(Offsets::default(), ctx);
        }
    }

    /// Tells after a while what has been written beyond these offsets, and so on: not more often,
    /// whatever a program writes.
    fn tell_output_later(&self, from: Offsets, ctx: &mut Context<Self>) {
        ctx.run_later(self.parts.settings.progress_interval, move |actor, ctx| {
            if actor.machine.phase() != Phase::Running {
                return;
            }
            let (parts, epoch) = (actor.parts.clone(), actor.run.epoch);
            let telling = progress::tell_output(parts, actor.execution.clone(), epoch, from);
            ctx.spawn(wrap_future(telling).map(move |until, actor: &mut Self, ctx| {
                if until.is_some() {
                    actor.webhook.do_send(DeliveryDue);
                }
                actor.tell_output_later(until.unwrap_or(from), ctx);
            }));
        });
    }

    /// By the monotonic clock: a jump of the other one ends nothing early.
    fn start_timeout(&self, ctx: &mut Context<Self>) {
        let timeout = self.spec.timeout;
        ctx.run_later(timeout, move |_, ctx| ctx.notify(Terminate(StopReason::Timeout(timeout))));
    }

    /// Asks the program to end, and kills it when the grace is over.
    fn terminate(&self, ctx: &mut Context<Self>) {
        let Some(signaller) = self.signaller.clone() else { return };
        signaller.terminate();
        ctx.run_later(self.parts.settings.grace, move |_, _| signaller.kill());
    }

    fn program_ended(
        ended: Result<(Ending, ProgramResult, Residence), Interrupted>,
        actor: &mut Self,
        ctx: &mut Context<Self>,
    ) {
        let event = match ended {
            Ok((mut ending, result, residence)) => {
                let (exit, exceeded) = (ending.exit, ending.exceeded);
                let raised = ending.raised.take();
                actor.left = Some(Left { ending, result, residence });
                RunEvent::Ended { exit, raised, exceeded }
            }
            Err(Interrupted) => RunEvent::Lost,
        };
        actor.take_in(event, ctx);
    }

    fn finish(&mut self, outcome: Outcome, remains: Remains, ctx: &mut Context<Self>) {
        failpoint::hit("finishing");
        self.supervisor.do_send(SlotFree { run: self.key() });
        let (ended, residence) = self.ended(outcome, remains);
        let guard = Guard::Running(self.run.epoch);
        let settlement = Settlement::new(&self.parts, &self.execution, guard, ended);
        let settling = settle::finish_run(self.parts.clone(), settlement, residence);
        ctx.spawn(wrap_future(settling).map(Self::settled));
    }

    /// All that is known of the end, and the place that the program no longer needs.
    fn ended(&mut self, outcome: Outcome, remains: Remains) -> (Ended, Option<Residence>) {
        let now = self.parts.clock.now();
        let started_at = Some(self.run.started_at);
        match (remains, self.left.take()) {
            (Remains::All, Some(Left { ending, result, residence })) => {
                let ended = Ended {
                    stdout: ending.stdout,
                    stderr: ending.stderr,
                    result,
                    usage: Some(ending.usage),
                    descendants_killed: ending.descendants_killed,
                    start: Some(ending.start),
                    ..Ended::without_output(outcome, started_at, now)
                };
                (ended, Some(residence))
            }
            (Remains::Nothing, _) => (Ended::without_output(outcome, None, now), None),
            (Remains::Recording | Remains::All, _) => {
                (ended_with_recording(&self.parts, &self.execution, outcome), None)
            }
        }
    }

    fn requeue(&mut self, why: Requeue, ctx: &mut Context<Self>) {
        drop(self.left.take());
        let execution = self.execution.clone();
        let requeueing = settle::requeue_run(self.parts.clone(), execution, self.run.epoch, why);
        ctx.spawn(wrap_future(requeueing).map(Self::settled));
    }

    fn settled(end: RunEnd, actor: &mut Self, ctx: &mut Context<Self>) {
        if matches!(end, RunEnd::Settled(_)) && actor.execution.endpoint.is_some() {
            actor.webhook.do_send(DeliveryDue);
        }
        actor.take_in(RunEvent::Settled, ctx);
        actor.live.settled(actor.key());
        actor.supervisor.do_send(ExecutionFinished { run: actor.key(), end });
        ctx.stop();
    }
}

impl Actor for ExecutionActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        if let Some(first) = self.first.take() {
            self.take(first, ctx);
        }
    }
}

impl Handler<Terminate> for ExecutionActor {
    type Result = ();

    fn handle(&mut self, Terminate(reason): Terminate, ctx: &mut Context<Self>) {
        failpoint::hit("terminate");
        self.take_in(RunEvent::Stop(reason), ctx);
    }
}

impl Handler<Query> for ExecutionActor {
    type Result = MessageResult<Query>;

    fn handle(&mut self, _: Query, _: &mut Context<Self>) -> Self::Result {
        MessageResult(match self.machine.phase() {
            Phase::Launching => Doing::Launching,
            Phase::Running if self.machine.is_stopped() => Doing::Ending,
            Phase::Running => {
                Doing::Running { pid: self.signaller.as_ref().and_then(Signaller::pid) }
            }
            Phase::Settling | Phase::Done => Doing::Settling,
        })
    }
}

impl Drop for ExecutionActor {
    /// A panic drops the actor, and with it its child, which is killed. That the execution is
    /// over must be written all the same; the supervisor does it.
    fn drop(&mut self) {
        if self.machine.phase() == Phase::Done {
            return;
        }
        self.live.lost(self.key());
        let execution = Box::new(self.execution.clone());
        let end = RunEnd::Lost { execution, cancel: self.machine.cancel_wish() };
        self.supervisor.do_send(ExecutionFinished { run: self.key(), end });
    }
}
