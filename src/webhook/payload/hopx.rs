//! The payload format `hopx`: what clients of HopX's `POST /execute/async` expect to be sent.
//! Its field names and words are HopX's, not ours.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{
    Captured, Cause, Event, Execution, ExecutionId, Exit, Outcome, Status, Timestamp,
};

/// An execution in HopX's words, in webhooks and in answers alike. Before the end, what is not
/// known is null and the output empty.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HopxRecord)]
pub struct HopxRecord {
    execution_id: ExecutionId,
    status: &'static str,
    success: Option<bool>,
    stdout: String,
    stderr: String,
    exit_code: Option<i32>,
    execution_time: Option<f64>,
    started_at: Option<Timestamp>,
    completed_at: Option<Timestamp>,
    timestamp: Option<Timestamp>,
    error: Option<String>,
}

/// HopX has an exit code for everything; this one stands for a program that never started or
/// whose end nobody saw.
const NO_EXIT: i32 = -1;

impl HopxRecord {
    /// The whole record.
    pub fn of(execution: &Execution) -> Self {
        let ended = execution.ended();
        let outcome = ended.map(|ended| &ended.outcome);
        Self {
            execution_id: execution.id,
            status: status(execution.status(), outcome),
            success: outcome.map(|outcome| outcome.status() == Status::Completed),
            stdout: ended.map_or_else(String::new, |ended| text(&ended.stdout)),
            stderr: ended.map_or_else(String::new, |ended| text(&ended.stderr)),
            exit_code: hopx_exit_code(execution),
            execution_time: hopx_execution_time(execution),
            started_at: execution.started_at(),
            completed_at: ended.map(|ended| ended.completed_at),
            timestamp: ended.map(|ended| ended.completed_at),
            error: outcome.and_then(Outcome::error),
        }
    }
}

pub(super) fn body(event: &Event) -> Vec<u8> {
    let record = HopxRecord::of(&event.execution);
    serde_json::to_vec(&record).expect("plain fields can always be written")
}

/// The clients' model has a word of its own for a timeout.
fn status(status: Status, outcome: Option<&Outcome>) -> &'static str {
    match outcome.map(Outcome::cause) {
        Some(Cause::Timeout) => "timeout",
        _ => status.as_str(),
    }
}

/// As a shell has it, once it has ended: 128 and the number of the signal; -1 for a program that
/// never started or whose end nobody saw.
pub fn hopx_exit_code(execution: &Execution) -> Option<i32> {
    Some(match execution.ended()?.outcome.exit() {
        Some(Exit::Code(code)) => code,
        Some(Exit::Signal(signal)) => 128 + signal,
        None => NO_EXIT,
    })
}

/// How long the program ran, in seconds, once it has ended; 0 for one that never started.
pub fn hopx_execution_time(execution: &Execution) -> Option<f64> {
    execution.ended()?;
    Some(crate::bodies::execution_time(execution).unwrap_or(0.0))
}

/// The format has no place to say that a stream is not text.
fn text(stream: &Captured) -> String {
    String::from_utf8_lossy(&stream.bytes().0).into_owned()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::tests_support::{event, exited};
    use super::*;
    use crate::domain::Exceeded;

    fn check(outcome: Outcome, status: &str, exit_code: i32, success: bool) {
        let body: serde_json::Value = serde_json::from_slice(&body(&event(outcome))).unwrap();
        assert_eq!(body["status"], status);
        assert_eq!(body["exit_code"], exit_code);
        assert_eq!(body["success"], success);
        assert_eq!(body["error"].is_null(), success);
        assert_eq!(body["execution_time"], 1.5);
    }

    #[test]
    fn every_outcome_has_a_status_and_an_integer_exit_code() {
        let timeout = Duration::from_secs(1);
        let killed = Some(Exit::Signal(9));
        check(exited(0), "completed", 0, true);
        check(exited(3), "failed", 3, false);
        check(Outcome::Signaled { signal: 11 }, "failed", 139, false);
        check(Outcome::TimedOut { timeout, exit: killed }, "timeout", 137, false);
        check(Outcome::Cancelled { reason: None, by: None, exit: None }, "cancelled", -1, false);
        let exceeded = Exceeded::Memory { limit_bytes: 1 };
        check(Outcome::LimitExceeded { exceeded, exit: killed }, "failed", 137, false);
        check(Outcome::LimitExceeded { exceeded, exit: None }, "failed", -1, false);
        check(Outcome::SpawnFailed { reason: "No.".into() }, "failed", -1, false);
        check(Outcome::Interrupted { reason: "No.".into() }, "failed", -1, false);
    }
}
