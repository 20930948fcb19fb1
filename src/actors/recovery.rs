//! What a server does before it takes anything on: settle what an earlier one left running.
//! Runs no program; what was queued simply runs later.

use std::fmt;

use futures_util::StreamExt;
use futures_util::stream;

use super::engine::EngineParts;
use super::messages::RunEnd;
use super::rescue::rescue;
use crate::domain::{ExecutionId, Run, State};
use crate::store::{Orphan, StoreError};

/// How many orphans are read at a time, so that ten thousand of them need no more memory than
/// five hundred.
const PAGE: usize = 500;

/// How many of a page are settled at the same time; the store writes them in one transaction.
/// Their output is in memory meanwhile, as it was in the memory of the server that ran them.
const AT_ONCE: usize = 128;

const REASON: &str = "The server was lost while the program was running.";

/// What an earlier server had left.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Executions that ended by this.
    pub settled: usize,
    /// Executions that were queued again.
    pub requeued: usize,
}

impl fmt::Display for Recovered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { settled, requeued } = self;
        write!(f, "{settled} executions settled, {requeued} queued again")
    }
}

/// Settles the executions of earlier servers, whose programs the launcher has seen to.
///
/// # Errors
/// When the store cannot be read or written; nothing may be started then.
pub async fn recover(parts: &EngineParts) -> Result<Recovered, StoreError> {
    let mut recovered = Recovered::default();
    let mut after: Option<ExecutionId> = None;
    loop {
        let page = parts.store.orphans(after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.execution.id);
        let mut settling = stream::iter(page)
            .map(|orphan| async move {
                let begun = may_have_begun(parts, &orphan);
                rescue(parts, orphan, begun, REASON).await
            })
            .buffer_unordered(AT_ONCE);
        while let Some(end) = settling.next().await {
            match end? {
                RunEnd::Settled(_) => recovered.settled += 1,
                RunEnd::Requeued(_) => recovered.requeued += 1,
                RunEnd::Given | RunEnd::Lost { .. } => {}
            }
        }
    }
    // Every end is on disk by now with what was recorded, and what runs again begins anew.
    if let Err(error) = parts.launcher.remove_leftovers() {
        log::warn!("cannot remove what earlier executions left: {error}");
    }
    Ok(recovered)
}

fn may_have_begun(parts: &EngineParts, orphan: &Orphan) -> bool {
    match orphan.execution.state {
        State::Running(Run { owner, epoch, .. }) => {
            parts.launcher.may_have_begun(owner, (orphan.execution.id, epoch))
        }
        State::Queued | State::Ended(_) => true,
    }
}
