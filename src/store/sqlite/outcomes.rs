//! An outcome as columns of `executions`, and back.
//! Judges no outcome.

use std::time::Duration;

use rusqlite::Row;

use super::failure::Failure;
use super::values::{duration_opt, get, named, unsigned_opt};
use crate::domain::{Cause, Exceeded, Exit, Outcome};

/// What is kept of an outcome beside its cause. Each cause uses the columns that it needs.
#[derive(Debug, Default, PartialEq)]
pub(super) struct OutcomeColumns<'a> {
    pub(super) exit_code: Option<i32>,
    pub(super) signal: Option<i32>,
    pub(super) limit: Option<Duration>,
    pub(super) limit_bytes: Option<u64>,
    pub(super) reason: Option<&'a str>,
    pub(super) cancelled_by: Option<&'a str>,
}

/// Takes an outcome apart.
pub(super) fn columns(outcome: &Outcome) -> OutcomeColumns<'_> {
    let (exit_code, signal) = match outcome.exit() {
        Some(Exit::Code(code)) => (Some(code), None),
        Some(Exit::Signal(signal)) => (None, Some(signal)),
        None => (None, None),
    };
    let none = OutcomeColumns { exit_code, signal, ..OutcomeColumns::default() };
    match outcome {
        Outcome::Exited { .. } | Outcome::Signaled { .. } => none,
        Outcome::Raised { error, .. } => OutcomeColumns { reason: Some(error), ..none },
        Outcome::TimedOut { timeout, .. } => OutcomeColumns { limit: Some(*timeout), ..none },
        Outcome::Cancelled { reason, by, .. } => {
            OutcomeColumns { reason: reason.as_deref(), cancelled_by: by.as_deref(), ..none }
        }
        Outcome::LimitExceeded { exceeded, .. } => match *exceeded {
            Exceeded::CpuTime { limit } => OutcomeColumns { limit: Some(limit), ..none },
            Exceeded::Memory { limit_bytes } | Exceeded::Output { limit_bytes } => {
                OutcomeColumns { limit_bytes: Some(limit_bytes), ..none }
            }
        },
        Outcome::SpawnFailed { reason } | Outcome::Interrupted { reason } => {
            OutcomeColumns { reason: Some(reason), ..none }
        }
        Outcome::QueueExpired { queue_timeout } => {
            OutcomeColumns { limit: Some(*queue_timeout), ..none }
        }
    }
}

/// Puts an outcome together from the row of an execution that has ended.
pub(super) fn outcome(row: &Row<'_>) -> Result<Outcome, Failure> {
    let cause = named(row, "cause", Cause::from_name)?;
    let reason: Option<String> = get(row, "reason")?;
    let limit = duration_opt(row, "limit_ms")?;
    let limit_bytes = unsigned_opt(row, "limit_bytes")?;
    let (exit_code, signal): (Option<i32>, Option<i32>) =
        (get(row, "exit_code")?, get(row, "signal")?);
    let exit = exit_code.map(Exit::Code).or(signal.map(Exit::Signal));
    let over = |exceeded| Outcome::LimitExceeded { exceeded, exit };
    let outcome = match cause {
        Cause::Exited => exit_code.map(|code| match reason {
            None => Outcome::Exited { code },
            Some(error) => Outcome::Raised { code, error },
        }),
        Cause::Signaled => signal.map(|signal| Outcome::Signaled { signal }),
        Cause::Timeout => limit.map(|timeout| Outcome::TimedOut { timeout, exit }),
        Cause::Cancelled => {
            Some(Outcome::Cancelled { reason, by: get(row, "cancelled_by")?, exit })
        }
        Cause::OutputLimit => limit_bytes.map(|limit_bytes| over(Exceeded::Output { limit_bytes })),
        Cause::MemoryLimit => limit_bytes.map(|limit_bytes| over(Exceeded::Memory { limit_bytes })),
        Cause::CpuLimit => limit.map(|limit| over(Exceeded::CpuTime { limit })),
        Cause::SpawnFailed => reason.map(|reason| Outcome::SpawnFailed { reason }),
        Cause::Interrupted => reason.map(|reason| Outcome::Interrupted { reason }),
        Cause::QueueExpired => limit.map(|queue_timeout| Outcome::QueueExpired { queue_timeout }),
    };
    let name = cause.as_str();
    outcome.ok_or_else(|| Failure::corrupt(format!("an end by `{name}` lacks what belongs to it")))
}
