//! Settles a running execution of which nobody sees the end any more.
//! Decides by `domain::Fate`; starts nothing.

use super::engine::EngineParts;
use super::messages::RunEnd;
use super::settle::{self, Settlement, ended_with_recording};
use crate::domain::{Fate, Guard, Lost, State};
use crate::store::{Orphan, Requeued, Settled, StoreError};

/// Ends an execution or puts it back into the queue. `begun` says whether its program may have
/// run; `reason` is the sentence for its record if it failed by this.
///
/// # Errors
/// When the store cannot write; nothing has changed then.
pub(super) async fn rescue(
    parts: &EngineParts,
    orphan: Orphan,
    begun: bool,
    reason: &str,
) -> Result<RunEnd, StoreError> {
    let Orphan { execution, on_interrupt, cancel } = orphan;
    let State::Running(run) = execution.state else { return Ok(RunEnd::Given) };
    let (id, epoch) = (execution.id, run.epoch);
    let mut lost = Lost { begun, cancel, on_interrupt, interruptions: run.interruptions };
    let outcome = loop {
        match Fate::of(lost.clone(), reason) {
            Fate::End(outcome) => break Some(outcome),
            Fate::Requeue(why) => match parts.store.requeue(id, epoch, why).await? {
                // A wish that came since it was read: nobody else would fulfil it.
                Requeued::Unwanted(wish) => lost.cancel = Some(wish),
                Requeued::Written => break None,
                Requeued::Stale => return Ok(RunEnd::Given),
            },
        }
    };
    let end = match outcome {
        None => RunEnd::Requeued(execution.tenant),
        Some(outcome) => {
            let ended = ended_with_recording(parts, &execution, outcome);
            let guard = Guard::Running(epoch);
            let settlement = Settlement::new(parts, &execution, guard, ended);
            match settle::write(parts, &settlement).await? {
                Settled::Written => RunEnd::Settled(settlement.event),
                Settled::Stale => RunEnd::Given,
            }
        }
    };
    // The output is in the record now, or of no use any more.
    parts.launcher.forget_output(id);
    parts.launcher.forget_run((id, epoch));
    Ok(end)
}
