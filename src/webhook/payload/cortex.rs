//! The payload format `cortex`: what users of Cortex's workloads have their handlers send.
//! Its field names and words are Cortex's, not ours; only `result_error` is ours, which Cortex has no word for.

use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::domain::{Event, Execution, ProgramResult, Status, Timestamp};

/// How a request to a workload stands, as Cortex tells it: the result and its time only once there
/// is one. A result that cannot be told is not passed over in silence: in its place is why.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CortexRecord)]
pub struct CortexRecord {
    id: String,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Value)]
    result: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    result_error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    timestamp: Option<Timestamp>,
}

impl CortexRecord {
    /// The record of an execution, with its output if it has ended.
    pub fn of(execution: &Execution) -> Self {
        let completed = execution.ended().filter(|_| execution.status() == Status::Completed);
        let (result, result_error) = match completed.map(|ended| &ended.result) {
            Some(ProgramResult::Json(json)) => (RawValue::from_string(json.clone()).ok(), None),
            Some(ProgramResult::Rejected(why)) => (None, Some(why.clone())),
            Some(ProgramResult::None) | None => (None, None),
        };
        Self {
            id: request_id(execution),
            status: status(execution.status()),
            result,
            result_error,
            timestamp: completed.map(|ended| ended.completed_at),
        }
    }

    /// What the request is called.
    pub fn id(&self) -> &str {
        &self.id
    }
}

/// What the caller calls it; the id of the execution, where it has not said.
fn request_id(execution: &Execution) -> String {
    let own = execution.invocation.as_ref().and_then(|call| call.request_id.clone());
    own.unwrap_or_else(|| execution.id.to_string())
}

/// Cortex knows four; a cancel is none of them.
const fn status(status: Status) -> &'static str {
    match status {
        Status::Queued => "in_queue",
        Status::Running => "in_progress",
        Status::Completed => "completed",
        Status::Failed | Status::Cancelled => "failed",
    }
}

pub(super) fn body(event: &Event) -> Vec<u8> {
    let record = CortexRecord::of(&event.execution);
    serde_json::to_vec(&record).expect("plain fields and JSON can always be written")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::tests_support::{event, exited};
    use super::*;
    use crate::domain::{Invocation, Outcome, State};

    fn told(outcome: Outcome, result: ProgramResult, request_id: Option<&str>) -> Value {
        let mut event = event(outcome);
        let State::Ended(ended) = &mut event.execution.state else { panic!("it has ended") };
        ended.result = result;
        let function = crate::domain::FunctionKey::default_of("f".parse().unwrap());
        let request_id = request_id.map(str::to_owned);
        event.execution.invocation = Some(Invocation { function, version: 1, request_id });
        serde_json::from_slice(&body(&event)).unwrap()
    }

    #[test]
    fn only_what_completed_has_a_result_and_its_time() {
        let result = || ProgramResult::Json(r#"{"sum":1.50}"#.into());
        let completed = told(exited(0), result(), Some("mine"));
        let timestamp = completed["timestamp"].clone();
        assert!(timestamp.is_string());
        let expected = json!({"id": "mine", "status": "completed", "result": {"sum": 1.5},
            "timestamp": timestamp});
        assert_eq!(completed, expected);
        let without = told(exited(0), ProgramResult::None, Some("mine"));
        assert_eq!(without, json!({"id": "mine", "status": "completed", "timestamp": timestamp}));
        let cancelled = Outcome::Cancelled { reason: None, by: None, exit: None };
        for failed in [exited(1), cancelled] {
            let failed = told(failed, result(), Some("mine"));
            assert_eq!(failed, json!({"id": "mine", "status": "failed"}));
        }
    }

    #[test]
    fn a_call_that_nobody_named_has_the_id_of_its_execution() {
        let told = told(exited(0), ProgramResult::None, None);
        assert!(told["id"].as_str().unwrap().starts_with("exec_"));
    }
}
