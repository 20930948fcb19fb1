//! What anybody may ask of the supervisor: to accept, to cancel, to tell, to stop.
//! Knows nothing of what executions report.

use std::collections::HashMap;
use std::sync::Arc;

use actix::fut::wrap_future;
use actix::{AsyncContext, Context, Handler, MessageResult, ResponseActFuture, ResponseFuture};
use futures_util::future::join_all;
use tokio::sync::oneshot;

use super::super::cancel;
use super::super::messages::{
    AcceptSettled, Cancel, CancelError, CancelOutcome, Doing, Drain, EngineStatus, ProcessIds,
    Query, Status, Submit, SubmitError, Subscribe, Terminate, Watch,
};
use super::SupervisorActor;
use crate::domain::{Event, ExecutionId, IdempotencyKey, StopReason, Tenant};
use crate::failpoint;
use crate::store::{Accepted, NewExecution, Started, Store};

impl Handler<Submit> for SupervisorActor {
    type Result = ResponseFuture<Result<Accepted, SubmitError>>;

    fn handle(&mut self, submit: Submit, _: &mut Context<Self>) -> Self::Result {
        failpoint::hit("supervisor");
        let Submit { tenant, spec, key, answer } = submit;
        let store = Arc::clone(&self.parts.store);
        let is_start = match self.admit(&tenant) {
            Ok(is_start) => is_start,
            Err(refusal) => return Box::pin(known_or(refusal, store, (tenant, key))),
        };
        let (id, spec) = (ExecutionId::generate(), Arc::new(spec));
        let metrics = self.parts.metrics.clone();
        let (owner, kept) = (tenant.clone(), Arc::clone(&spec));
        let ahead = self.parts.settings.priority_step * u32::from(spec.priority.get());
        let new =
            NewExecution { id, tenant: owner, spec: kept, start: is_start, ahead, key, answer };
        let (supervisor, stands) = (self.ourselves.clone(), self.footing.stands());
        // Outside this actor's context, which polls all its futures whenever one wakes.
        Box::pin(async move {
            // What a fallen supervisor has sent to the store, the next one finds there before it
            // does anything. Nothing is sent later, and nothing is told that would come twice.
            if !stands.still() {
                return Err(SubmitError::Fallen);
            }
            let accepted = store.accept(new).await;
            let new = accepted.as_ref().ok().filter(|accepted| accepted.is_new);
            if let Some(new) = new {
                metrics.execution_submitted(&new.execution.language);
            }
            let started = new
                .filter(|_| is_start)
                .map(|new| Started { execution: new.execution.clone(), spec });
            if stands.still() {
                let is_new = new.is_some();
                supervisor.do_send(AcceptSettled { tenant, is_start, is_new, started });
            }
            Ok(accepted?)
        })
    }
}

/// What an earlier request with the same key has begun, though there is no room for another one;
/// else the refusal.
async fn known_or(
    refusal: SubmitError,
    store: Arc<dyn Store>,
    (tenant, key): (Tenant, Option<IdempotencyKey>),
) -> Result<Accepted, SubmitError> {
    let Some(key) = key else { return Err(refusal) };
    let known = store.keyed(&tenant, &key).await?;
    known.map(|execution| Accepted { execution, is_new: false }).ok_or(refusal)
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

impl Handler<Status> for SupervisorActor {
    type Result = MessageResult<Status>;

    fn handle(&mut self, _: Status, _: &mut Context<Self>) -> Self::Result {
        MessageResult(EngineStatus {
            slots: self.desk.slots().total(),
            free: self.desk.slots().free(),
            running: self.desk.slots().live(),
            queued: self.desk.queued(),
            queue_max: self.parts.settings.queue_max_total,
            draining: self.desk.is_draining(),
        })
    }
}

impl Handler<ProcessIds> for SupervisorActor {
    type Result = ResponseFuture<HashMap<ExecutionId, i32>>;

    fn handle(&mut self, ProcessIds { of }: ProcessIds, _: &mut Context<Self>) -> Self::Result {
        let slots = self.desk.slots();
        let known = of.into_iter().filter_map(|id| Some((id, slots.address(id)?.clone())));
        let asked = known.map(|(id, execution)| async move {
            match execution.send(Query).await {
                Ok(Doing::Running { pid }) => Some((id, pid?)),
                // It has no program yet or any more, or it fell: there is no number to tell.
                Ok(_) | Err(_) => None,
            }
        });
        let answers = join_all(asked);
        Box::pin(async move { answers.await.into_iter().flatten().collect() })
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
        self.surviving.draining.begin();
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
