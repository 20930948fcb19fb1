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
use crate::domain::{CancelWish, Event, Execution, ExecutionId, OnInterrupt};
use crate::store::{Census, Orphan, StoreError, Whose};

/// How many executions are read at a time.
const PAGE: usize = 500;

const REASON: &str = "The server failed internally while the program was running.";

/// How things stand after a supervisor fell.
pub(super) struct Reclaimed {
    /// The executions that run on.
    pub(super) acting: Vec<(ExecutionId, Addr<ExecutionActor>)>,
    /// The events of those that were ended by this.
    pub(super) settled: Vec<Arc<Event>>,
    /// What waits.
    pub(super) census: Census,
}

/// Looks through the executions that this owner has: those with an actor run on, those that lost
/// theirs are settled, and those that never had one are queued again.
///
/// # Errors
/// When the store cannot be read or written.
pub(super) async fn reclaim(parts: EngineParts, live: Live) -> Result<Reclaimed, StoreError> {
    // Writes that the fallen one had begun are on disk after this one, for they are in order.
    parts.store.check().await?;
    let (mut acting, mut settled) = (Vec::new(), Vec::new());
    let mut after: Option<ExecutionId> = None;
    loop {
        let page = parts.store.orphans(Whose::Ours, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.execution.id);
        for ours in page {
            let id = ours.execution.id;
            let is_begun = match live.whereabouts(id) {
                Whereabouts::Acting(address) => {
                    acting.push((id, address));
                    continue;
                }
                Whereabouts::Lost => true,
                Whereabouts::Unknown => false,
            };
            if let RunEnd::Settled(event) = rescue(&parts, ours, is_begun, REASON).await? {
                settled.push(event);
            }
            live.settled(id);
        }
    }
    let census = parts.store.census().await?;
    Ok(Reclaimed { acting, settled, census })
}

/// Ends an execution whose actor fell, which has killed its program. Not even what may be run again
/// is: a fall of ours would most likely come again.
pub(super) async fn settle_lost(
    parts: EngineParts,
    execution: Execution,
    cancel: Option<CancelWish>,
) -> (ExecutionId, RunEnd) {
    let id = execution.id;
    let lost = Orphan { execution, on_interrupt: OnInterrupt::Fail, cancel };
    let write = || rescue(&parts, lost.clone(), true, REASON);
    (id, until_written(id, write).await.unwrap_or(RunEnd::Given))
}
