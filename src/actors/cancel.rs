//! Ends what a client no longer wants, and what has waited too long: the ends of executions that
//! are still queued, and the wishes about those that run. Signals no process.

use super::engine::EngineParts;
use super::messages::{Cancel, CancelError, CancelOutcome, CancelWished, QueuedEnded};
use super::metrics::CancelledIn;
use super::settle::{self, Settlement};
use super::standing::Standing;
use super::supervisor::SupervisorActor;
use crate::domain::{CancelWish, Ended, Execution, Guard, Outcome, State};
use crate::store::{Settled, StoreError};

/// How many overdue executions are ended at a time.
const OVERDUE_PAGE: usize = 100;

/// Cancels an execution wherever it is in its life.
///
/// # Errors
/// When this tenant has no such execution, or the wish cannot be kept.
pub(super) async fn cancel(
    parts: &EngineParts,
    supervisor: &Standing<SupervisorActor>,
    Cancel { tenant, id, wish }: Cancel,
) -> Result<CancelOutcome, CancelError> {
    // Between our look and our write a queued execution may have been started, and a running one
    // be queued again; each round means that somebody else got on with it.
    loop {
        let found = parts.store.execution(&tenant, id).await?;
        let execution = found.ok_or(CancelError::NotFound)?;
        match &execution.state {
            State::Ended(_) => return Ok(CancelOutcome::Ended(Box::new(execution))),
            State::Running(_) => {
                // The wish is on disk before anybody is signalled: should the server be lost in
                // between, the execution still ends as cancelled.
                if !parts.store.wish_cancelled(id, wish.clone()).await? {
                    continue;
                }
                // A wish that comes again is no second one.
                if !execution.cancelling {
                    parts.metrics.cancelled(CancelledIn::Running);
                }
                supervisor.do_send(CancelWished { id, wish });
                let cancelling = Execution { cancelling: true, ..execution };
                return Ok(CancelOutcome::Ending(Box::new(cancelling)));
            }
            State::Queued => {
                let CancelWish { reason, by } = wish.clone();
                let outcome = Outcome::Cancelled { reason, by, exit: None };
                if let Some(ended) = end_queued(parts, supervisor, &execution, outcome).await? {
                    parts.metrics.cancelled(CancelledIn::Queued);
                    return Ok(CancelOutcome::Ended(Box::new(ended)));
                }
            }
        }
    }
}

/// Ends the queued executions that have waited longer than they were willing to.
pub(super) async fn expire_overdue(
    parts: &EngineParts,
    supervisor: &Standing<SupervisorActor>,
) -> Result<(), StoreError> {
    for waiting in parts.store.overdue(OVERDUE_PAGE).await? {
        let outcome = Outcome::QueueExpired { queue_timeout: waiting.queue_timeout };
        end_queued(parts, supervisor, &waiting.execution, outcome).await?;
    }
    Ok(())
}

/// Ends an execution that waits; nothing when it does not wait any more.
async fn end_queued(
    parts: &EngineParts,
    supervisor: &Standing<SupervisorActor>,
    execution: &Execution,
    outcome: Outcome,
) -> Result<Option<Execution>, StoreError> {
    let ended = Ended::without_output(outcome, None, parts.clock.now());
    let settlement = Settlement::new(parts, execution, Guard::Queued, ended);
    let after = settlement.event.execution.clone();
    match settle::write(parts, &settlement).await? {
        Settled::Stale => Ok(None),
        Settled::Written => {
            supervisor.do_send(QueuedEnded { event: settlement.event });
            Ok(Some(after))
        }
    }
}
