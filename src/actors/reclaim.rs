//! Settles executions whose actors fell, and finds out for a new supervisor how things stand.
//! Starts nothing.

use std::sync::Arc;

use actix::Addr;

use super::engine::EngineParts;
use super::execution::ExecutionActor;
use super::live::{Live, Whereabouts};
use super::messages::RunEnd;
use super::rescue::rescue;
use super::settle::until_written;
use super::slots::RunKey;
use crate::domain::{CancelWish, Event, Execution, OnInterrupt, Run, State, Tenant};
use crate::store::{Census, Orphan, Situation, StoreError};

const REASON: &str = "The server failed internally while the program was running.";

/// How things stand after a supervisor fell.
pub(super) struct Reclaimed {
    /// The executions that run on, with the wishes that they end.
    pub(super) acting: Vec<Acting>,
    /// The events of those that were ended by this.
    pub(super) settled: Vec<Arc<Event>>,
    /// What waited before.
    pub(super) census: Census,
    /// Whose executions wait again by this.
    pub(super) requeued: Vec<Tenant>,
}

/// An execution that runs on.
pub(super) struct Acting {
    pub(super) run: RunKey,
    pub(super) tenant: Tenant,
    pub(super) actor: Addr<ExecutionActor>,
    /// The wish of a client, of which the actor may not have been told.
    pub(super) cancel: Option<CancelWish>,
}

/// Looks through the executions that this owner has: those with an actor run on, those that lost
/// theirs are settled, and those that never had one are queued again.
///
/// # Errors
/// When the store cannot be read or written.
pub(super) async fn reclaim(parts: EngineParts, live: Live) -> Result<Reclaimed, StoreError> {
    // Writes that the fallen one had begun are on disk after this one, for they are in order.
    parts.store.check().await?;
    // Before the look into the store: whoever acts now tells us when it has settled, and whoever has
    // settled by now has its end there.
    let acting_now = live.now();
    // What runs and what waits are of one moment: an execution that goes back into the queue is
    // then either counted already, or its actor has yet to say so.
    let Situation { running, census } = parts.store.situation().await?;
    let (acting, settled, requeued) = Default::default();
    let mut reclaimed = Reclaimed { acting, settled, census, requeued };
    for ours in running {
        let State::Running(Run { epoch, .. }) = ours.execution.state else { continue };
        let run = (ours.execution.id, epoch);
        let is_begun = match acting_now.whereabouts(run) {
            Whereabouts::Acting(actor) => {
                let tenant = ours.execution.tenant;
                reclaimed.acting.push(Acting { run, tenant, actor, cancel: ours.cancel });
                continue;
            }
            Whereabouts::Lost => true,
            Whereabouts::Unknown => false,
        };
        match rescue(&parts, ours, is_begun, REASON).await? {
            RunEnd::Settled(event) => reclaimed.settled.push(event),
            RunEnd::Requeued(tenant) => reclaimed.requeued.push(tenant),
            RunEnd::Given | RunEnd::Lost { .. } => {}
        }
        live.settled(run);
    }
    Ok(reclaimed)
}

/// Ends an execution whose actor fell, which has killed its program. Not even what may be run again
/// is: a fall of ours would most likely come again.
pub(super) async fn settle_lost(
    parts: EngineParts,
    (execution, run): (Execution, RunKey),
    cancel: Option<CancelWish>,
) -> (RunKey, RunEnd) {
    let lost = Orphan { execution, on_interrupt: OnInterrupt::Fail, cancel };
    let write = || rescue(&parts, lost.clone(), true, REASON);
    (run, until_written(&lost.execution, write).await.unwrap_or(RunEnd::Given))
}
