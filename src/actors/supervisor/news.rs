//! What the supervisor is told by the rest of the engine: of starts, of ends, of free slots.
//! Asks nobody anything but for more work.

use actix::{Context, Handler};

use super::super::messages::{
    AcceptSettled, CancelWished, DeliveryDue, ExecutionFinished, QueuedEnded, RunEnd, SlotFree,
    Terminate,
};
use super::SupervisorActor;
use crate::domain::StopReason;
use crate::failpoint;

impl Handler<AcceptSettled> for SupervisorActor {
    type Result = ();

    fn handle(&mut self, settled: AcceptSettled, ctx: &mut Context<Self>) {
        failpoint::hit("supervisor-told");
        let AcceptSettled { tenant, is_start, is_new, started } = settled;
        self.desk.accepted(&tenant, is_start, is_new);
        if let Some(started) = started {
            self.give_birth(started);
        }
        self.desk.forget_early_wishes();
        self.fill_slots(ctx);
        self.end_if_drained();
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
        if !self.desk.finished(run, matches!(end, RunEnd::Requeued(_))) {
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
